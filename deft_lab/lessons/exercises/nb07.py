"""Exercises of notebook 07: the lines that were taken out of a kernel."""

from typing import Any

from ..contract import Exercise
from ..kernel_runs import kernel_cases
from . import nb07_mutants as mutants
from .nb07_judges import ask_piece, judge_run


class _Language:
    """triton.language, imported when a solution runs: the lessons load without Triton."""

    def __getattr__(self, name: str) -> Any:
        import triton.language

        return getattr(triton.language, name)


tl = _Language()

# --- solutions: the learner is shown the source of what the tests run


def kv_offset(slot, q_head, n_q_heads, n_kv_heads, dim):
    kv_head = q_head // (n_q_heads // n_kv_heads)
    return (slot * n_kv_heads + kv_head) * dim


def scores(q, k, inside, scale):
    s = tl.dot(q, tl.trans(k)) * scale
    return tl.where(inside[None, :], s, float("-inf"))


def meet(s, v, m, total, acc):
    m_new = tl.maximum(m, tl.max(s, 1))
    p = tl.exp(s - m_new[:, None])
    decay = tl.exp(m - m_new)
    total = total * decay + tl.sum(p, 1)
    acc = acc * decay[:, None] + tl.dot(p, v)
    return m_new, total, acc


def store(out_ptr, lse_ptr, m, total, acc, q_head, place, ok, n_places, dim):
    at = q_head * n_places + place
    d = tl.arange(0, dim)
    tl.store(lse_ptr + at, m + tl.log(total), mask=ok)
    out = acc / total[:, None]
    tl.store(out_ptr + at[:, None] * dim + d[None, :], out, mask=ok[:, None])


KERNEL = {"cases": lambda: list(kernel_cases()), "judge": judge_run, "needs": ("torch", "triton")}

