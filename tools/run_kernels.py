"""Run every kernel once, at small sizes, for a checker of memory accesses and races to watch.

    PYTORCH_NO_CUDA_MEMORY_CACHING=1 compute-sanitizer --tool memcheck python tools/run_kernels.py
    PYTORCH_NO_CUDA_MEMORY_CACHING=1 compute-sanitizer --tool racecheck python tools/run_kernels.py

Without PyTorch's caching allocator every tensor is an allocation of its own, so that a read one row too far
is seen.
"""

import torch

from deft_lab import METHODS, Geometry, Pool, load_tree, ops, plan_tree
from deft_lab.kv import Unpaged


def main() -> None:
    """Run all methods, packed and not, on two small trees, from pages, in a row and in whole tiles."""
    n_calls = 0
    for name in ("odd_seats", "reasoning_keyword"):
        tree = load_tree(name)
        for geometry, page_size, seed in (
            (Geometry(8, 2, 128), 16, 1),
            (Geometry(6, 2, 80), 1, None),
            (Geometry(4, 1, 64), 1, None),
        ):
            pool = Pool(
                tree.n_tokens + tree.n_nodes,
                page_size,
                geometry,
                dtype=torch.bfloat16,
                device="cuda",
                seed=seed,
            )
            heads = (tree.n_tokens, geometry.n_kv_heads, geometry.head_dim)
            k, v = torch.randn(2, *heads, device="cuda").bfloat16()
            slots = torch.as_tensor(pool.take_tree(tree), device="cuda")
            ops.write(k, v, pool, slots)
            ops.move(pool, slots[:3], slots[-3:])
            q = torch.randn(tree.n_queries, geometry.n_q_heads, geometry.head_dim, device="cuda").bfloat16()
            for method, found in METHODS.items():
                copies = "path" if found.copies else "none"
                store = pool if found.layout == "paged" else Unpaged.from_pool(pool, tree, copies)
                for pack_heads in (None,) if found.packs_heads else (None, True):
                    table = ops.lower(plan_tree(tree, method), store, backend="triton", pack_heads=pack_heads)
                    out = ops.attend(q, table)
                    torch.cuda.synchronize()
                    assert out.isfinite().all(), (method, pack_heads)
                    n_calls += 1
    print(f"{n_calls} calls, all outputs finite")


if __name__ == "__main__":
    main()
