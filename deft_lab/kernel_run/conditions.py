"""Breakpoints: Python expressions over a kernel's variables, evaluated safely at every moment.

    first == 4                 a variable
    slot == 7                  of an array: any of its elements
    max(m) > 2 and line == 61  line, program, kernel, function, depth are known, too
    node(3)                    the line touches memory of the node with label 3
    loads("k") or stores("o")  the line loads, or stores, that memory

A variable that does not exist at a moment makes the condition false there. Nothing else can be called, and
no attribute can be read.
"""

import ast
import operator
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DeftLabError

if TYPE_CHECKING:
    from .core import KernelRun

BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_, ast.RShift: operator.rshift,
}  # fmt: skip
COMPARE: dict[type, Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le,
    ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.In: lambda item, items: np.isin(item, items), ast.NotIn: lambda item, items: ~np.isin(item, items),
}  # fmt: skip
UNARY: dict[type, Callable[[Any], Any]] = {
    ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Not: lambda value: not _holds(value),
}  # fmt: skip
REDUCE: dict[str, Callable[[Any], Any]] = {
    "any": lambda value: bool(np.any(value)), "all": lambda value: bool(np.all(value)),
    "max": np.max, "min": np.min, "sum": np.sum, "abs": np.abs, "len": np.size,
}  # fmt: skip
QUESTIONS = ("node", "loads", "stores", "touches")


class _Unknown(Exception):
    """A variable that does not exist at this moment."""


def steps_where(run: "KernelRun", condition: str) -> tuple[int, ...]:
    """Moments at which the condition begins to hold: it does there, and did not at the moment before.

    Raises:
        DeftLabError: it is no such expression; the message says what is allowed.
    """
    tree = _parsed(condition)
    known = {name for moment in run.moments for name in moment.changes} | set(_facts(run, 0))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - {*REDUCE, *QUESTIONS}
    if unknown := sorted(names - known):
        raise DeftLabError(
            f"no variable {', '.join(unknown)} in this run; there are {', '.join(sorted(known))}"
        )
    holds = [_at(run, step, tree, condition) for step in range(len(run))]
    return tuple(i for i, now in enumerate(holds) if now and not (i and holds[i - 1]))


def _parsed(condition: str) -> ast.expr:
    try:
        tree = ast.parse(condition.strip(), mode="eval").body
    except (SyntaxError, ValueError) as bad:
        raise DeftLabError(f"the condition {condition!r} is no expression ({bad}); {_HELP}") from bad
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else "?"
            if (name not in REDUCE and name not in QUESTIONS) or node.keywords or len(node.args) != 1:
                raise DeftLabError(f"{condition!r} calls {ast.unparse(node.func)}; {_HELP}")
        elif not isinstance(node, _ALLOWED):
            raise DeftLabError(f"{condition!r} has a {type(node).__name__}; {_HELP}")
    return tree


_ALLOWED = (
    ast.Name, ast.Constant, ast.Compare, ast.BoolOp, ast.BinOp, ast.UnaryOp, ast.Subscript, ast.List,
    ast.Tuple, ast.expr_context, ast.boolop, *BINARY, *COMPARE, *UNARY,
)  # fmt: skip
_HELP = (
    "a condition compares variables, such as first == 4, slot == 7 or max(m) > 2; joins by and, or, not; and "
    'may ask node(3), loads("k"), stores("o"), touches("slot"), any, all, min, sum, abs, len'
)


def _facts(run: "KernelRun", step: int) -> dict[str, Any]:
    moment = run.moments[step]
    program = run.programs[moment.program]
    return {
        "line": moment.line,
        "program": program.x,
        "kernel": program.kernel,
        "function": run.functions[moment.function].name,
        "depth": moment.depth,
    }


def _at(run: "KernelRun", step: int, tree: ast.expr, condition: str) -> bool:
    try:
        return _holds(_value(run, step, tree, {**run.variables(step), **_facts(run, step)}))
    except _Unknown:
        return False
    except (TypeError, ValueError, IndexError, ZeroDivisionError) as bad:
        raise DeftLabError(f"{condition!r} cannot be evaluated at step {step}: {bad}") from bad


def _holds(value: Any) -> bool:
    return bool(np.any(value))


def _value(run: "KernelRun", step: int, node: ast.expr, names: Mapping[str, Any]) -> Any:
    def of(child: ast.expr) -> Any:
        return _value(run, step, child, names)

    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            if name not in names:
                raise _Unknown
            return as_number(names[name])
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [of(item) for item in items]
        case ast.BoolOp(op=ast.And(), values=parts):
            return all(_holds(of(part)) for part in parts)
        case ast.BoolOp(values=parts):
            return any(_holds(of(part)) for part in parts)
        case ast.UnaryOp(op=op, operand=operand):
            return UNARY[type(op)](of(operand))
        case ast.BinOp(left=left, op=op, right=right):
            return BINARY[type(op)](of(left), of(right))
        case ast.Compare(left=left, ops=ops, comparators=rights):
            sides = [of(left), *map(of, rights)]
            pairs = zip(ops, sides, sides[1:], strict=False)
            return all(_holds(COMPARE[type(op)](one, other)) for op, one, other in pairs)
        case ast.Subscript(value=value, slice=index):
            place = of(index)
            return of(value)[tuple(place) if isinstance(place, list) else place]
        case ast.Call(func=ast.Name(id=name), args=[argument]):
            return REDUCE[name](of(argument)) if name in REDUCE else _asked(run, step, name, of(argument))
    raise TypeError(f"{ast.unparse(node)} is not allowed")


def _asked(run: "KernelRun", step: int, question: str, about: Any) -> bool:
    if question == "node":
        if run.tree is None:
            raise ValueError("the run has no tree")
        return int(about) in run.tree.label[list(run.touched_nodes(step))].tolist()
    ops = {"loads": ("load", "atomic"), "stores": ("store", "atomic")}.get(question)
    return any(
        run.memories[touch.memory].name == about and (ops is None or touch.op in ops)
        for touch in run.moments[step].touches
    )


def as_number(value: Any) -> Any:
    """A recorded value as a number or an array; a pointer is its places in its memory."""
    if isinstance(value, dict):
        if "v" not in value:
            raise _Unknown  # only its range was kept
        return np.array([_float(x) for x in value["v"]]).reshape(value["s"])
    return _float(value)


def _float(value: Any) -> Any:
    return float(value) if value in ("inf", "-inf", "nan") else value
