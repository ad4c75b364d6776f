"""The standard cases: few-shot, speculative, reasoning, deep, long, unshared; and two scattered pools.

layout: how the pool hands out slots. "flat": ascending, so that the tree lies depth first and without a
gap; "rand1": single slots in random order; "page16": pages of 16 in random order, each of one node.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from ...builders import build_tree
from ...builders.look_alike import reasoning_template_like
from ...builders.templates import TemplateFile
from ...cost import traffic
from ...errors import DeftLabError
from ...geometry import LLAMA3_8B, Geometry
from ...methods import Method, plan_tree
from ...methods.tiles import power_of_two
from ...tree import Tree

Layout = Literal["flat", "rand1", "page16"]
PAGE_SIZE = {"flat": 1, "rand1": 1, "page16": 16}
FULL = 1300  # programs: ten for each of an H200's SMs
# measured on one H200, 2026-11: bytes read and written by a device copy, bf16 matrix product of 8192^3
H200_CEILINGS = {"copy_gbs": 4250.0, "matmul_tflops": 720.0}

# what it is, builder, options of the trees that need no template
SHAPES: dict[str, tuple[str, str, dict[str, int | str]]] = {
    "few10": ("4000 + 10 x 200", "few_shot", {"prompt": 4000, "width": 10, "length": 200}),
    "few20": ("4000 + 20 x 200", "few_shot", {"prompt": 4000, "width": 20, "length": 200}),
    "few50": ("4000 + 50 x 200", "few_shot", {"prompt": 4000, "width": 50, "length": 200}),
    "spec1k": ("Medusa-64 on 1000", "medusa", {"prompt": 1000, "topology": "mc_sim_7b_63"}),
    "spec6k": ("Medusa-64 on 6000", "medusa", {"prompt": 6000, "topology": "mc_sim_7b_63"}),
    "spec16k": ("Medusa-64 on 16000", "medusa", {"prompt": 16000, "topology": "mc_sim_7b_63"}),
    "chain32k": ("one branch", "chain", {"length": 32768}),
    "long32k": ("32000 + 16 x 256", "few_shot", {"prompt": 32000, "width": 16, "length": 256}),
    "nosh256": ("256 x 1024 unshared", "few_shot", {"prompt": 0, "width": 256, "length": 1024}),
}
# file, item whose widest moment it is, task of the look-alike
REASONING = {
    "tot_doc": ("docmergeToT.json", 15, "document"),
    "tot_sort": ("sorting128ToT.json", 24, "sorting"),
    "tot_set": ("set128ToT.json", 18, "set"),
    "tot_key": ("keywordToT.json", 29, "keyword"),
}
SCATTERED: dict[str, Layout] = {"few50_rand": "rand1", "few50_page16": "page16"}
CASES = (
    "few10", "few20", "few50", "spec1k", "spec6k", "spec16k", "tot_doc", "tot_sort", "tot_set", "tot_key",
    "deep", "chain32k", "long32k", "nosh256", "few50_rand", "few50_page16",
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A tree to attend over, how its KV lies in the pool, and the shape of the layer."""

    name: str
    tree: Tree
    what: str
    layout: Layout = "flat"
    geometry: Geometry = LLAMA3_8B.layer

    @cached_property
    def unique_bytes(self) -> int:
        """The fewest bytes: KV of the tree, Q and O, each once."""
        return traffic(plan_tree(self.tree, "radix"), self.geometry, "unique").total

    @cached_property
    def kv_bytes(self) -> int:
        """Bytes of the tree's KV."""
        return self.tree.n_tokens * self.geometry.kv_bytes_per_token

    @cached_property
    def flops(self) -> int:
        """The fewest floating-point operations: 4 per query head, element and visible pair."""
        return 4 * self.geometry.n_q_heads * self.geometry.head_dim * self.tree.n_path_tokens

    def floor_us(self, copy_gbs: float, matmul_tflops: float) -> float:
        """No kernel is much faster: the longer of moving the bytes and doing the operations, in us."""
        return max(self.unique_bytes / copy_gbs / 1e3, self.flops / matmul_tflops / 1e6)


def standard_case(name: str, templates: Path | None = None) -> Case:
    """The standard case of that name; without templates, the reasoning cases are labelled look-alikes.

    Raises:
        DeftLabError: there is no such case.
        TemplateError: a template file is missing or broken.
    """
    if name in SHAPES:
        what, builder, options = SHAPES[name]
        return Case(name, build_tree(builder, **options), what)
    if name == "deep":
        return Case(name, deep_tree(((1, 2048), (8, 512), (8, 128))), "2048 / 8 x 512 / 64 x 128")
    if name in REASONING:
        tree, what = _reasoning(name, templates)
        return Case(name, tree, what)
    if name in SCATTERED:
        few50 = standard_case("few50")
        return Case(name, few50.tree, f"{few50.what}, slots {SCATTERED[name]}", SCATTERED[name])
    raise DeftLabError(f"no case {name!r}; choose some of {', '.join(CASES)}")


def choose_cases(names: str = "all", templates: Path | None = None) -> list[Case]:
    """The standard cases that a comma-separated list names; "all": every one.

    Raises:
        DeftLabError: as `standard_case`.
    """
    wanted = CASES if names == "all" else [name.strip() for name in names.split(",")]
    return [standard_case(name, templates) for name in wanted]


def deep_tree(levels: Sequence[tuple[int, int]]) -> Tree:
    """A tree with `fan_out` children of `length` tokens below each node of the level above."""
    parent, length, above = [], [], [-1]
    for fan_out, tokens in levels:
        first = len(parent)
        parent += [node for node in above for _ in range(fan_out)]
        length += [tokens] * (len(parent) - first)
        above = list(range(first, len(parent)))
    return Tree.from_parents(parent, length)


def _reasoning(name: str, templates: Path | None) -> tuple[Tree, str]:
    file, item, task = REASONING[name]
    if templates is None:
        growth, what = reasoning_template_like(task, 3).growth(), f"LOOK-ALIKE of {task}, seed 3"
    else:
        growth = TemplateFile(templates / file).reasoning(item).growth()
        what = f"{file}, item {item}"
    step = growth.widest()
    return growth.tree_at(step), f"{what}, step {step}"


def options_of(tree: Tree, method: Method, geometry: Geometry) -> dict[str, int]:
    """What a user who knows the model would pass to the method.

    The query-guided methods split their paths as serving systems do, so that about FULL programs run with
    packed heads; `tree_waves` is told the heads.
    """
    if method.name == "tree_waves":
        return {"q_per_kv": geometry.q_per_kv, "n_kv_heads": geometry.n_kv_heads}
    if method.guided == "kv":
        return {}
    splits = -(-FULL // (geometry.n_kv_heads * tree.n_queries))
    longest = -(-int(tree.n_path_tokens_of_query.max()) // splits)
    return {"chunk_len": max(256, power_of_two(longest))}
