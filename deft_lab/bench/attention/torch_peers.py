"""PyTorch's own attention, as a user would call it on a tree.

sdpa_sequence: every query has a contiguous copy of its path; queries of one length are one batch.
sdpa_mask: one call, all queries with all tokens, and a dense boolean mask.
sdpa_mask_packed: the same with the query heads of a KV head as rows, so that K and V need no repetition.
flex_attention: compiled, with a BlockMask that skips what no query of a tile sees.
"""

from collections import defaultdict
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention as sdpa

from .inputs import Inputs, sees
from .subjects import Prepared, Subject


def prepare_sdpa_sequence(inputs: Inputs) -> Prepared:
    """A batched call for each length of a path."""
    of_length: dict[int, list[int]] = defaultdict(list)
    for query, tokens in enumerate(inputs.paths):
        of_length[len(tokens)].append(query)
    batches, rows = [], []
    for queries in of_length.values():
        slots = inputs.slots[np.stack([inputs.paths[query] for query in queries])]  # [query, token]
        row, where = inputs.upload(queries), inputs.upload(slots)
        k, v = inputs.k[where], inputs.v[where]  # [query, token, kv_head, dim]
        batches.append((inputs.q[row][:, :, None], k.transpose(1, 2), v.transpose(1, 2)))
        rows.append(row)

    def run() -> list[Tensor]:
        return [sdpa(q, k, v, enable_gqa=True) for q, k, v in batches]

    def result(outs: list[Tensor]) -> Tensor:
        whole = torch.empty_like(inputs.q)
        for row, out in zip(rows, outs, strict=True):
            whole[row] = out[:, :, 0]
        return whole

    return Prepared(run, result)


def prepare_sdpa_mask(inputs: Inputs) -> Prepared:
    """One dense call; K and V are repeated by the library, if its kernel needs that."""
    k, v = inputs.flat
    q, mask = inputs.q.transpose(0, 1)[None].contiguous(), sees(inputs)
    return Prepared(
        run=lambda: sdpa(q, k, v, attn_mask=mask, enable_gqa=True),
        result=lambda out: out[0].transpose(0, 1),
        host={"plan": lambda: sees(inputs)},
    )


def prepare_sdpa_mask_packed(inputs: Inputs) -> Prepared:
    """One dense call over the KV heads, with queries x q_per_kv rows each."""
    k, v = inputs.flat
    n_queries, n_q_heads, dim = inputs.q.shape
    q_per_kv = n_q_heads // k.shape[1]
    # [1, kv_head, query x q_per_kv, dim]
    q = inputs.q.view(n_queries, -1, q_per_kv, dim).transpose(0, 1).reshape(1, k.shape[1], -1, dim)
    mask = sees(inputs).repeat_interleave(q_per_kv, dim=0)

    def result(out: Tensor) -> Tensor:
        return out.view(-1, n_queries, q_per_kv, dim).transpose(0, 1).reshape(inputs.q.shape)

    return Prepared(
        run=lambda: sdpa(q, k, v, attn_mask=mask),
        result=result,
        host={"plan": lambda: sees(inputs).repeat_interleave(q_per_kv, dim=0)},
    )


def prepare_flex_attention(inputs: Inputs) -> Prepared:
    """Compiled FlexAttention; queries in preorder, so that visibility is two comparisons."""
    import torch._dynamo
    from torch.nn.attention.flex_attention import create_block_mask, flex_attention

    # each case has shapes of its own; without this the compiler gives up after eight of them
    torch._dynamo.reset()
    compiled = torch.compile(flex_attention, dynamic=False)
    k, v = inputs.flat
    q = inputs.q_preorder.transpose(0, 1)[None].contiguous()
    sees_token = visibility(inputs)
    size = (inputs.tree.n_queries, inputs.tree.n_tokens)

    def plan() -> object:
        return create_block_mask(sees_token, None, None, *size, device=q.device)

    mask = plan()
    return Prepared(
        run=lambda: compiled(q, k, v, block_mask=mask, enable_gqa=True),
        result=lambda out: inputs.callers(out[0].transpose(0, 1)),
        host={"plan": plan},
    )


def visibility(inputs: Inputs) -> Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]:
    """Whether a preorder query sees a token of the flattened tree, as a function of their numbers."""
    tree = inputs.tree
    first = inputs.upload(np.repeat(tree.q_first, tree.length), torch.int32)
    stop = inputs.upload(np.repeat(tree.q_stop, tree.length), torch.int32)

    def sees_token(batch: Tensor, head: Tensor, query: Tensor, token: Tensor) -> Tensor:
        return (first[token] <= query) & (query < stop[token])

    return sees_token


TORCH_PEERS = (
    Subject("sdpa_sequence", "peer", prepare_sdpa_sequence),
    Subject("sdpa_mask", "peer", prepare_sdpa_mask),
    Subject("sdpa_mask_packed", "peer", prepare_sdpa_mask_packed),
    Subject("flex_attention", "peer", prepare_flex_attention),
)
