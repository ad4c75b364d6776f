"""What is timed: a subject has a name and prepares one call over a case. Here: `read`, and our methods.

prepare: everything a user does once a step, up to the launches: plan, tables, copies of the KV. run: the
launches alone. Peers live in `peers.py`, behind the same interface.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor

from ... import ops
from ...errors import DeftLabError
from ...kernels.read import reader
from ...methods import METHODS, plan_tree
from ...plan import Plan
from .cases import options_of
from .inputs import Inputs

# largest relative errors in bfloat16 that get a time
METHOD_BOUND = 3e-3
UNFUSED_BOUND = 3e-2  # tree_mask rounds its scores to 16 bits three times before the softmax
PEER_BOUND = 1e-2  # a peer may round more often than we do; beyond this it computes something else
PACKED = ("radix", "flash_decoding", "deft_flatten")  # timed with `pack_heads=True`, too


@dataclass(frozen=True)
class Prepared:
    """A subject, ready to run over one case.

    Args:
        run: launches, and returns tensors; safe to capture in a CUDA graph where the subject is.
        result: makes [query, q_head, dim] in the caller's query order of what `run` returned; not timed.
        host: what the host does once a step, by name: "plan", "lower"; each is timed on its own.
        plan: of a method, for the model of its time.
    """

    run: Callable[[], Any]
    result: Callable[[Any], Tensor] = lambda out: out
    host: Mapping[str, Callable[[], object]] = field(default_factory=dict)
    plan: Plan | None = None


@dataclass(frozen=True)
class Subject:
    """Something to time.

    Args:
        name: of its rows.
        kind: "method": ours; "peer": somebody else's; "read": no attention at all, the yardstick.
        prepare: makes it ready for a case; may raise anything, which becomes the row's `failure`.
        bound: the largest relative error that gets a time.
        pack_heads: of a method, as `ops.lower` takes it; None: the method's own default.
    """

    name: str
    kind: Literal["read", "method", "peer"]
    prepare: Callable[[Inputs], Prepared]
    bound: float = PEER_BOUND
    pack_heads: bool | None = None


def read_subject() -> Subject:
    """The device read of the case's KV: as many bytes, from the start of the pool."""
    return Subject("read", "read", _prepare_read)


def _prepare_read(inputs: Inputs) -> Prepared:
    n_tokens = inputs.tree.n_tokens
    return Prepared(reader(inputs.k[:n_tokens], inputs.v[:n_tokens]))


def method_subject(method: str, pack_heads: bool | None = None, **options: int) -> Subject:
    """A method of ours, through `ops.lower` and `ops.attend` with the Triton backend.

    Args:
        method: a name of METHODS.
        pack_heads: True: a program takes all query heads of a KV head; None: the method's default.
        options: of the method, such as `chunk_len`; none: those of `options_of`.
    """
    given = options

    def prepare(inputs: Inputs) -> Prepared:
        options = given or options_of(inputs.tree, METHODS[method], inputs.case.geometry)
        plan = plan_tree(inputs.tree, method, **options)
        store = inputs.store(METHODS[method])
        table = ops.lower(plan, store, backend="triton", pack_heads=pack_heads)
        out = torch.empty_like(inputs.q)
        lengths = inputs.tree.length

        def plan_again() -> object:
            # as in a decode step: lengths are new, links and seats are kept
            return plan_tree(inputs.tree.with_length(lengths), method, **options)

        return Prepared(
            run=lambda: ops.attend(inputs.q, table, layer=0, out=out),
            # a later step refills the same tables
            host={
                "plan": plan_again,
                "lower": lambda: ops.lower(plan, store, backend="triton", into=table),
            },
            plan=plan,
        )

    bound = METHOD_BOUND if METHODS[method].fused else UNFUSED_BOUND
    name = " ".join([method, *["packed"] * bool(pack_heads), *(f"{k}={v}" for k, v in options.items())])
    return Subject(name, "method", prepare, bound, pack_heads)


def method_subjects() -> dict[str, Subject]:
    """All methods, and those of PACKED once more with packed heads, by name."""
    subjects = [method_subject(name) for name in METHODS]
    subjects += [method_subject(name, pack_heads=True) for name in PACKED]
    return {subject.name: subject for subject in subjects}


def choose(known: Mapping[str, Subject], names: str, what: str) -> list[Subject]:
    """The subjects that a comma-separated list names; "all" and "none" say what they mean.

    Raises:
        DeftLabError: one of them is unknown.
    """
    if names in ("all", "none"):
        return list(known.values()) if names == "all" else []
    wanted = [name.strip() for name in names.split(",")]
    for name in wanted:
        if name not in known:
            raise DeftLabError(f"no {what} {name!r}; choose all, none, or some of {', '.join(known)}")
    return [known[name] for name in wanted]
