"""The peers get the tree: PyTorch's on the CPU, FlashInfer's with a stand-in for the library."""

import sys
import types

import numpy as np
import pytest
import torch
from benching import distance, every_tree, inputs_of

from deft_lab import Tree
from deft_lab.bench.attention import peers
from deft_lab.bench.attention.flashinfer_peers import FLASHINFER_PEERS, cascade_levels
from deft_lab.bench.attention.peers import PEERS


@every_tree
@pytest.mark.parametrize("name", ["sdpa_sequence", "sdpa_mask", "sdpa_mask_packed"])
def test_pytorchs_attention_is_called_rightly(tree, name):
    inputs = inputs_of(tree)
    prepared = PEERS[name].prepare(inputs)
    out = prepared.result(prepared.run())
    assert out.shape == inputs.q.shape and distance(out, inputs) < 1e-5
    for call in prepared.host.values():
        call()


class StandIn:
    """A wrapper with the calling convention of FlashInfer's: plan with compressed rows, then run."""

    def __init__(self, *_, device=None, use_tensor_cores=None, backend="fa2"):
        assert use_tensor_cores in (None, True) and backend == "fa2"

    def plan(self, *tables, custom_mask=None, causal=False, q_data_type, kv_data_type):
        *starts, self.pages, last = tables[: 4 if isinstance(tables[3], torch.Tensor) else 3]
        heads = tables[len(starts) + 2 :]
        self.kv_start = starts[-1].tolist()
        self.q_start = starts[0].tolist() if len(starts) == 2 else list(range(len(self.kv_start)))
        assert (last == 1).all() and heads == (8, 2, 16, 1) and not causal
        assert q_data_type == kv_data_type == torch.float32 and self.pages.dtype == torch.int32
        assert min(np.diff(self.kv_start)) > 0, "FlashInfer fails on empty requests"
        self.mask = custom_mask

    def run(self, q, paged, out, lse=None, return_lse=False):
        assert self.q_start[-1] == len(q), "a level leaves a query out"
        lse = torch.empty(q.shape[:2]) if lse is None else lse
        for i in range(len(self.kv_start) - 1):
            rows = slice(self.q_start[i], self.q_start[i + 1])
            pages = self.pages[self.kv_start[i] : self.kv_start[i + 1]].long()
            k, v = (x[pages, 0].repeat_interleave(4, dim=1) for x in paged)
            scores = torch.einsum("mhd,thd->mht", q[rows], k) * q.shape[2] ** -0.5
            if self.mask is not None:
                scores = scores.masked_fill(~self.mask.view(len(q), 1, -1), -torch.inf)
            lse[rows] = scores.logsumexp(-1)
            out[rows] = torch.einsum("mht,thd->mhd", scores.softmax(-1), v)
        return (out, lse) if return_lse else out


class BatchStandIn(StandIn):
    """Of the persistent kernel: lengths instead of last pages, two head sizes, and both results."""

    def plan(self, q_start, kv_start, pages, lengths, *heads, **dtypes):
        assert lengths.tolist() == np.diff(kv_start.tolist()).tolist() and heads == (8, 2, 16, 16, 1)
        super().plan(q_start, kv_start, pages, torch.ones_like(lengths), 8, 2, 16, 1, **dtypes)

    def run(self, *args, **options):
        return super().run(*args, **options, return_lse=True)


def merge_in_place(out, lse, other, other_lse):
    total = torch.logaddexp(lse, other_lse)
    out.copy_(out * (lse - total).exp()[..., None] + other * (other_lse - total).exp()[..., None])
    lse.copy_(total)


@pytest.fixture
def flashinfer(monkeypatch):
    stand_in = types.SimpleNamespace(
        BatchDecodeWithPagedKVCacheWrapper=StandIn,
        BatchPrefillWithPagedKVCacheWrapper=StandIn,
        BatchAttention=BatchStandIn,
        merge_state_in_place=merge_in_place,
    )
    monkeypatch.setitem(sys.modules, "flashinfer", stand_in)


@every_tree
@pytest.mark.parametrize("peer", FLASHINFER_PEERS, ids=lambda peer: peer.name)
def test_flashinfer_gets_the_tree(tree, peer, flashinfer):
    inputs = inputs_of(tree)
    prepared = peer.prepare(inputs)
    assert distance(prepared.result(prepared.run()), inputs) < 1e-5
    prepared.host["plan"]()


def test_a_cascade_shares_level_by_level_where_all_seats_are_equally_deep():
    #   0: 4 ──┬── 1: 2 ──┬── 2: 1 (query 0)
    #          │          └── 3: 1 (query 1)
    #          └── 4: 3 ───── 5: 1 (query 2)
    tree = Tree([-1, 0, 1, 1, 0, 4], [4, 2, 1, 1, 3, 1])
    levels = [(x.q_start.tolist(), x.kv_start.tolist(), x.token.tolist()) for x in cascade_levels(tree)]
    assert levels == [
        ([0, 3], [0, 4], [0, 1, 2, 3]),
        ([0, 2, 3], [0, 2, 5], [4, 5, 8, 9, 10]),
        ([0, 1, 2, 3], [0, 1, 2, 3], [6, 7, 11]),
    ]


def test_elsewhere_a_cascade_shares_the_root():
    #   0: 4 ──┬── 1: 2 (query 0)
    #          └── 2: 3 ── 3: 1 (query 1)
    levels = cascade_levels(Tree([-1, 0, 0, 2], [4, 2, 3, 1]))
    assert [level.token.tolist() for level in levels] == [[0, 1, 2, 3], [4, 5, 6, 7, 8, 9]]
    assert levels[1].kv_start.tolist() == [0, 2, 6]


def test_a_query_on_the_root_leaves_a_cascade_nothing_to_share():
    #   0: 4 (query 0) ──┬── 1: 2 (query 1)
    #                    └── 2: 3 ── 3: 1 (query 2)
    (level,) = cascade_levels(Tree([-1, 0, 0, 2], [4, 2, 3, 1], seat=[0, 1, 3]))
    assert level.kv_start.tolist() == [0, 4, 10, 18]


def test_a_peer_that_is_not_installed_is_left_out_and_said(monkeypatch):
    monkeypatch.setattr(peers, "find_spec", lambda name: None)
    there, left_out = peers.importable(list(PEERS.values()))
    assert [peer.name for peer in there] == [
        "sdpa_sequence",
        "sdpa_mask",
        "sdpa_mask_packed",
        "flex_attention",
    ]
    assert len(left_out) == 4 and "flashinfer is not installed" in left_out["flashinfer_cascade"]
