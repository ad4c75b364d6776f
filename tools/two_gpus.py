"""Whether a model on several GPUs says what it says on one, and how much faster: Llama-3-8B's geometry, bf16.

    python tools/two_gpus.py FOLDER                                          on one GPU; writes weights to FOLDER
    torchrun --nproc-per-node 2 tools/two_gpus.py FOLDER --output FILE      the same on two; needs the first

Teacher-forced: both decode the same tokens, on a prompt of 1,000 and 20 branches, so their logits can be
compared step by step.
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


def on_one(folder: Path) -> None:
    """Make the weights, decode, and keep what was said beside them."""
    model = build_model("llama3_8b", torch.device("cuda"), torch.bfloat16)
    model.model.save_pretrained(folder)
    found = {}
    for name, graphs in (("graphs", True), ("eager", False)):
        logits, found[name] = decode(model, graphs)
        print(f"one GPU, {name}: {found[name]}", flush=True)
        torch.save(logits, folder / f"{name}.logits")
    (folder / "one.json").write_text(json.dumps(found))


def on_several(folder: Path, output: Path | None) -> None:
    """Decode the same with the model split over the processes of torchrun, and compare."""
    model = load_model(str(folder), tp=True, dtype="bfloat16")
    is_first = int(os.environ["RANK"]) == 0
    n = int(os.environ["WORLD_SIZE"])
    result = {
        "schema": "deft_lab.two_gpus/1",
        "card": card(
            measures=f"a decode step of Llama-3-8B's geometry, random weights, bf16, on 1 and {n} GPUs, ms",
            gpu=gpu_card(),
            copy_gbs=round(copy_rate(), 1),
            timing=f"wall between two waits for the device; median and quartiles of {N_STEPS - 4} steps",
            case=f"prompt {N_PROMPT}, {WIDTH} branches, {N_STEPS} teacher-forced steps",
        ),
        "one": json.loads((folder / "one.json").read_text()),
        "n_gpus": n,
        "several": {},
        "relative_error": {},
    }
    for name, graphs in (("eager", False), ("graphs", True)):
        logits, times = decode(model, graphs)
        reference = torch.load(folder / f"{name}.logits")
        errors = (logits - reference).norm(dim=(1, 2)) / reference.norm(dim=(1, 2))
        result["several"][name] = times
        result["relative_error"][name] = [round(float(error), 6) for error in errors]
        if is_first:
            print(f"{n} GPUs, {name}: {times}; relative error at most {float(errors.max()):.2e}", flush=True)
            if output:
                output.write_text(json.dumps(result, indent=1))
    torch.distributed.destroy_process_group()


def main() -> None:
    """Read the arguments; torchrun says whether there are several processes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    if "RANK" in os.environ:
        on_several(arguments.folder, arguments.output)
    else:
        on_one(arguments.folder)


if __name__ == "__main__":
    main()
