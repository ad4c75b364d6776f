"""Whether a model on several GPUs says what it says on one, and how much faster: Llama-3-8B's geometry, bf16.

    python tools/two_gpus.py FOLDER                                       on one GPU; writes weights
    torchrun --nproc-per-node 2 tools/two_gpus.py FOLDER --output FILE   the same on two; needs the first

Teacher-forced: both decode the same tokens, on a prompt of 1,000 and 20 branches, so their logits can be
compared step by step. `--dtype float32`, on both, tells rounding from error: in bf16 the order of the sums
alone moves the logits of random weights by some percent.
"""

import argparse
import json
import os
import statistics
import time
from pathlib import Path

import torch

from deft_lab.bench.attention.timing import copy_rate
from deft_lab.bench.decode.model import build_model, random_prompt
from deft_lab.decode import Session, load_model
from deft_lab.decode.hf import TreeModel
from deft_lab.provenance import card, gpu_card

N_STEPS, N_PROMPT, WIDTH = 50, 1000, 20


def decode(model: TreeModel, graphs: bool) -> tuple[torch.Tensor, dict[str, float]]:
    """[step, branch, vocabulary] logits, and the ms of a step."""
    session = Session(model, "tree_waves", n_slots=8192, graphs=graphs)
    session.prefill(random_prompt(model, N_PROMPT))
    session.step({0: list(range(200, 200 + WIDTH))})
    logits, times = [session.logits.float().cpu()], []
    for i in range(N_STEPS - 1):
        tokens = {leaf: [(7 * i + j) % 50_000 + 300] for j, leaf in enumerate(session.branches)}
        torch.cuda.synchronize()
        start = time.perf_counter()
        session.step(tokens)
        torch.cuda.synchronize()
        times.append(1e3 * (time.perf_counter() - start))
        logits.append(session.logits.float().cpu())
    q1, median, q3 = statistics.quantiles(times[3:], n=4)
    return torch.stack(logits), {"median": round(median, 3), "q1": round(q1, 3), "q3": round(q3, 3)}


def relative_errors(logits: torch.Tensor, reference: torch.Tensor) -> list[float]:
    """[step] of all branches together, as 2-norms."""
    errors = (logits - reference).norm(dim=(1, 2)) / reference.norm(dim=(1, 2))
    return [round(float(error), 7) for error in errors]


def on_one(folder: Path, dtype: str) -> None:
    """Make the weights where there are none, decode, and keep what was said beside them."""
    if not (folder / "config.json").exists():
        build_model("llama3_8b", torch.device("cuda"), torch.bfloat16).model.save_pretrained(folder)
    model = load_model(str(folder), dtype=dtype, device="cuda")
    found = {}
    for name, graphs in (("graphs", True), ("eager", False)):
        logits, found[name] = decode(model, graphs)
        print(f"one GPU, {name}: {found[name]}", flush=True)
        torch.save(logits, folder / f"{dtype}-{name}.logits")
    exact = folder / "float32-eager.logits"
    if dtype != "float32" and exact.exists():
        found["error_against_float32"] = relative_errors(logits, torch.load(exact))
        print(f"one GPU: {max(found['error_against_float32']):.2e} from float32 at most", flush=True)
    (folder / f"{dtype}-one.json").write_text(json.dumps(found))


def on_several(folder: Path, dtype: str, output: Path | None) -> None:
    """Decode the same with the model split over the processes of torchrun, and compare."""
    model = load_model(str(folder), tp=True, dtype=dtype)
    is_first = int(os.environ["RANK"]) == 0
    n = int(os.environ["WORLD_SIZE"])
    result = {
        "schema": "deft_lab.two_gpus/1",
        "card": card(
            measures=f"a decode step of Llama-3-8B's geometry, random weights, {dtype}, on 1 and {n} GPUs",
            gpu=gpu_card(),
            copy_gbs=round(copy_rate(), 1),
            timing=f"wall between two waits for the device; median and quartiles of {N_STEPS - 4} steps",
            case=f"prompt {N_PROMPT}, {WIDTH} branches, {N_STEPS} teacher-forced steps",
        ),
        "one": json.loads((folder / f"{dtype}-one.json").read_text()),
        "n_gpus": n,
        "several": {},
        "relative_error": {},
    }
    for name, graphs in (("eager", False), ("graphs", True)):
        logits, times = decode(model, graphs)
        errors = relative_errors(logits, torch.load(folder / f"{dtype}-{name}.logits"))
        result["several"][name], result["relative_error"][name] = times, errors
        if is_first:
            print(f"{n} GPUs, {name}: {times}; relative error at most {max(errors):.2e}", flush=True)
            if output:
                output.write_text(json.dumps(result, indent=1))
    torch.distributed.destroy_process_group()


def main() -> None:
    """Read the arguments; torchrun says whether there are several processes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--dtype", choices=("bfloat16", "float32"), default="bfloat16")
    arguments = parser.parse_args()
    if "RANK" in os.environ:
        on_several(arguments.folder, arguments.dtype, arguments.output)
    else:
        on_one(arguments.folder, arguments.dtype)


if __name__ == "__main__":
    main()
