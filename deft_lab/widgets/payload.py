"""What the linked views need of plans: groups, bytes, times and who runs where, of every method at once.

The page cannot compute it, so Python sends it once per gesture. Numbers are the library's; long lists go
as bytes, little-endian int32 and float32, which ipywidgets carries as buffers:

    chunks [chunk, 3]   label of the node, first token, one past the last
    groups [group, 3]   number of its chunks, first preorder query, one past the last
    pieces [piece, 5]   launch, group, label (group and label -1: of none), first slot of the launch, slots
    times  [piece, 2]   seconds from the call: begin, end

Pieces and times are sent of the methods whose timeline is asked for: they are most of the work.
A piece is the time that programs of one group spend on one node, on neighbouring slots. Slots are numbered
through all SMs: slot n_sms * s + m of a launch is slot s of SM m.
"""

import base64
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from ..cost import Rota, predict, rota, traffic
from ..geometry import Geometry
from ..hardware import Hardware
from ..methods import METHODS, plan_tree
from ..plan import Plan
from ..tree import Tree
from ..viz.timeline import idle_words
from ..viz.work import joined, pieces, pieces_of_groups

COUNTED = ("requested", "logged")  # accounts that Python sends; the page computes the others
MOST_PIECES = 6000  # of a method; with more, a program is of the node with most of its tokens
Payload = dict[str, Any]


def payload(
    tree: Tree,
    methods: Iterable[str],
    geometry: Geometry,
    hardware: Hardware,
    *,
    pack_heads: bool | None = None,
    timelines: Collection[str] | None = None,
) -> Payload:
    """Everything that the linked views show of these methods on this tree.

    Args:
        tree: what the step attends over.
        methods: names of METHODS.
        geometry: of the model; times are of one layer, bytes of all its layers.
        hardware: the machine that times are predicted for.
        pack_heads: a program takes all query heads of a KV head; None: as each method does.
        timelines: methods of which it says who runs where and when; None: all of them.

    Raises:
        PlanError: a method is unknown.
    """
    of_methods = {}
    for name in methods:
        timed = timelines is None or name in timelines
        of_methods[name] = of_method(plan_tree(tree, name), geometry, hardware, pack_heads, timed=timed)
    return {
        "document": tree.to_json(),  # the page compares it with its own, and says if these plans are old
        "geometry": asdict(geometry),
        "kv_bytes": geometry.kv_bytes_per_token * geometry.n_layers,
        "hardware": hardware.name,
        "n_sms": hardware.n_sms,
        "methods": of_methods,
    }


def of_method(
    plan: Plan,
    geometry: Geometry,
    hardware: Hardware,
    pack_heads: bool | None = None,
    *,
    timed: bool = True,
) -> Payload:
    """One method's part of a payload; `timed`: with who runs where and when."""
    method = METHODS[plan.method]
    chunks = (plan.tree.label[plan.chunk_node], plan.chunk_start, plan.chunk_stop)
    groups = (np.diff(plan.group_start), plan.q_first, plan.q_stop)
    packed = {"requested": pack_heads, "logged": None}
    bytes_of = {
        account: traffic(plan, geometry, account, pack_heads=packed[account]).by_role() for account in COUNTED
    }
    sent = {
        "title": method.title,
        "layout": "copies" if method.copies else method.layout,
        "guided": method.guided,
        "mask": method.mask,
        "n_groups": plan.n_groups,
        "n_partials": plan.n_partials,
        "query_tile": plan.query_tile,
        "computed": int((plan.kv_len * plan.q_len).sum()),
        "bytes": bytes_of,
        "chunks": _packed(chunks, "<i4"),
        "groups": _packed(groups, "<i4"),
    }
    if timed:
        work = rota(plan, geometry, hardware, pack_heads=pack_heads)
        return sent | {"seconds": work.makespan} | _timeline(work)
    return sent | {"seconds": predict(plan, geometry, hardware, pack_heads=pack_heads).seconds}


def _timeline(work: Rota) -> Payload:
    timeline, labels = work.timeline, work.plan.tree.label
    found = pieces_of_groups(work)
    if len(found.node) > MOST_PIECES:
        found = joined(pieces(work, by_slot=True, largest=True), touching=True, by_group=True)
    n_slots = np.array(timeline.n_slots)[found.launch]
    first, count = np.rint(found.top * n_slots), np.rint(found.height * n_slots)
    label = np.where(found.node >= 0, labels[found.node], -1)
    programs = np.bincount(timeline.launch, minlength=len(timeline.names)).tolist()
    return {
        "idle": idle_words(work),
        "launches": [
            {"name": span.name, "begin": span.begin, "end": span.end, "n_slots": slots, "programs": n}
            for span, slots, n in zip(timeline.spans(), timeline.n_slots, programs, strict=True)
        ],
        "pieces": _packed((found.launch, found.group, label, first, count), "<i4"),
        "times": _packed((found.begin, found.end), "<f4"),
    }


def _packed(columns: Iterable[np.ndarray], dtype: str) -> bytes:
    return np.stack([np.asarray(column) for column in columns], axis=1).astype(dtype).tobytes()


def as_text(part: Any) -> Any:
    """A payload as plain JSON, bytes as base64 text: for pages without a kernel."""
    if isinstance(part, Mapping):
        return {name: as_text(value) for name, value in part.items()}
    if isinstance(part, list):
        return [as_text(value) for value in part]
    return base64.b64encode(part).decode() if isinstance(part, bytes) else part
