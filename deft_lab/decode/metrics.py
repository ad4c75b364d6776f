"""What a decode cost: latencies as DeFT's runner names them, bytes by account, peak memory.

TTFT: prefill, to the first logits. decode: forwards of the tree (attention, MLP, logits). TPOT: decode over
generated tokens, of all branches. attention: computation alone; memory: pool, tables and writing of KV.
planning and branching lie outside decode. Seconds; bytes over all layers and steps.
"""

import resource
from dataclasses import asdict, dataclass
from typing import Any

import torch

from ..cost import ACCOUNTS, traffic
from ..geometry import Geometry
from ..methods import plan_tree
from ..trace import Trace
from .run import Result
from .session import Session


@dataclass(frozen=True)
class Metrics:
    """Latencies (seconds) and sizes (bytes) of one decode."""

    n_steps: int
    n_tokens: int
    ttft: float
    tpot: float
    end_to_end: float
    decode: float
    attention: float | None  # None: decoded as CUDA graphs, whose parts are not timed apart
    memory: float
    planning: float
    branching: float
    peak_memory: int
    io: dict[str, dict[str, int | None]]  # account -> role -> bytes

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)


def measure(session: Session, result: Result, trace: Trace, end_to_end: float) -> Metrics:
    """The metrics of a decode that has ended."""
    seconds = result.seconds
    memory = seconds.get("memory", 0.0) + seconds.get("kv_write", 0.0)
    decode = seconds.get("decode", 0.0)
    return Metrics(
        n_steps=result.n_steps,
        n_tokens=result.n_tokens,
        ttft=seconds.get("prefill", 0.0),
        tpot=decode / max(1, result.n_tokens),
        end_to_end=end_to_end,
        decode=decode,
        attention=seconds.get("attention"),
        memory=memory,
        planning=seconds.get("planning", 0.0),
        branching=seconds.get("branching", 0.0),
        peak_memory=peak_memory(session.model.device),
        io=bytes_of_run(trace, session.method, session.model.geometry, dict(session.options)),
    )


def bytes_of_run(
    trace: Trace, method: str, geometry: Geometry, options: dict[str, int]
) -> dict[str, dict[str, int | None]]:
    """Account -> role -> bytes, summed over every decode of a trace, each planned anew."""
    sums: dict[str, Any] = {}
    for tree in trace.trees():
        plan = plan_tree(tree, method, **options)
        for account in ACCOUNTS:
            step = traffic(plan, geometry, account)
            sums[account] = sums[account] + step if account in sums else step
    return {account: total.by_role() | {"total": total.total} for account, total in sums.items()}


def peak_memory(device: torch.device) -> int:
    """Bytes: of the GPU as PyTorch allocated it; elsewhere of this process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
