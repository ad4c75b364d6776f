"""Record the traces of data/traces/: one decode of the bundled target for each task, from seeds.

    python tools/make_traces.py [--output data/traces]

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


def main() -> None:
    """Record every decode."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent.parent / "data" / "traces")
    folder = parser.parse_args().output
    folder.mkdir(parents=True, exist_ok=True)
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