EXERCISES = (
    Exercise(
        key="07.1",
        title="where does this token's key begin?",
        difficulty=2,
        importance=5,
        minutes=10,
        task="""
            Gaps 1 and 2: the **GQA head map** and the **pointer offset**. `k_ptr` points to an array
            `[slot, kv_head, dim]`, one number after the other. Write
            `kv_offset(slot, q_head, n_q_heads, n_kv_heads, dim)`, which returns how many *numbers* behind
            `k_ptr` the key begins that query head `q_head` needs of the token in `slot`. Query heads next to
            each other share a KV head; `slot` is a whole tile of slots, and so is the result.
        """,
        skeleton=(
            "def kv_offset(slot, q_head, n_q_heads, n_kv_heads, dim):\n"
            "    # gap 1: kv_head, which of the KV heads query head q_head reads\n"
            "    # gap 2: return the offset, in numbers, of row [slot, kv_head]\n"
            "    ..."
        ),
        hints=(
            """
            Two steps. With 4 query heads and 2 KV heads, heads 0 and 1 read KV head 0, heads 2 and 3 read
            KV head 1. And before row [slot, kv_head] lie all rows of the slots below, and the heads below.
            """,
            """
            `n_q_heads // n_kv_heads` query heads share a KV head, so a whole-number division gives the KV
            head. A slot holds `n_kv_heads` rows of `dim` numbers.
            """,
            "`kv_head = q_head // (n_q_heads // n_kv_heads)`; then rows before it, times `dim`.",
        ),
        solution=kv_offset,
        why="""
            **Why it is right.** Slot `slot` begins after `slot * n_kv_heads` rows, and KV head `kv_head` of
            it `kv_head` rows later; a row has `dim` numbers. The map of heads divides, because neighbours
            share. Query head in the place of KV head is the classic slip: in a model whose heads are not
            shared the two are the same, so it passes every test there. `load_tokens` in kernels/attend.py is
            this line, in 64 bits: in a large pool the offset outgrows 32.
        """,
        ask=ask_piece("kv_offset", heads=(6, 2)),
        mutants=mutants.KV_OFFSET,
        **KERNEL,
    ),
    Exercise(
        key="07.2",
        title="scores of a tile",
        difficulty=2,
        importance=5,
        minutes=10,
        task="""
            Gaps 3 and 4: the **scale** and the **mask**. Write `scores(q, k, inside, scale)`, which returns
            the tile of scores `[row, token]`: `q` is `[row, dim]`, `k` is `[token, dim]`, and `inside` is
            True for the tokens that belong to the group. The last tile of a group is rarely full: of the
            tokens past its end, `k` holds zeros, and they must get no weight at all.
        """,
        skeleton=(
            "def scores(q, k, inside, scale):\n"
            "    # gap 3: s, the scaled products of all rows with all tokens\n"
            "    # gap 4: return s, where tokens that are not inside can have no weight\n"
            "    ..."
        ),
        hints=(
            "`tl.dot` multiplies two tiles, and `tl.trans` turns one around. What has weight 0 in a softmax?",
            """
            A key of zeros has a score of 0, and exp(0) is 1: a weight like any other. A score of minus
            infinity has weight exp(-inf) = 0. `tl.where(condition, a, b)` chooses number by number.
            """,
            '`tl.where(inside[None, :], s, float("-inf"))`: `[None, :]` lays the tokens along the columns.',
        ),
        solution=scores,
        why="""
            **Why it is right.** Loading zeros past the end keeps a kernel out of foreign memory, but it is no
            mask: a zero key still takes part in the softmax. Only minus infinity is weightless. A group whose
            length is a multiple of the tile never shows the difference, which is why the check has others.
        """,
        ask=ask_piece("scores"),
        mutants=mutants.SCORES,
        **KERNEL,
    ),
    Exercise(
        key="07.3",
        title="the next tile",
        difficulty=4,
        importance=5,
        minutes=15,
        task="""
            Gap 5: the **rescale**. So far each row has met some tokens: `m` is their largest score, `total`
            is the sum of exp(score - m), and `acc` is the sum of exp(score - m) times value. Write
            `meet(s, v, m, total, acc)`, which takes in one more tile, its scores `s` `[row, token]` and its
            values `v` `[token, dim]`, and returns the new `m, total, acc`.
        """,
        skeleton=(
            "def meet(s, v, m, total, acc):\n"
            "    # gap 5: the new maximum, the old sums brought to it, the new terms added\n"
            "    # return m, total, acc\n"
            "    ..."
        ),
        hints=(
            "It is notebook 3's merge, with a tile on one side. What are the old sums relative to?",
            """
            `m_new = tl.maximum(m, tl.max(s, 1))`. Old terms are exp(score - m) and should be
            exp(score - m_new): which factor takes one to the other?
            """,
            """
            `decay = tl.exp(m - m_new)` for both sums, `decay[:, None]` for `acc`; and `p = tl.exp(s -
            m_new[:, None])` for the tile, with `tl.sum(p, 1)` and `tl.dot(p, v)`.
            """,
        ),
        solution=meet,
        why="""
            **Why it is right.** exp(score - m_new) = exp(score - m) exp(m - m_new): one factor a row brings
            everything that was summed to the new maximum, `total` and `acc` alike. If the first tile holds
            the largest score, the factor is 1 and a missing rescale goes unnoticed; if it holds none yet,
            m is -1e30 and the factor is 0, so nothing need be special about the first tile.
        """,
        ask=ask_piece("meet"),
        mutants=mutants.MEET,
        **KERNEL,
    ),
    Exercise(
        key="07.4",
        title="write the partial down",
        difficulty=3,
        importance=4,
        minutes=12,
        task="""
            Gap 6: the **store**. All tokens are met. Write `store(out_ptr, lse_ptr, m, total, acc, q_head,
            place, ok, n_places, dim)`, which writes each row's output to `out_ptr`, an array
            `[q_head, place, dim]`, and its natural log-sum-exp to `lse_ptr`, an array `[q_head, place]`.
            `place` says for each row where its partial goes; rows that are not `ok` are empty seats of the
            tile and must write nothing. `tl.store(pointers, values, mask=...)` stores a tile.
        """,
        skeleton=(
            "def store(out_ptr, lse_ptr, m, total, acc, q_head, place, ok, n_places, dim):\n"
            "    # gap 6: store the output and the LSE of every row that is ok\n"
            "    ..."
        ),
        hints=(
            "`acc` and `total` are both relative to `m`. Which of the two results still depends on m?",
            """
            The output is `acc / total`, where m cancels; the LSE is log(total) with m put back. Row
            [q_head, place] is number `q_head * n_places + place`.
            """,
            """
            With `at = q_head * n_places + place` and `d = tl.arange(0, dim)`, the pointers are
            `lse_ptr + at` and `out_ptr + at[:, None] * dim + d[None, :]`, the masks `ok` and `ok[:, None]`.
            """,
        ),
        solution=store,
        why="""
            **Why it is right.** log sum exp(score) = m + log sum exp(score - m). The mask matters as much as
            the numbers: an empty seat's place belongs to the next group's partial, or lies behind the array.
            On a GPU nobody stops such a store; it spoils somebody else's result, now and then.
        """,
        ask=ask_piece("store"),
        mutants=mutants.STORE,
        returns=False,
        **KERNEL,
    ),
)
