"""The standard cases: few-shot branches, recorded reasoning runs, speculative stars, and Medusa's token tree.

stepper: does one whole step of a session, from the task's decision to the forward; False: there is none left.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from torch import Tensor

from ...builders.growth import star_growth
from ...builders.medusa import medusa
from ...builders.templates import TemplateFile
from ...decode.run import Task, steps
from ...decode.sampling import Sampler
from ...decode.session import Session
from ...decode.tasks import FewShot, Reasoning, SpeculativeReplay
from ...errors import DeftLabError, TemplateError
from ...tree import Tree

Stepper = Callable[[], bool]
PAGE_SIZE = 16
PROMPT = 4000
FEW_STEPS, STAR_STEPS, MOST_REASONING_STEPS = 400, 100, 1000
FEW = {"few20": 20, "few30": 30, "few50": 50}  # branches
STAR = {"star32": 32, "star64": 64, "star128": 128, "star256": 256}  # drafted tokens
REASONING = {
    "tot_sort": "sorting128ToT.json",
    "tot_doc": "docmergeToT.json",
    "tot_set": "set128ToT.json",
    "tot_key": "keywordToT.json",
}
# what the bars speak of comes first, so that a short run has it; the longest come last
CASES = (
    "few50", "medusa64", "star256", "few20", "few30", "star32", "star64", "star128",
    "tot_key", "tot_set", "tot_sort", "tot_doc",
)  # fmt: skip
STAR_GAIN = 2  # tokens that a star's branch gains a step: about what the recorded acceptance comes to
# tokens of Medusa's tree that are kept, step after step; 0: all are rejected. Scripted, because random
# weights accept nothing beyond the first
MEDUSA_GAINS = (1, 2, 4, 0, 3)
TOPOLOGY = "mc_sim_7b_63"


@dataclass(frozen=True)
class Case:
    """A decode to time.

    Args:
        name: of its rows.
        what: in words.
        n_prompt: tokens of the prompt.
        n_steps: decodes.
        n_slots: tokens that the pool must have room for.
        start: makes the stepper of a prefilled session.
        n_branches: of a few-shot decode: the batch that it would be without sharing; 0: it would be none.
    """

    name: str
    what: str
    n_prompt: int
    n_steps: int
    n_slots: int
    start: Callable[[Session, Sampler], Stepper]
    n_branches: int = 0


@dataclass(frozen=True)
class Chosen:
    """Cases to time, and those that cannot be: name -> why."""

    cases: Sequence[Case]
    skipped: dict[str, str] = field(default_factory=dict)


def choose_cases(names: str = "all", templates: Path | None = None, most_steps: int | None = None) -> Chosen:
    """The cases that a comma-separated list names; "all": every one. A missing template skips its case.

    Raises:
        DeftLabError: there is no such case, or `most_steps` is below 1.
    """
    if most_steps is not None and most_steps < 1:
        raise DeftLabError(f"--steps {most_steps}; a case has at least 1 step")
    wanted = CASES if names == "all" else [name.strip() for name in names.split(",")]
    cases, skipped = [], {}
    for name in wanted:
        try:
            cases.append(standard_case(name, templates, most_steps or MOST_REASONING_STEPS))
        except TemplateError as missing:
            skipped[name] = str(missing)
    return Chosen(cases, skipped)


def standard_case(name: str, templates: Path | None = None, most_steps: int = MOST_REASONING_STEPS) -> Case:
    """The standard case of that name.

    Raises:
        DeftLabError: there is no such case.
        TemplateError: its template is not here, or broken.
    """
    if name in FEW:
        return few_shot_case(name, FEW[name], PROMPT, min(FEW_STEPS, most_steps))
    if name in STAR:
        return star_case(name, STAR[name], PROMPT, min(STAR_STEPS, most_steps))
    if name == "medusa64":
        return medusa_case(name, PROMPT, min(STAR_STEPS, most_steps))
    if name in REASONING:
        if templates is None:
            raise TemplateError(
                "needs DeFT's templates: python -m deft_lab fetch-templates, or --templates DIR"
            )
        return reasoning_case(name, templates / REASONING[name], most_steps)
    raise DeftLabError(f"no case {name!r}; choose some of {', '.join(CASES)}")


def few_shot_case(name: str, width: int, n_prompt: int, n_steps: int) -> Case:
    """A prompt forks once into `width` branches of `n_steps` tokens."""

    def start(session: Session, sampler: Sampler) -> Stepper:
        return of_task(session, FewShot(width, sampler), n_steps)

    n_slots = PAGE_SIZE * (_pages(n_prompt) + width * _pages(n_steps))
    what = f"{n_prompt} + {width} x {n_steps}"
    return Case(name, what, n_prompt, n_steps, n_slots, start, n_branches=width)


def star_case(name: str, width: int, n_prompt: int, n_steps: int) -> Case:
    """The authors' speculative mock: `width` one-token leaves a step; the branch gains two tokens each."""
    gain = [0] + [STAR_GAIN] * n_steps
    growth = star_growth(gain, width, n_prompt, n_prompt + STAR_GAIN * (n_steps - 1) + 1)

    def start(session: Session, _: Sampler) -> Stepper:
        return of_task(session, SpeculativeReplay(growth), n_steps)

    n_slots = PAGE_SIZE * (_pages(n_prompt + STAR_GAIN * n_steps) + 2 * width + 1)  # those to come, too
    return Case(name, f"star of {width} on {n_prompt}", n_prompt, growth.n_steps, n_slots, start)


