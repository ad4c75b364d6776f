"""Record the traces of data/traces/: one decode of the bundled target for each task, from seeds.

    python tools/make_traces.py [--output data/traces]
    python tools/make_traces.py --large    # a GPU's: Llama-3-8B's geometry, with random weights

The same machine writes the same trees and texts again; times differ, and float32 sums of another processor
may choose another token where two are nearly as likely.
"""

import argparse
from pathlib import Path

from deft_lab.builders.growth import star_growth
from deft_lab.builders.look_alike import reasoning_template_like
from deft_lab.decode import (
    BeamSearch,
    FewShot,
    Reasoning,
    Recorder,
    Sampler,
    Samples,
    SelfConsistency,
    Session,
    SpeculativeReplay,
    TreeOfThoughts,
    load_model,
    run,
)
from deft_lab.trace.recording import SUFFIX

SORT = "sort 7 2 9 4 1 8 3 6 5 0 2 7 by 4\n"
STORY = "tell 3 lines of the fox and the owl\n"
MOST = 160  # decodes

# name -> (prompt, its task from the prompt's length, whether the end of text ends a branch)
DECODES = {
    "few_shot": (STORY, lambda n: FewShot(4, Sampler(1.0, seed=2)), True),
    "beam_search": (STORY, lambda n: BeamSearch(4, 60), True),
    "self_consistency": (SORT, lambda n: SelfConsistency(6, Sampler(1.1, seed=5)), True),
    "tree_of_thoughts": (SORT, lambda n: TreeOfThoughts(width=3, keep=2, sampler=Sampler(1.1, seed=3)), True),
    "reasoning": (
        STORY,
        lambda n: Reasoning(reasoning_template_like("set", 3).growth(n, n + 120), Sampler(1.0, seed=1)),
        False,
    ),
    "speculative_replay": (
        SORT,
        lambda n: SpeculativeReplay(star_growth([0] + [3, 2, 4] * 8, 16, n, n + 60)),
        False,
    ),
}


def record_large(folder: Path, geometry: str) -> None:
    """A few-shot decode of a large geometry; Q, K and V of one KV head of three layers, twice."""
    import torch

    from deft_lab.bench.decode.model import build_model, random_prompt

    cuda = torch.cuda.is_available()
    device, dtype = (torch.device("cuda"), torch.bfloat16) if cuda else (torch.device("cpu"), torch.float32)
    model = build_model(geometry, device, dtype)
    session = Session(model, "tree_waves", n_slots=2048)
    session.prefill(random_prompt(model, 400))
    n_layers = model.geometry.n_layers
    samples = Samples((0, n_layers // 2, n_layers - 1), (0,), 16)
    label = f"random weights in the geometry of {geometry}: the shapes are real, the tokens mean nothing"
    path = folder / f"few_shot_{geometry}{SUFFIX}"
    with Recorder(session, path, task={"name": "few_shot"}, samples=samples, label=label):
        result = run(session, FewShot(6, Sampler(1.0, seed=4)), 32, honour_eos=False)
    print(f"{path.name}: {result.n_steps} decodes, {result.n_tokens} tokens, {session.tree!r}")


def main() -> None:
    """Record every decode."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent.parent / "data" / "traces")
    parser.add_argument("--large", action="store_true", help="the trace of Llama-3-8B's geometry alone")
    parser.add_argument("--geometry", default="llama3_8b", help="of --large")
    arguments = parser.parse_args()
    folder = arguments.output
    folder.mkdir(parents=True, exist_ok=True)
    if arguments.large:
        record_large(folder, arguments.geometry)
        return
    model = load_model("target", device="cpu")
    for name, (prompt, make, ends) in DECODES.items():
        session = Session(model, "deft_flatten", n_slots=1 << 15)
        session.prefill(model.encode(prompt))
        # one KV head of the last layer, with its four query heads, every so often
        samples = Samples((model.geometry.n_layers - 1,), (0,), 40)
        with Recorder(session, folder / f"{name}{SUFFIX}", task={"name": name}, samples=samples):
            result = run(session, make(len(session.tokens[0])), MOST, honour_eos=ends)
        print(f"{name}: {result.n_steps} decodes, {result.n_tokens} tokens, {session.tree!r}")


if __name__ == "__main__":
    main()
