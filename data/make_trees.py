"""Make the bundled trees again: `python data/make_trees.py` writes data/trees/*.json, byte for byte.

`--check` writes nothing and exits with 1 if a file differs from what would be written.
"""

import sys
from pathlib import Path

from deft_lab import Tree, build_tree

FOLDER = Path(__file__).parent / "trees"


def trees() -> dict[str, Tree]:
    """Name -> tree; `data/README.md` says what each is for."""
    reasoning = {
        f"reasoning_{task}": build_tree("reasoning_like", task=task, seed=seed)
        for seed, task in enumerate(("document", "keyword", "set", "sorting"))
    }
    return reasoning | {
        "few_shot_20x20": build_tree("few_shot", prompt=4000, width=20, length=20),
        "few_shot_50x200": build_tree("few_shot", prompt=4000, width=50, length=200),
        "beam_4": build_tree("beam_search", prompt=500, width=4, n_steps=48, seed=1),
        "beam_16": build_tree("beam_search", prompt=1000, width=16, n_steps=32, seed=2),
        "medusa_64": build_tree("medusa", topology="mc_sim_7b_63", prompt=1000),
        "eagle_26": build_tree("medusa", topology="eagle1_default_25", prompt=1000),
        "star_256": build_tree("star", width=256, prompt=4000),
        "deep_binary": build_tree("k_ary", k=2, depth=6, length=64, prompt=512),
        "chain_1000": build_tree("chain", length=1000, n_nodes=1000),
        "random_100": build_tree("random", seed=7, n_nodes=100, max_length=60, prompt=500),
        "unshared_32": Tree([-1] + [0] * 32, [0] + [250] * 32),
        "one_token": Tree([-1], [1]),
        # a queries' zoo: two on one leaf, one on an inner node, a leaf without any, nodes without tokens
        "odd_seats": Tree([-1, 0, 1, 1, 0, 4], [9, 4, 0, 3, 0, 2], seat=[5, 3, 1, 3, 2]),
    }


def main() -> int:
    """Write the files, or compare them."""
    check = "--check" in sys.argv[1:]
    stale = [name for name, tree in trees().items() if _differs(name, tree, check)]
    extra = sorted({path.stem for path in FOLDER.glob("*.json")} - set(trees()))
    if extra or (check and stale):
        names = ", ".join(stale + extra)
        print(f"{names} differ from data/make_trees.py; run it, and delete what it does not make")
        return 1
    return 0


def _differs(name: str, tree: Tree, check: bool) -> bool:
    path, text = FOLDER / f"{name}.json", tree.to_json() + "\n"
    if not check:
        path.write_text(text)
    return not path.is_file() or path.read_text() != text


if __name__ == "__main__":
    sys.exit(main())
