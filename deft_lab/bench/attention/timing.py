"""Timing on a GPU: a call cold and warm, as a replayed graph and eagerly; and the ceilings of the card.

cold: before each repetition 256 MB of zeros are written, which empties the L2 of the inputs and fills it
with dirty lines (triton.testing.do_bench). warm: repetitions follow each other, so what fits into the L2
stays there. A repetition lies between two device events; all times are in microseconds.
"""

import statistics
from collections.abc import Callable, Sequence
from typing import Any

import torch
import triton.testing
from torch import Tensor

from ...errors import DeftLabError
from ...provenance import time_calls

Call = Callable[[], Any]
WARM_UP_MS = 8
SLEEP_CYCLES = 2_000_000  # about a millisecond: the host gets ahead of the device by one batch
WARM_BATCH = 40


def require_gpu(what: str, hint: str = "") -> None:
    """Refuse to time anything but a GPU; `hint` says what can be done without one.

    Raises:
        DeftLabError: there is no GPU, or Triton would interpret the kernels.
    """
    if not torch.cuda.is_available():
        words = f"{what} needs an NVIDIA GPU, and torch sees none; it does not time the interpreter"
        raise DeftLabError(f"{words} ({hint})" if hint else words)
    if triton.knobs.runtime.interpret:
        raise DeftLabError(f"{what} does not time the interpreter; unset TRITON_INTERPRET")


def cold(run: Call, rep_ms: float) -> list[float]:
    """Times of `run` with the L2 cleared before each repetition; about `rep_ms` of them."""
    times = triton.testing.do_bench(run, warmup=WARM_UP_MS, rep=rep_ms, return_mode="all")
    return [1e3 * time for time in times]


def warm(run: Call, rep_ms: float) -> list[float]:
    """Times of `run`, one repetition after the other."""
    for _ in range(3):
        run()
    estimate_us = statistics.median(_timed_batch(run, 5))
    n = max(5, min(400, int(1e3 * rep_ms / max(estimate_us, 1.0))))
    return [
        time for first in range(0, n, WARM_BATCH) for time in _timed_batch(run, min(WARM_BATCH, n - first))
    ]


def _timed_batch(run: Call, n: int) -> list[float]:
    events = [[torch.cuda.Event(enable_timing=True) for _ in range(2)] for _ in range(n)]
    torch.cuda.synchronize()
    # the device sleeps while the host enqueues, so that no repetition waits for its launch
    torch.cuda._sleep(SLEEP_CYCLES)
    for start, stop in events:
        start.record()
        run()
        stop.record()
    torch.cuda.synchronize()
    return [1e3 * start.elapsed_time(stop) for start, stop in events]


def capture(run: Call) -> tuple[Call, Any]:
    """(replay, what `run` returned) of a CUDA graph of one call; each replay writes the same memory."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(2):
            run()
    torch.cuda.current_stream().wait_stream(stream)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        returned = run()
    return graph.replay, returned


def host_times(call: Call, least_s: float = 0.04) -> dict[str, Any]:
    """Median and quartiles, in ms, of what the host does, until the device has what it uploaded."""

    def synchronised(_: None) -> None:
        call()
        torch.cuda.synchronize()

    torch.cuda.synchronize()
    return time_calls(synchronised, None, least_s, 50)


def spread(rounds: Sequence[Sequence[float]]) -> dict[str, Any] | None:
    """Median and quartiles over all rounds, and the median of each; None without a repetition."""
    times = [time for one_round in rounds for time in one_round]
    if not times:
        return None
    q1, median, q3 = statistics.quantiles(times, n=4, method="inclusive") if len(times) > 1 else times * 3
    medians = [round(statistics.median(one_round), 3) for one_round in rounds if one_round]
    return {
        "median_us": round(median, 3),
        "q1_us": round(q1, 3),
        "q3_us": round(q3, 3),
        "n": len(times),
        "rounds_us": medians,
    }


def copy_rate(rep_ms: float = 60) -> float:
    """GB/s, read and written, of a copy of 1 GiB within the device."""
    source = torch.empty(1 << 30, dtype=torch.uint8, device="cuda")
    target = torch.empty_like(source)
    source.random_(0, 256)
    copy_us = statistics.median(cold(lambda: target.copy_(source), rep_ms))
    return round(2 * source.numel() / copy_us / 1e3, 1)


def ceilings(rep_ms: float = 60) -> dict[str, float]:
    """What this card reaches: a large copy, a large matrix product on random data, an almost empty launch."""
    copy_gbs = copy_rate(rep_ms)
    a, b = (torch.randn(8192, 8192, device="cuda").bfloat16() for _ in range(2))
    product = torch.empty_like(a)
    product_us = statistics.median(cold(lambda: torch.mm(a, b, out=product), rep_ms))
    one = torch.zeros(1, device="cuda")

    def launch() -> Tensor:
        return one.add_(1.0)

    replay, _ = capture(launch)
    return {
        "copy_gbs": copy_gbs,
        "matmul_tflops": round(2 * 8192**3 / product_us / 1e6, 1),
        "launch_graph_us": round(statistics.median(cold(replay, rep_ms / 3)), 2),
        "launch_eager_us": round(statistics.median(cold(launch, rep_ms / 3)), 2),
    }
