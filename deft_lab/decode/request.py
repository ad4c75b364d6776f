"""A decode as a user asks for it: names and numbers, turned into a session, a task and a number of steps.

The arguments of DeFT's runner are here with their meaning: `prompt_len` pads or cuts the prompt to exactly so
many tokens, `max_seq_len` counts the prompt and the generated tokens of a branch, and so on.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ..builders.growth import star_growth
from ..builders.look_alike import reasoning_template_like
from ..builders.reasoning import ReasoningTemplate
from ..builders.templates import SpeculativeTemplate, TemplateFile
from ..errors import DecodeError, check_choice, check_counts
from ..methods import find_method
from .hf import TreeModel
from .sampling import Sampler
from .session import Session
from .tasks import TASKS, BeamSearch, FewShot, Reasoning, SelfConsistency, SpeculativeReplay, TreeOfThoughts

# the runner's Branch_controller -> ours
CONTROLLERS = {
    "Simple_Tree": "few_shot",
    "Beam_Search": "beam_search",
    "Practical_Tree": "reasoning",
    "Speculative_Decoding": "speculative_replay",
}
SAMPLED = ("self_consistency", "tree_of_thoughts")  # tasks that need a temperature
UNDRAWN = ("beam_search", "speculative_replay")  # tasks that draw no token
DEFAULT_WIDTH = 4
REPLAYS = ("reasoning", "speculative_replay")  # tasks whose text means nothing, so that it never ends


def has_width(task: str, dataset: str | Path | None) -> bool:
    """Whether `max_width` means something to a task: a template has a width of its own."""
    return task not in REPLAYS or (task == "speculative_replay" and dataset is None)


@dataclass(frozen=True)
class Request:
    """What is asked for; None: the task's own default.

    Args:
        task: a name of TASKS.
        method: a name of METHODS, or the runner's (mode, mem) pair.
        prompt: text, or token ids.
        prompt_len: pad (repeating the prompt) or cut the prompt to exactly so many tokens.
        max_seq_len: tokens of a branch at most, the prompt included; below the prompt's length the decode
            is prefill alone.
        max_width: branches that leave the prompt, beams, votes, thoughts that a branch proposes, or drafts
            of a star.
        max_depth: levels of a tree of thoughts.
        dataset: a template file of DeFT, for the replays; None: a labelled look-alike.
        tree_idx: item of that file; of a file of token trees, its record of accepted lengths.
        sampler: how tokens are drawn.
        honour_eos: a branch ends with the end-of-text token; default: where text means something.
        page_size: slots of a page.
        backend: of the attention.
        graphs: decode steps run as CUDA graphs; None: where they can. Parts of a step are timed without.
        compiled: torch.compile makes their kernels first.
        task_options: more options of the task.
    """

    task: str = "few_shot"
    method: str | tuple[str, str] = "tree_waves"
    prompt: str | Sequence[int] = ""
    prompt_len: int | None = None
    max_seq_len: int = 500
    max_width: int | None = None
    max_depth: int | None = None
    dataset: str | Path | None = None
    tree_idx: int = 0
    sampler: Sampler = field(default_factory=Sampler)
    honour_eos: bool | None = None
    page_size: int = 16
    backend: str = "auto"
    graphs: bool | None = None
    compiled: bool = False
    task_options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_choice(DecodeError, TASKS, task=self.task)
        find_method(self.method)
        check_counts(DecodeError, 1, max_seq_len=self.max_seq_len, max_width=self.width)
        check_counts(DecodeError, 0, tree_idx=self.tree_idx)
        if self.prompt_len is not None:
            check_counts(DecodeError, 1, prompt_len=self.prompt_len)
        if self.max_depth is not None:
            check_counts(DecodeError, 1, max_depth=self.max_depth)
        if self.max_depth is not None and self.task != "tree_of_thoughts":
            raise DecodeError(f"max_depth limits a tree of thoughts; {self.task} has no depth to limit")
        if self.dataset is not None and self.task not in REPLAYS:
            raise DecodeError(f"a dataset of templates is for {' and '.join(REPLAYS)}, not for {self.task}")
        self._check_effects()

    def _check_effects(self) -> None:
        """Refuse what would change nothing."""
        chooses = has_width(self.task, self.dataset)
        if self.max_width is not None and not chooses:
            raise DecodeError(
                f"max_width={self.max_width}; the width of {self.task} is its template's: leave it out"
            )
        if self.tree_idx and chooses:
            raise DecodeError(f"tree_idx={self.tree_idx} is an item of templates, and there are none here")
        sampler = self.sampler
        if self.task in UNDRAWN and sampler.temperature > 0:
            raise DecodeError(f"temperature={sampler.temperature}; {self.task} draws no token: leave it out")
        if sampler.temperature == 0 and (sampler.top_k is not None or sampler.top_p < 1):
            raise DecodeError("top_k and top_p limit what is drawn; pass a temperature above 0 with them")

    @property
    def width(self) -> int:
        """`max_width`, or what it is by default."""
        return DEFAULT_WIDTH if self.max_width is None else self.max_width

    @property
    def item(self) -> int:
        """`tree_idx`; where that run was cut off (as in the runner's demonstration), the next whole one."""
        if self.task != "reasoning" or self._file is None:
            return self.tree_idx
        return min((item for item in self._file.complete if item >= self.tree_idx), default=self.tree_idx)

    @cached_property
    def _file(self) -> TemplateFile | None:
        return None if self.dataset is None else TemplateFile(self.dataset)

    @property
    def ends(self) -> bool:
        """Whether the end-of-text token ends a branch."""
        return self.task not in REPLAYS if self.honour_eos is None else self.honour_eos

    def prompt_tokens(self, model: TreeModel) -> list[int]:
        """The prompt's token ids, padded or cut to `prompt_len`.

        Raises:
            DecodeError: the prompt is empty.
        """
        tokens = model.encode(self.prompt) if isinstance(self.prompt, str) else list(self.prompt)
        if not tokens:
            raise DecodeError("the prompt is empty; give it at least one token")
        if self.prompt_len is None:
            return tokens
        repeats = -(-self.prompt_len // len(tokens))
        return (tokens * repeats)[: self.prompt_len]

    def max_steps(self, n_prompt: int) -> int:
        """Decodes that fit: prefill gives the first new token, and the last one is not decoded."""
        return max(0, self.max_seq_len - n_prompt - 1)

    def make_task(self, n_prompt: int) -> Any:
        """The task, for a prompt of so many tokens."""
        more, width = dict(self.task_options), self.width
        if self.task == "few_shot":
            return FewShot(width, self.sampler, **more)
        if self.task == "self_consistency":
            return SelfConsistency(width, self.sampler, **more)
        if self.task == "beam_search":
            return BeamSearch(width, max(1, self.max_steps(n_prompt) + 1), **more)
        if self.task == "tree_of_thoughts":
            return TreeOfThoughts(width=width, sampler=self.sampler, max_depth=self.max_depth, **more)
        if self.task == "reasoning":
            return Reasoning(self._reasoning().growth(n_prompt, self.max_seq_len), self.sampler)
        return SpeculativeReplay(self._star(n_prompt))

    def _reasoning(self) -> ReasoningTemplate:
        if self._file is None:
            return reasoning_template_like("sorting", self.tree_idx)
        return self._file.reasoning(self.item)

    def _star(self, n_prompt: int) -> Any:
        if self._file is None:
            # two tokens a step, about what the recorded acceptance comes to
            return star_growth([0] + [2] * 400, self.width, n_prompt, self.max_seq_len)
        template = self._file[0]  # a file holds one token tree, with many records
        if not isinstance(template, SpeculativeTemplate):
            raise DecodeError(f"{self.dataset} holds reasoning runs; a speculative replay needs a token tree")
        return template.growth(n_prompt, self.max_seq_len, self.tree_idx)

    def open(self, model: TreeModel) -> tuple[Session, Any, int]:
        """(session, task, decodes at most); the session is prefilled.

        Raises:
            DecodeError: the request does not fit the model or itself.
            PoolError: the device has no room for the pool.
        """
        tokens = self.prompt_tokens(model)
        steps = self.max_steps(len(tokens))
        task = self.make_task(len(tokens)) if steps else FewShot(1)
        session = Session(
            model,
            find_method(self.method).name,
            n_slots=self._room(task, len(tokens), steps),
            page_size=self.page_size,
            backend=self.backend,
            graphs=self.graphs,
            compiled=self.compiled,
        )
        session.prefill(tokens)
        return session, task, steps

    def _room(self, task: Any, n_prompt: int, steps: int) -> int:
        """Slots that suffice: every branch with its own tokens, and a page each that is not full."""
        growth = getattr(task, "growth", None)
        if growth is not None:
            most = max(
                (int(tree.n_tokens + tree.n_nodes * self.page_size) for tree in growth.trees()), default=0
            )
            return most + n_prompt + 2 * self.page_size * self.width
        branches = self.width * (getattr(task, "keep", 1) + 1)
        return n_prompt + branches * (steps + 1) + 2 * self.page_size * (branches + steps)


def parse_prompt(text: str | None, file: Path | None) -> str | list[int]:
    """A prompt from the command line: text, or a file of text, or of token ids as a JSON list.

    Raises:
        DecodeError: both or neither are given, or the file cannot be read.
    """
    if (text is None) == (file is None):
        raise DecodeError("give one of --prompt and --prompt-file")
    if text is not None:
        return text
    assert file is not None
    try:
        content = file.read_text(encoding="utf-8")
    except OSError as bad:
        raise DecodeError(f"cannot read {file}: {bad.strerror}; name a file of text") from bad
    except UnicodeDecodeError as bad:
        raise DecodeError(f"{file} is no text in UTF-8; save it as such") from bad
    if file.suffix == ".json":
        try:
            found = json.loads(content)
        except ValueError as bad:
            raise DecodeError(
                f"{file} is no JSON ({bad}); write a list of token ids, such as [1, 15]"
            ) from bad
        if isinstance(found, list) and all(isinstance(token, int) for token in found):
            return found
        raise DecodeError(f"{file} is no JSON list of token ids; write one, such as [1, 15]")
    return content