def reasoning_case(name: str, path: Path, most_steps: int) -> Case:
    """The first complete run of a template file.

    Raises:
        TemplateError: there is no such file, or none of its runs is complete.
    """
    templates = TemplateFile(path)
    if not templates.complete:
        raise TemplateError(f"{path} has no complete run")
    item = templates.complete[0]
    growth = templates.reasoning(item).growth()
    n_steps = min(growth.n_steps, most_steps)

    def start(session: Session, sampler: Sampler) -> Stepper:
        return of_task(session, Reasoning(growth, sampler), n_steps)

    most = max(_pages_of(tree) for tree in islice(growth.trees(), n_steps))
    n_prompt = int(growth.start.length[0])
    what = f"{path.name}, item {item}, {n_steps} of {growth.n_steps} steps"
    return Case(name, what, n_prompt, n_steps, PAGE_SIZE * (most + 1), start)


def medusa_case(name: str, n_prompt: int, n_steps: int) -> Case:
    """Medusa's published token tree, verified at each step."""
    tree = medusa(TOPOLOGY, n_prompt)
    drafts = tree.n_nodes - 1

    def start(session: Session, sampler: Sampler) -> Stepper:
        return MedusaStepper(session, sampler, tree)

    n_slots = PAGE_SIZE * (_pages(n_prompt + max(MEDUSA_GAINS) * n_steps) + 2 * drafts + 1)
    return Case(name, f"Medusa-{drafts} on {n_prompt}", n_prompt, n_steps, n_slots, start)


def of_task(session: Session, task: Task, n_steps: int) -> Stepper:
    """The stepper of a task; the end of text ends no branch, so that all subjects decode the same tree."""
    stepping = steps(session, task, n_steps, honour_eos=False)
    over = object()

    def step() -> bool:
        return next(stepping, over) is not over

    return step


class MedusaStepper:
    """Judges the last drafts, drafts, verifies: the forward is a step's last act, as in every other case.

    The first draft is drawn from the model's law, the others stand for what Medusa's heads say.
    """

    def __init__(self, session: Session, sampler: Sampler, tree: Tree) -> None:
        self._session, self._sampler = session, sampler
        self._parents = [int(parent) - 1 for parent in tree.parent[1:]]  # -1: the context
        self._path = [0]  # the first choice of each head
        while self._path[-1] in self._parents:
            self._path.append(self._parents.index(self._path[-1]))
        self._logits: Tensor | None = None  # [draft, vocabulary] of the drafts that await their verdict

    def __call__(self) -> bool:
        session = self._session
        (leaf,) = session.branches
        with session.watch.host("branching"):
            first = self._judge()
            tokens = [(first + i) % session.model.vocab_size for i in range(len(self._parents))]
        self._logits = session.verify(leaf, self._parents, tokens)
        return True

    def _judge(self) -> int:
        """Keep what the script says of the last drafts; gives the token that follows."""
        session = self._session
        if self._logits is None:
            return int(self._sampler.draw(session.logits)[0])
        # a verification draws after every draft and compares; random weights would agree with none
        drawn = self._sampler.draw(self._logits)
        kept = self._path[: MEDUSA_GAINS[(session.n_steps - 1) % len(MEDUSA_GAINS)]]
        if not kept:
            session.reject()
            return int(self._sampler.draw(session.logits)[0])
        session.accept(kept)
        return int(drawn[kept[-1]])


def _pages(n_tokens: int) -> int:
    return -(-n_tokens // PAGE_SIZE)


def _pages_of(tree: Tree) -> int:
    return int((-(-tree.length // PAGE_SIZE)).sum())
