"""tree_attention on a GPU against the float64 oracle. Needs no hypothesis: GPU images have pytest alone."""

import numpy as np
import pytest
import torch

from deft_lab import METHODS, Geometry, Pool, Tree, build_tree, load_tree, plan_tree, tree_attention
from deft_lab.attention import dense_attention
from deft_lab.errors import AttentionError

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU"),
    pytest.mark.usefixtures("poisoned_empty"),
]

TREES: dict[str, Tree] = {
    "few-shot": build_tree("few_shot", prompt=700, width=20, length=30),
    "medusa": build_tree("medusa", prompt=300),
    "star of 256": build_tree("star", width=256, prompt=500),
    "random": load_tree("random_100"),
    "odd seats": load_tree("odd_seats"),
    "reasoning": load_tree("reasoning_keyword"),
}
TOLERANCE = {torch.float32: 1e-5, torch.bfloat16: 3e-3, torch.float16: 3e-3}


def filled(tree: Tree, dtype: torch.dtype, page_size: int, device: str = "cuda"):
    """(q, pool, k, v) with Llama-3-like heads; q, k and v on the CPU."""
    generator = torch.Generator().manual_seed(0)
    q = torch.randn(tree.n_queries, 8, 64, generator=generator).to(dtype)
    k, v = torch.randn(2, tree.n_tokens, 2, 64, generator=generator).to(dtype)
    n_pages = tree.n_tokens + tree.n_nodes
    pool = Pool(n_pages, page_size, Geometry(8, 2, 64), dtype=dtype, device=device, seed=1)
    pool.write(pool.take_tree(tree), k.to(device), v.to(device))
    return q, pool, k, v


@pytest.mark.parametrize("page_size", [1, 16])
@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("name", TREES)
def test_every_method_agrees_with_the_oracle(name, dtype, page_size):
    tree = TREES[name]
    q, pool, k, v = filled(tree, dtype, page_size)
    reference = dense_attention(*(x.double().numpy() for x in (q, k, v)), tree)
    for method, found in METHODS.items():
        out = tree_attention(q.cuda(), plan_tree(tree, method), pool)
        assert out.dtype == dtype and out.isfinite().all()
        error = np.linalg.norm(out.double().cpu().numpy() - reference) / np.linalg.norm(reference)
        if found.fused or dtype == torch.float32:
            assert error <= TOLERANCE[dtype], (method, error)


def test_runs_are_repeatable_to_the_bit():
    q, pool, _, _ = filled(TREES["random"], torch.bfloat16, 16)
    plan = plan_tree(TREES["random"])
    assert torch.equal(tree_attention(q.cuda(), plan, pool), tree_attention(q.cuda(), plan, pool))


def test_queries_on_another_device_than_the_kv_are_refused():
    q, pool, _, _ = filled(TREES["odd seats"], torch.float32, 1)
    with pytest.raises(AttentionError, match="q is torch.float32 on cpu, the KV torch.float32 on cuda:0"):
        tree_attention(q, plan_tree(TREES["odd seats"]), pool)
