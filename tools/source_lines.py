"""Links from a lesson to the lines of a name: written by name in the source, by line in the notebook.

In notebooks/src stands a path, and behind `#` a name in that file, dotted from the outside in:

    [meets](../deft_lab/attention/grouped.py#attend_group)      a function or class
    [sorted](../deft_lab/plan.py#Plan.reduction)                a method
    [this line](../kernels/attend.py#meet.decay)                the first statement that gives `decay` a value

The builder writes `grouped.py#L40-L58 "lines 40 to 58"` for it. The words are for JupyterLab, which opens the
file and takes no notice of the lines.
"""

import ast
import re
from pathlib import Path

NAMED = re.compile(r"\]\(([\w./-]+\.py)#([A-Za-z_][\w.]*)\)")
NUMBERED = re.compile(r'(\]\([\w./-]+\.py)#L[\dL-]+ "[^"]*"\)')
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class NoSuchName(Exception):
    """A link names something that its file does not hold."""


def with_lines(markdown: str, folder: Path) -> str:
    """The same text; a link to a name leads to its lines.

    Args:
        markdown: with links as they stand in notebooks/src.
        folder: from which their paths lead.

    Raises:
        NoSuchName: a file, or a name in it, is not there.
    """

    def replace(match: re.Match) -> str:
        first, last = lines_of(folder / match[1], match[2])
        where, words = f"L{first}", f"line {first}"
        if last > first:
            where, words = f"{where}-L{last}", f"lines {first} to {last}"
        return f']({match[1]}#{where} "{words}")'

    return NAMED.sub(replace, markdown)


def without_lines(markdown: str) -> str:
    """The same text; links by name or line lead to their files. What is left says whether the words agree."""
    return NUMBERED.sub(r"\1)", NAMED.sub(r"](\1)", markdown))


def lines_of(path: Path, name: str) -> tuple[int, int]:
    """First and last line of a name, such as `Plan.reduction`, in a Python file.

    Raises:
        NoSuchName: the file or the name is not there.
    """
    if not path.is_file():
        raise NoSuchName(f"a link names {name} in {path}, which is no file")
    found: ast.AST = ast.parse(path.read_text(encoding="utf-8"))
    for part in name.split("."):
        inside = list(_statements(found))
        fitting = [node for node in inside if part in _names(node)]
        if not fitting:
            there = ", ".join(dict.fromkeys(known for node in inside for known in _names(node)))
            raise NoSuchName(f"a link names {name} in {path}, but there is no {part!r}; there are: {there}")
        found = fitting[0]
    decorators = getattr(found, "decorator_list", [])
    return min(node.lineno for node in (*decorators, found)), found.end_lineno


def _statements(scope: ast.AST) -> list[ast.AST]:
    """All statements of a file, class or function, from the top down, without those of scopes inside it."""
    found = []
    for node in ast.iter_child_nodes(scope):
        if isinstance(node, ast.stmt):
            found.append(node)
        if not isinstance(node, SCOPES):
            found += _statements(node)
    return found


def _names(node: ast.AST) -> list[str]:
    """What a statement gives a value to."""
    if isinstance(node, SCOPES):
        return [node.name]
    targets = getattr(node, "targets", None) or [getattr(node, "target", None)]
    inside = [name for target in targets if target is not None for name in ast.walk(target)]
    return [name.id for name in inside if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)]
