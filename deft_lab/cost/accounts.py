"""Four ways to count the bytes of a decode step. They answer different questions; never mix them.

paper: Table 12 of arXiv 2404.00242. Multi-head attention (GQA is not credited), partials of fused
    methods and Q, O are left out.
logged: what the released code prints. As paper, but node and node_chunk re-read KV once per 32
    queries, and Medusa's softmax matrix counts four times instead of twice.
requested: what the kernels ask the memory system for; the caches may serve a part of it.
unique: each byte that any kernel must touch, once; the floor.

Symbols: U = Hq L e; l queries, N_tree tokens stored, N_i tokens on the path of query i.
"""

from collections.abc import Callable

from ..errors import DeftLabError, check_choice
from ..geometry import Geometry, need_geometry
from ..methods import Method, find_method, plan_tree
from ..plan import Plan, need_plan
from ..trace import Trace
from .counts import Counts, count, count_run, count_steps, need_trace
from .requested import requested
from .traffic import Flops, Traffic

MASK_WORD_BYTES = 8  # one 64-bit word per KV token
INTERVAL_BYTES = 4  # first query and one past the last, 16 bits each, per KV token


def paper(counts: Counts, method: Method, geometry: Geometry) -> Traffic:
    """Account `paper`, arXiv 2404.00242, Table 12."""
    unit = geometry.n_q_heads * geometry.n_layers * geometry.dtype_bytes
    tokens = counts.path_tokens if method.guided == "query" else counts.tree_tokens
    # QK^T is written, scaled, masked and normalised, each read and written, and read for PV
    intermediates = 0 if method.fused else 8 * counts.dense_pairs * unit
    masks = {
        "none": 0,
        "dense": counts.dense_pairs * geometry.n_layers * geometry.dtype_bytes,
        "bits": MASK_WORD_BYTES * counts.tree_tokens * geometry.n_layers,
        "intervals": INTERVAL_BYTES * counts.tree_tokens * geometry.n_layers,
    }
    return Traffic(
        "paper", method.name, kv=2 * geometry.head_dim * tokens * unit,
        partials=intermediates, mask=masks[method.mask],
    )  # fmt: skip


def logged(counts: Counts, method: Method, geometry: Geometry) -> Traffic:
    """Account `logged`, the counters of the released code."""
    as_paper = paper(counts, method, geometry)
    unit = geometry.n_q_heads * geometry.n_layers * geometry.dtype_bytes
    by_node = method.guided == "kv" and method.fused and method.mask == "none"
    return Traffic(
        "logged",
        method.name,
        kv=2 * geometry.head_dim * counts.tiled_tokens * unit if by_node else as_paper.kv,
        partials=0 if method.fused else 10 * counts.dense_pairs * unit,
        mask=as_paper.mask,
    )


def unique(counts: Counts, method: Method, geometry: Geometry) -> Traffic:
    """Account `unique`: KV of the tree, Q and O once, whatever the method."""
    row = geometry.head_dim * geometry.dtype_bytes * geometry.n_layers
    q = counts.queries * geometry.n_q_heads * row
    return Traffic("unique", method.name, kv=2 * counts.tree_tokens * geometry.n_kv_heads * row, q=q, o=q)


CLOSED_FORMS: dict[str, Callable[[Counts, Method, Geometry], Traffic]] = {
    "paper": paper,
    "logged": logged,
    "unique": unique,
}
ACCOUNTS = ("paper", "logged", "requested", "unique")


def traffic(
    plan: Plan,
    geometry: Geometry,
    account: str = "requested",
    *,
    pack_heads: bool | None = None,
    flat: bool = False,
) -> Traffic:
    """Bytes of one step that runs `plan`, all layers of `geometry`.

    Args:
        plan: of one attention call.
        geometry: of the model; `geometry.layer` for one layer.
        account: one of ACCOUNTS.
        pack_heads: account `requested` only: a program takes all query heads of a KV head; default: as the
            method does.
        flat: account `requested` of `tree_waves` only: the pool holds the tree in depth-first order.

    Raises:
        DeftLabError: the account is unknown, or `pack_heads` or `flat` is asked of an account without it.
    """
    need_plan(plan)
    need_geometry(geometry)
    _check_account(account, pack_heads, flat)
    if account == "requested":
        return requested(plan, geometry, pack_heads, bool(flat))
    return CLOSED_FORMS[account](count(plan.tree), find_method(plan.method), geometry)


def run_traffic(
    trace: Trace,
    method: str | tuple[str, str],
    geometry: Geometry,
    account: str = "paper",
    *,
    pack_heads: bool | None = None,
) -> Traffic:
    """Bytes of all decodes of a trace. `requested` plans every step, the other accounts are closed forms.

    Raises:
        DeftLabError: as `traffic`, or the method is unknown.
    """
    need_trace(trace)
    need_geometry(geometry)
    _check_account(account, pack_heads, False)
    found = find_method(method)
    if account != "requested":
        return CLOSED_FORMS[account](count_run(trace), found, geometry)
    steps = step_traffic(trace, method, geometry, account, pack_heads=pack_heads)
    if not steps:
        raise DeftLabError("the trace has no step; there is nothing to add up")
    return sum(steps[1:], start=steps[0])


def step_traffic(
    trace: Trace,
    method: str | tuple[str, str],
    geometry: Geometry,
    account: str = "paper",
    *,
    pack_heads: bool | None = None,
) -> tuple[Traffic, ...]:
    """Bytes of each decode of a trace, steps 1 .. n_steps; `run_traffic` is their sum.

    Raises:
        DeftLabError: as `traffic`, or the method is unknown.
    """
    need_trace(trace)
    need_geometry(geometry)
    _check_account(account, pack_heads, False)
    found = find_method(method)
    if account != "requested":
        return tuple(CLOSED_FORMS[account](counts, found, geometry) for counts in count_steps(trace))
    plans = (plan_tree(tree, found.name) for tree in trace.trees())
    return tuple(requested(plan, geometry, pack_heads) for plan in plans)


def flops(plan: Plan, geometry: Geometry) -> Flops:
    """Floating-point operations of one step that runs `plan`."""
    need_plan(plan)
    need_geometry(geometry)
    per_pair = 4 * geometry.head_dim * geometry.n_q_heads * geometry.n_layers
    computed = int((plan.kv_len * plan.q_len).sum())
    return Flops(per_pair * computed, per_pair * plan.tree.n_path_tokens)


def _check_account(account: str, pack_heads: bool | None, flat: bool) -> None:
    check_choice(DeftLabError, ACCOUNTS, account=account)
    if (pack_heads or flat) and account != "requested":
        raise DeftLabError(
            f"account {account!r} does not know pack_heads or flat; only 'requested' counts programs"
        )
