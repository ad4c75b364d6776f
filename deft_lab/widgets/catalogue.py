"""The catalogue of presets: what the editor's menu offers, and the few numbers that shape each tree.

preset: a name, a builder, and its options; with their defaults the page has the tree, else Python makes it,
or the page itself where it knows the shape. To add one, add its line to `CATALOGUE`.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..builders import build_tree, bundled_trees, load_tree
from ..builders.templates import TemplateFile
from ..chance import Dice
from ..drafting import TableLaws, draft
from ..drafting.shapes import PRINTED_ACCEPTANCE, best_shape, expansion_shape
from ..errors import DeftLabError, check_choice
from ..token_tree.convert import ranks_of
from ..token_tree.topologies import topologies
from ..tree import Tree
from ..tree.convert import from_medusa
from ..verifying.rounds import dial
from ..viz.nodes import MOST_NODES

VARIABLE = "DEFT_LAB_TEMPLATES"  # names the folder of DeFT's templates
TEMPLATES = (
    "docmergeToT", "keywordToT", "set128ToT", "sorting128ToT",
    "APPS_tree_size32", "APPS_tree_size64", "APPS_tree_size128", "APPS_tree_size256",
)  # fmt: skip


@dataclass(frozen=True)
class Option:
    """A number of a preset, from `least` to `most`, or one of `choices`."""

    name: str
    value: int | str
    least: int = 1
    most: int = 100_000
    choices: tuple[str, ...] = ()

    def check(self, value: Any) -> None:
        """Refuse a value that is not allowed.

        Raises:
            DeftLabError: it is none of the choices, or no integer of the range.
        """
        if self.choices:
            if value not in self.choices:
                raise DeftLabError(f"{self.name}='{value}'; choose one of {', '.join(self.choices)}")
        elif isinstance(value, bool) or not isinstance(value, int) or not self.least <= value <= self.most:
            shown = f"'{value}'" if isinstance(value, str) else str(value)
            raise DeftLabError(f"{self.name}={shown}; it must be an integer from {self.least} to {self.most}")


@dataclass(frozen=True)
class Preset:
    """A tree, or a family of trees: a title, the heading it stands under, and its builder with options."""

    title: str
    family: str
    build: Callable[..., Tree]
    options: tuple[Option, ...] = ()

    def tree(self, **given: int | str) -> Tree:
        """The tree of these options; those not given have their defaults.

        Raises:
            DeftLabError: an option is unknown, or its value is not allowed.
        """
        known = {option.name: option for option in self.options}
        for name, value in given.items():
            if name not in known:
                takes = ", ".join(known) or "no numbers"
                raise DeftLabError(f"'{self.title}' has no option '{name}'; it takes {takes}")
            known[name].check(value)
        return self.build(**{option.name: option.value for option in self.options} | given)


def _of(builder: str) -> Callable[..., Tree]:
    return lambda **options: build_tree(builder, **options)


def _k_ary(k: int, depth: int, **rest: int) -> Tree:
    n_nodes = sum(k**level for level in range(depth + 1))
    if n_nodes > MOST_NODES:
        raise DeftLabError(f"k={k}, depth={depth} make {n_nodes} nodes; at most {MOST_NODES} can be shown")
    return build_tree("k_ary", k=k, depth=depth, **rest)


def _tokens(shape: tuple[int, ...], prompt: int) -> Tree:
    return from_medusa(ranks_of(shape), prompt)


def _drafted(builder: str, budget: int, seed: int, unlike: int, prompt: int) -> Tree:
    """What a builder draws from a table model of 32 tokens, a random one as unlike its target as said."""
    laws = TableLaws(dial(seed, 32, unlike / 100, 2.0).q, 0)
    return _tokens(draft(builder, laws, budget, Dice(seed)).parents, prompt)


SHAPES, DECODES, TOKENS = "shapes", "decodes and searches", "token trees of speculation"
BUNDLED, RECORDED = "bundled trees", "DeFT's templates"
TASKS = ("sorting", "document", "keyword", "set")
DRAFTED = ("eagle2", "dynasurge", "opt_tree", "sequoia", "specinfer", "k_ary", "chains")
PROMPT, SEED = Option("prompt", 1000), Option("seed", 0, 0)
LONG = Option("prompt", 4000)


def _length(value: int) -> Option:
    return Option("length", value, 1, 10_000)


EXPANSIONS = ("1-1-3-1-1-1-1-1", "2-2-2", "3-2-1", "4-2-2", "8-4-2")

CATALOGUE: dict[str, Preset] = {
    "chain": Preset(
        "chain: one branch", SHAPES, _of("chain"), (Option("length", 1000), Option("n_nodes", 4, 1, 1000))
    ),
    "few_shot": Preset(
        "few-shot: a prompt and its branches", SHAPES, _of("few_shot"),
        (LONG, Option("width", 20, 1, 4000), _length(20)),
    ),
    "star": Preset(
        "star: leaves of one token", SHAPES, _of("star"), (Option("width", 64, 1, 4000), LONG)
    ),
    "k_ary": Preset(
        "k-ary: a full tree", SHAPES, _k_ary,
        (Option("k", 2, 1, 64), Option("depth", 3, 0, 12), _length(64), Option("prompt", 64)),
    ),
    "random": Preset(
        "random: by its seed", SHAPES, _of("random"),
        (SEED, Option("n_nodes", 30, 1, MOST_NODES), Option("max_length", 60, 1, 10_000),
         Option("prompt", 500)),
    ),
    "beam_search": Preset(
        "beam search: what survives of it", DECODES, _of("beam_search"),
        (PROMPT, Option("width", 4, 1, 64), Option("n_steps", 64, 1, 1000), SEED),
    ),
    "reasoning_like": Preset(
        "reasoning: a look-alike of DeFT's tasks", DECODES, _of("reasoning_like"),
        (Option("task", "sorting", choices=TASKS), SEED),
    ),
    "mcts": Preset(
        "tree search (MCTS)", DECODES, _of("mcts"),
        (Option("n_iterations", 32, 1, 1000), Option("n_actions", 4, 1, 64), Option("max_depth", 6, 1, 64),
         _length(50), PROMPT, SEED),
    ),
    "graph_of_thoughts": Preset(
        "graph of thoughts: split, try, keep, merge", DECODES, _of("graph_of_thoughts"),
        (Option("n_parts", 8, 1, 128), Option("n_candidates", 3, 1, 16), _length(64), PROMPT, SEED),
    ),
    "medusa": Preset(
        "Medusa, EAGLE: published token trees", TOKENS, _of("medusa"),
        (Option("topology", "mc_sim_7b_63", choices=tuple(topologies())), PROMPT),
    ),
    "sequoia": Preset(
        "Sequoia: the best tree for its printed acceptance", TOKENS,
        lambda size, max_depth, prompt: _tokens(best_shape(PRINTED_ACCEPTANCE, size, max_depth), prompt),
        (Option("size", 64, 2, 512), Option("max_depth", 10, 1, 64), PROMPT),
    ),
    "specinfer": Preset(
        "SpecInfer: so many children a level", TOKENS,
        lambda expansion, prompt: _tokens(expansion_shape(map(int, expansion.split("-")), 2000), prompt),
        (Option("expansion", EXPANSIONS[0], choices=EXPANSIONS), PROMPT),
    ),
    "k_ary_tokens": Preset(
        "k-ary tokens, cut off at a budget", TOKENS,
        lambda k, budget, prompt: _tokens(expansion_shape([k] * budget, budget), prompt),
        (Option("k", 4, 1, 64), Option("budget", 64, 1, 512), PROMPT),
    ),
    "drafted": Preset(
        "drafted: a token builder on a toy model", TOKENS, _drafted,
        (Option("builder", "eagle2", choices=DRAFTED), Option("budget", 48, 1, 256), SEED,
         Option("unlike", 20, 0, 100), PROMPT),
    ),
}  # fmt: skip


def templates() -> Mapping[str, Preset]:
    """DeFT's recorded trees, where $DEFT_LAB_TEMPLATES names their folder; else none."""
    folder = os.environ.get(VARIABLE)
    if not folder or not Path(folder).is_dir():
        return {}
    return dict(_templates_in(Path(folder)))


