"""Files of DeFT's decoding-tree templates: reasoning runs (`reasoning.py`) or one speculative tree.

Source: arXiv 2404.00242, its public repository, folder dataset/generation/ (MIT).
"""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import TemplateError
from ..trace import Trace
from ..tree import Tree
from ..tree.convert import from_medusa, to_medusa
from .growth import star_growth
from .reasoning import ReasoningTemplate


@dataclass(frozen=True)
class SpeculativeTemplate:
    """A token tree and how many tokens its verification accepted, step by step.

    In the released files all records are one record, shared by all tree sizes (recorded with 256
    tokens), and the released runner never reads `paths`: it decodes a star of `size` leaves.
    """

    paths: tuple[tuple[int, ...], ...]
    size: int
    accept_length: tuple[tuple[int, ...], ...]
    name: str = "template"

    def __post_init__(self) -> None:
        if self.size != len(self.paths) + 1:
            raise TemplateError(
                f"{self.name}: Token_Tree_size={self.size}, but {len(self.paths)} paths and the implicit "
                f"root make {len(self.paths) + 1}"
            )

    def tree(self, prompt: int = 1000) -> Tree:
        """The token tree below `prompt` tokens, a query on every token."""
        return from_medusa(self.paths, prompt)

    def growth(self, prompt_len: int = 1016, max_seq_len: int = 6000, record: int = 0) -> Trace:
        """The released mock: a star of `size` leaves over a root that grows (see `star_growth`)."""
        if not 0 <= record < len(self.accept_length):
            raise TemplateError(
                f"{self.name}: no record {record}; there are 0..{len(self.accept_length) - 1}"
            )
        return star_growth(self.accept_length[record], self.size, prompt_len, max_seq_len)

    @classmethod
    def from_tree(cls, tree: Tree, name: str = "template") -> "SpeculativeTemplate":
        """The template of a token tree, without records."""
        paths = tuple(tuple(path) for path in to_medusa(tree))
        return cls(paths, len(paths) + 1, (), name)

    def to_item(self) -> dict[str, Any]:
        """The template as the content of a template file."""
        records = [
            {"prompt": "", "Accept_length": list(a), "Avg_accept_length": float(np.mean(a))}
            for a in self.accept_length
        ]
        return {
            "Tree_ID": 0,
            "Tree_Structure": [list(p) for p in self.paths],
            "Token_Tree_size": self.size,
            "Records": records,
        }

    @classmethod
    def from_item(cls, item: Any, name: str = "template") -> "SpeculativeTemplate":
        """Read the content of a template file.

        Raises:
            TemplateError: fields are missing, or the size does not fit the paths.
        """
        try:
            paths = tuple(tuple(path) for path in item["Tree_Structure"])
            accepted = tuple(tuple(record["Accept_length"]) for record in item["Records"])
            return cls(paths, item["Token_Tree_size"], accepted, name)
        except (KeyError, TypeError) as bad:
            raise TemplateError(
                f"{name}: Tree_Structure, Token_Tree_size or Records[].Accept_length is missing ({bad!r})"
            ) from bad


class TemplateFile:
    """A file of templates: `templates[item]` is one of them.

    Raises:
        TemplateError: it cannot be read, or holds neither kind of template.
    """

    def __init__(self, path: str | Path) -> None:
        if not isinstance(path, str | Path):
            raise TemplateError(f"path={path!r:.60}; it must be the name of a file")
        self.path = Path(path)
        try:
            text = self.path.read_text()
        except UnicodeDecodeError as bad:
            raise TemplateError(f"{self.path} is no UTF-8 text; fetch it again") from bad
        except OSError as bad:
            raise TemplateError(
                f"cannot read {self.path}: {bad.strerror}; "
                "`python -m deft_lab fetch-templates` downloads the templates"
            ) from bad
        try:
            self.content = json.loads(text)
        except json.JSONDecodeError as bad:
            raise TemplateError(
                f"{self.path} is not valid JSON at character {bad.pos} of {len(text)}; "
                "it may be cut short, fetch it again"
            ) from bad
        if not isinstance(self.content, list | dict):
            raise TemplateError(f"{self.path} holds neither a list of reasoning trees nor a speculative tree")

    def __len__(self) -> int:
        return len(self.content) if isinstance(self.content, list) else 1

    def __getitem__(self, item: int) -> ReasoningTemplate | SpeculativeTemplate:
        name = f"{self.path.name}[{item}]"
        if not isinstance(item, int) or not 0 <= item < len(self):
            raise TemplateError(f"{name}: no such item; {self.path.name} has 0..{len(self) - 1}")
        if isinstance(self.content, dict):
            return SpeculativeTemplate.from_item(self.content, name)
        return ReasoningTemplate.from_item(self.content[item], name)

    def reasoning(self, item: int) -> ReasoningTemplate:
        """The reasoning run with this number.

        Raises:
            TemplateError: as `[item]`, or the file holds a speculative tree.
        """
        template = self[item]
        if not isinstance(template, ReasoningTemplate):
            raise TemplateError(f"{self.path.name} holds a speculative tree, not reasoning runs")
        return template

    @cached_property
    def complete(self) -> tuple[int, ...]:
        """The items that are not marked incomplete."""
        if isinstance(self.content, dict):
            return (0,)
        return tuple(
            i
            for i, item in enumerate(self.content)
            if not (isinstance(item, dict) and item.get("incompleted"))
        )


def from_template(
    path: str | Path, tree_idx: int = 0, prompt_len: int | None = None, max_seq_len: int | None = None
) -> Tree:
    """The tree of a template: of a reasoning run at its widest step, of a speculative file its token tree."""
    template = TemplateFile(path)[tree_idx]
    if isinstance(template, SpeculativeTemplate):
        return template.tree(1000 if prompt_len is None else prompt_len)
    growth = template.growth(prompt_len, max_seq_len)
    return growth.tree_at(growth.widest())
