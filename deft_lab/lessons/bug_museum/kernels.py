"""Exhibits: grids and tiles that read memory again, and masks that are too small.

A program is written here as what it takes: (query heads or queries, KV head or None, tokens).
"""

from collections import Counter

import numpy as np

from .attention import RELEASED, attention_in_two_parts, softmax_attention
from .exhibit import Exhibit

# --- gqa_reload


def a_program_each_query_head(n_q_heads, n_kv_heads, n_tokens):
    share = n_q_heads // n_kv_heads
    return [((head,), head // share, range(n_tokens)) for head in range(n_q_heads)]


def a_program_each_kv_head(n_q_heads, n_kv_heads, n_tokens):
    share = n_q_heads // n_kv_heads
    return [(tuple(range(kv * share, (kv + 1) * share)), kv, range(n_tokens)) for kv in range(n_kv_heads)]


def two_programs_each_kv_head(n_q_heads, n_kv_heads, n_tokens):
    whole = a_program_each_kv_head(n_q_heads, n_kv_heads, n_tokens)
    halves = (range(n_tokens // 2), range(n_tokens // 2, n_tokens))
    return [(heads, kv, half) for heads, kv, _ in whole for half in halves]


def test_gqa_reload(programs):
    from collections import Counter

    requests = Counter()
    for _heads, kv_head, tokens in programs(8, 2, 5):
        requests.update((kv_head, token) for token in tokens)
    assert set(requests.values()) == {1}


def a_model_without_gqa(programs):
    requests = Counter((kv, token) for _, kv, tokens in programs(4, 4, 5) for token in tokens)
    assert set(requests.values()) == {1}


def every_head_meets_every_token(programs):
    met = {(head, token) for heads, _, tokens in programs(8, 2, 5) for head in heads for token in tokens}
    assert len(met) == 8 * 5


def as_many_programs_as_kv_heads(programs):
    assert len(programs(8, 2, 5)) == 2


GQA_RELOAD = Exhibit(
    key="gqa_reload",
    title="K and V loaded once for every query head",
    found=f"{RELEASED}: the grid has a program for each query head. Notebook 8 counts it.",
    did="""
        Query heads that share a KV head read the same K and V. With a program for each of them, Llama-3-8B
        requests four times the bytes, while the paper's account counts each token once. Outputs are right, so
        no test of outputs finds it.
    """,
    gets="""
        Your test gets `programs(n_q_heads, n_kv_heads, n_tokens)`, a list of programs, each `(query heads, KV
        head, tokens)`: what it reads, and for whom.
    """,
    defect=a_program_each_query_head,
    right=a_program_each_kv_head,
    also_right=(two_programs_each_kv_head,),
    test=test_gqa_reload,
    wrong_tests={
        "as many query heads as KV heads": a_model_without_gqa,
        "looks at the work, not at the reads": every_head_meets_every_token,
        "asks for one way to cut the work": as_many_programs_as_kv_heads,
    },
)

# --- tile_reload


def tiles_of_32(n_queries, n_tokens):
    return [(range(first, min(first + 32, n_queries)), range(n_tokens)) for first in range(0, n_queries, 32)]


def one_tile_that_fits(n_queries, n_tokens):
    return [(range(n_queries), range(n_tokens))]


def pieces_of_the_tokens(n_queries, n_tokens):
    return [(range(n_queries), range(i, min(i + 16, n_tokens))) for i in range(0, n_tokens, 16)]


def test_tile_reload(programs):
    from collections import Counter

    requests = Counter(token for _queries, tokens in programs(40, 10) for token in tokens)
    assert set(requests.values()) == {1}


def a_full_tile(programs):
    assert set(Counter(t for _, tokens in programs(32, 10) for t in tokens).values()) == {1}


def everybody_is_served(programs):
    assert len({(q, t) for queries, tokens in programs(40, 10) for q in queries for t in tokens}) == 400


def a_single_program(programs):
    assert len(programs(40, 40)) == 1


TILE_RELOAD = Exhibit(
    key="tile_reload",
    title="a node read again for every 32 queries",
    found=f"{RELEASED}: tiles hold 32 queries.",
    did="""
        A tree of speculation has 64 or 256 queries on its prompt. The prompt is read once for each tile of
        32, so eight times at 256. Two accounts of one log disagree about it: one counts the second read,
        the other does not.
    """,
    gets="""
        Your test gets `programs(n_queries, n_tokens)` of one node: a list of programs, each `(queries,
        tokens)`.
    """,
    defect=tiles_of_32,
    right=one_tile_that_fits,
    also_right=(pieces_of_the_tokens,),
    test=test_tile_reload,
    wrong_tests={
        "no more queries than a tile holds": a_full_tile,
        "looks at the work, not at the reads": everybody_is_served,
        "asks for a single program": a_single_program,
    },
)

# --- dropped_rows


def only_the_first_32(q, k, v):
    out = np.zeros_like(q)
    out[:32] = softmax_attention(q[:32], k, v)
    return out


def test_dropped_rows(attend):
    q, k, v = np.random.default_rng(0).normal(size=(3, 40, 4))
    one_by_one = np.concatenate([attend(q[i : i + 1], k, v) for i in range(40)])
    assert np.allclose(attend(q, k, v), one_by_one)


def thirty_two_queries(attend):
    q, k, v = np.random.default_rng(0).normal(size=(3, 32, 4))
    assert np.allclose(attend(q, k, v)[31:], attend(q[31:], k, v))


def the_first_row_of_many(attend):
    q, k, v = np.random.default_rng(0).normal(size=(3, 40, 4))
    assert np.allclose(attend(q, k, v)[0], attend(q[:1], k, v)[0])


def all_rows_are_different(attend):
    q, k, v = np.random.default_rng(0).normal(size=(3, 40, 4))
    assert (attend(q, k, v) == 0).all()


DROPPED_ROWS = Exhibit(
    key="dropped_rows",
    title="queries beyond the 32nd are dropped in silence",
    found=f"{RELEASED}: the kernels handle 32 queries for a bit mask, where the paper speaks of 64.",
    did="""
        A group with 40 queries gives 32 outputs and eight rows of whatever the memory held. Nothing is
        raised. A tree with few branches never shows it.
    """,
    gets="Your test gets `attend(q, k, v)` of one group, in which every query sees every token.",
    defect=only_the_first_32,
    right=softmax_attention,
    also_right=(attention_in_two_parts,),
    test=test_dropped_rows,
    wrong_tests={
        "no more than 32 queries": thirty_two_queries,
        "the first row only": the_first_row_of_many,
        "asks for zeros": all_rows_are_different,
    },
)

# --- mask_64


def one_word_a_token(seen):
    n_queries, n_tokens = seen.shape
    understood = np.zeros_like(seen)
    for token in range(n_tokens):
        word = 0
        for query in range(n_queries):
            word |= int(seen[query, token]) << query % 64  # a 64-bit shift takes its distance modulo 64
        understood[:, token] = [word >> query % 64 & 1 for query in range(n_queries)]
    return understood


def as_many_words_as_needed(seen):
    n_queries, n_tokens = seen.shape
    words = np.zeros((-(-n_queries // 64), n_tokens), dtype=np.uint64)
    for query in range(n_queries):
        words[query // 64] |= seen[query].astype(np.uint64) << np.uint64(query % 64)
    rows = [words[q // 64] >> np.uint64(q % 64) & np.uint64(1) for q in range(n_queries)]
    return np.array(rows, dtype=bool)


def lists_of_queries(seen):
    lists = [np.flatnonzero(column) for column in seen.T]
    understood = np.zeros_like(seen)
    for token, queries in enumerate(lists):
        understood[queries, token] = True
    return understood


def test_mask_64(understood):
    seen = np.zeros((70, 3), dtype=bool)
    seen[66, 1] = True
    assert (understood(seen) == seen).all()


def everybody_sees_everything(understood):
    assert understood(np.ones((70, 3), dtype=bool)).all()


def sixty_four_queries(understood):
    seen = np.random.default_rng(0).random((64, 3)) < 0.5
    assert (understood(seen) == seen).all()


def who_sees_is_not_forgotten(understood):
    seen = np.random.default_rng(0).random((70, 3)) < 0.5
    assert (understood(seen) | ~seen).all()


def is_contiguous(understood):
    seen = np.zeros((70, 3), dtype=bool)
    seen[66, 1] = True
    assert (understood(seen).sum(axis=0) == [1, 1, 1]).all()


MASK_64 = Exhibit(
    key="mask_64",
    title="a bit mask of 64 bits for 65 queries",
    found="the bit mask of DeFT-Flatten (arXiv 2404.00242, Algorithm 3): one 64-bit word for a token.",
    did="""
        Bit *i* of a token's word says whether query *i* sees the token. A shift by 64 is a shift by 0, so
        query 64 is taken for query 0: it attends to tokens of a branch that is not its own. `deft_lab`
        keeps an interval of queries instead, two numbers, however many there are.
    """,
    gets="""
        Your test gets `understood(seen)`: a table `[query, token]` of who shall see what, to the table that
        comes back out of the mask.
    """,
    defect=one_word_a_token,
    right=as_many_words_as_needed,
    also_right=(lists_of_queries,),
    test=test_mask_64,
    wrong_tests={
        "everybody sees everything": everybody_sees_everything,
        "64 queries": sixty_four_queries,
        "only that nobody is forgotten": who_sees_is_not_forgotten,
        "asks for what was not promised": is_contiguous,
    },
)

EXHIBITS = (GQA_RELOAD, TILE_RELOAD, DROPPED_ROWS, MASK_64)
