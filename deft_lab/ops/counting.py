"""Count the bytes of one attention call: random KV, the kernels interpreted, each byte by its role."""

import torch
from torch import Tensor

from ..counter import Counted, count_bytes
from ..errors import AttentionError
from ..geometry import Geometry
from ..kv import Pool, Unpaged
from ..methods import find_method
from ..plan import Plan
from .triton_backend import KernelTable, attend_triton, lower_triton

DTYPES = {2: torch.bfloat16, 4: torch.float32}  # by bytes of an element


def roles(table: KernelTable, q: Tensor, out: Tensor) -> dict[str, list[Tensor]]:
    """Role -> the tensors that an attention call touches, as `count_bytes` takes them."""
    section, nodes = table.upload.section, table.nodes
    # tensors without elements span no memory
    return {
        "kv": [table.store.k, table.store.v],
        "q": [q],
        "o": [out],
        "partials": [table.partials],
        "lse": [table.lse],
        "mask": [section("word"), *([] if table.mask is None else [table.mask])],
        "index": [section(name) for name in ("item", "place", "start", "row", "slot", "size")]
        + ([] if nodes is None else [nodes.row_start, nodes.slots]),
    }


def count_attention(plan: Plan, geometry: Geometry, pack_heads: bool | None = None) -> Counted:
    """Run the kernels of a plan once in the interpreter, and count what they load and store.

    Args:
        plan: of one attention call. A KV tile takes about a millisecond for every program that walks it.
        geometry: of one layer, of 2 or 4 bytes an element.
        pack_heads: a program takes all query heads of a KV head; default: as the method does.

    Raises:
        AttentionError: the geometry has several layers, or elements of another size.
    """
    if geometry.n_layers != 1 or geometry.dtype_bytes not in DTYPES:
        raise AttentionError(
            f"{geometry.n_layers} layers with elements of {geometry.dtype_bytes} bytes; count one layer "
            "(`geometry.layer`) of 2 or 4 bytes an element, and multiply"
        )
    tree, dtype = plan.tree, DTYPES[geometry.dtype_bytes]
    generator = torch.Generator().manual_seed(0)
    q = torch.randn(tree.n_queries, geometry.n_q_heads, geometry.head_dim, generator=generator).to(dtype)
    pool = Pool(-(-tree.n_tokens // 16) + tree.n_nodes, 16, geometry, dtype=dtype, device="cpu", seed=1)
    slots = pool.take_tree(tree)
    k, v = torch.randn(2, tree.n_tokens, geometry.n_kv_heads, geometry.head_dim, generator=generator)
    pool.write(slots, k.to(dtype), v.to(dtype))
    method = find_method(plan.method)
    paged = method.layout == "paged"
    store = pool if paged else Unpaged.from_pool(pool, tree, "path" if method.copies else "none")
    table = lower_triton(plan, store, pack_heads, None, None)
    out = torch.empty_like(q)
    with count_bytes(roles(table, q, out)) as counted:
        attend_triton(q, table, 0, None, out)
    return counted
