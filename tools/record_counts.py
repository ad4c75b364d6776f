"""Count the steps of notebook 08 and write data/lessons/counted_steps.json, for machines without Triton.

    python tools/record_counts.py

Run it after a change of the kernels; tests/test_counted_steps.py fails until it was.
"""

import json
from pathlib import Path

from deft_lab import build_tree, plan_tree
from deft_lab.lessons.counted_steps import FILE, ONE_KV_HEAD, counted_now, entry_of, key_of

DATA = Path(__file__).resolve().parent.parent / "data"
SMALL = build_tree("few_shot", prompt=300, width=4, length=20)
FEW_SHOT = build_tree("few_shot", prompt=4000, width=20, length=20)
CROWDED = build_tree("few_shot", prompt=256, width=40, length=8)
# name -> (plan, geometry, pack_heads), as notebook 08 counts them
STEPS = {
    "small, deft_node": (plan_tree(SMALL, "deft_node"), ONE_KV_HEAD, None),
    "few-shot, deft_node": (plan_tree(FEW_SHOT, "deft_node"), ONE_KV_HEAD, None),
    "small, deft_flatten": (plan_tree(SMALL, "deft_flatten"), ONE_KV_HEAD, None),
    "few-shot, deft_node, packed": (plan_tree(FEW_SHOT, "deft_node"), ONE_KV_HEAD, True),
    "crowded, deft_node": (plan_tree(CROWDED, "deft_node"), ONE_KV_HEAD, None),
    "crowded, deft_node, packed": (plan_tree(CROWDED, "deft_node"), ONE_KV_HEAD, True),
}


def main() -> None:
    """Count and write."""
    steps = {}
    for name, step in STEPS.items():
        key = key_of(*step)
        steps[key] = {"name": name, **entry_of(counted_now(*step))}
    target = DATA.joinpath(*FILE)
    target.parent.mkdir(exist_ok=True)
    text = json.dumps({"schema": "deft_lab.counted_steps/1", "steps": steps}, indent=1)
    target.write_text(text + "\n", encoding="utf-8")
    print(f"wrote {len(steps)} steps")


if __name__ == "__main__":
    main()
