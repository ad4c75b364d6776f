"""deft-lab: a laboratory for tree-structured LLM decoding.

    tree = deft_lab.build_tree("few_shot", prompt=4000, width=20, length=200)
    plan = deft_lab.plan_tree(tree, "deft_flatten")
    print(plan, deft_lab.traffic(plan, deft_lab.LLAMA3_8B))

Plan first, then apply: a tree is compiled into a plan (who meets whom), a value that can be printed,
priced, checked and run. What needs torch is loaded when it is first used.
"""

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any

from .builders import build_tree, load_tree
from .cost import flops, traffic
from .errors import DeftLabError
from .geometry import LLAMA3_8B, Geometry
from .methods import METHODS, plan_tree
from .plan import Plan, check_plan
from .trace import Trace
from .tree import Tree

if TYPE_CHECKING:
    from .kv import Pool
    from .ops import tree_attention

__version__ = "0.1.0"

_LAZY = {"Pool": ".kv", "tree_attention": ".ops"}

__all__ = [
    "LLAMA3_8B",
    "METHODS",
    "DeftLabError",
    "Geometry",
    "Plan",
    "Pool",
    "Trace",
    "Tree",
    "build_tree",
    "check_plan",
    "flops",
    "load_tree",
    "plan_tree",
    "traffic",
    "tree_attention",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(_with_torch(_LAZY[name], name), name)
    if find_spec(f"{__name__}.{name}"):
        raise AttributeError(f"deft_lab.{name} is a room of its own; import deft_lab.{name} first")
    raise AttributeError(f"module 'deft_lab' has no attribute {name!r}; it has {', '.join(__all__)}")


def _with_torch(room: str, name: str) -> ModuleType:
    try:
        return import_module(room, __name__)
    except ModuleNotFoundError as missing:
        if missing.name != "torch":
            raise
        raise ModuleNotFoundError(
            f"deft_lab.{name} needs PyTorch, which is not installed: pip install torch", name="torch"
        ) from missing


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
