"""The source of a kernel or helper: its lines, and the statement that each line belongs to."""

import ast
import linecache
from pathlib import Path
from types import CodeType

from ..kernel_run import Function


class Source:
    """A function's source, found by a line that ran in it."""

    def __init__(self, code: CodeType) -> None:
        lines = linecache.getlines(code.co_filename)
        found = self._find(ast.parse("".join(lines)), code)
        last = found.end_lineno or found.lineno
        text = [line.rstrip("\n") for line in lines[found.lineno - 1 : last]]
        self.function = Function(code.co_name, Path(code.co_filename).name, found.lineno, tuple(text))
        self.first_of: dict[int, int] = {}
        for node in ast.walk(found):
            if isinstance(node, ast.stmt) and node is not found:
                self._note(node)

    def _find(self, tree: ast.Module, code: CodeType) -> ast.FunctionDef:
        """The definition of this name that is nearest to where the code says that it begins."""
        named = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == code.co_name]
        return min(named, key=lambda node: abs(node.lineno - code.co_firstlineno))

    def _note(self, node: ast.stmt) -> None:
        """Lines of a statement; of one with a body, those of its head."""
        body = getattr(node, "body", None)
        stop = body[0].lineno if body else (node.end_lineno or node.lineno) + 1
        for line in range(node.lineno, max(stop, node.lineno + 1)):
            self.first_of[line] = max(self.first_of.get(line, 0), node.lineno)

    def statement(self, line: int) -> int:
        """The first line of the statement that a line belongs to."""
        return self.first_of.get(line, line)