def _templates_in(folder: Path) -> Iterator[tuple[str, Preset]]:
    for stem in TEMPLATES:
        places = (folder / f"{stem}.json", *folder.glob(f"*/{stem}.json"))
        path = next((place for place in places if place.is_file()), None)
        if path is None:
            continue
        option = PROMPT if stem.startswith("APPS") else Option("run", 0, 0, 999)
        yield stem, Preset(f"template: {stem}", RECORDED, _recorded(path), (option,))


def _recorded(path: Path) -> Callable[..., Tree]:
    def build(run: int = 0, prompt: int | None = None) -> Tree:
        complete = TemplateFile(path).complete
        if run >= len(complete):
            raise DeftLabError(f"run={run}; {path.name} has {len(complete)} complete runs, from 0 on")
        return build_tree("from_template", path=path, tree_idx=complete[run], prompt_len=prompt)

    return build


def presets() -> dict[str, Preset]:
    """All of them, in the order of the menu."""
    bundled = {name: Preset(name, BUNDLED, _bundled(name)) for name in bundled_trees()}
    return CATALOGUE | bundled | dict(templates())


def _bundled(name: str) -> Callable[..., Tree]:
    return lambda: load_tree(name)


def find_preset(name: str) -> Preset:
    """The preset of that name.

    Raises:
        DeftLabError: there is none; the message lists them.
    """
    known = presets()
    check_choice(DeftLabError, known, preset=name)
    return known[name]


def as_entry(name: str, preset: Preset) -> dict[str, Any]:
    """What the page needs of a preset, without its tree."""
    options = [asdict(option) | {"choices": list(option.choices)} for option in preset.options]
    return {"name": name, "title": preset.title, "family": preset.family, "options": options}
