"""Exercises of notebook 05: closed forms of the bytes that the kernels ask for, term by term."""

from ..contract import Exercise
from . import nb05_mutants as mutants
from .nb05_judges import (
    CHUNK,
    LEAST_SHARING,
    MOST_NODES,
    TILE,
    judge_kv,
    judge_losing_tree,
    judge_partials,
    judge_unfused,
    layer_cases,
)

# --- solutions: the learner is shown the source of what the tests run


def kv_bytes(tree, geometry):
    radix = sum(tree.length[v] for seat in tree.seat for v in tree.path(seat))
    tiles = [-(-n // 32) for n in tree.q_stop - tree.q_first]  # rounded up
    node = sum(tree.length[v] * tiles[v] for v in range(tree.n_nodes))
    token = 2 * geometry.head_dim * geometry.dtype_bytes  # K and V, for one head
    return radix * token * geometry.n_q_heads, node * token * geometry.n_q_heads


def partial_bytes(tree, geometry):
    seen = [tree.length[v] for seat in tree.seat for v in tree.path(seat)]
    node = sum(n > 0 for n in seen)
    chunk = sum(-(-n // 128) for n in seen)
    row = 4 * (geometry.head_dim + 1) * geometry.n_q_heads  # an output and its LSE, for all heads
    return tuple(2 * row * n if n > tree.n_queries else 0 for n in (node, chunk))


def unfused_bytes(tree, geometry):
    mask = tree.n_queries * tree.n_tokens * geometry.dtype_bytes
    scores = 8 * mask * geometry.n_q_heads
    return mask, scores


def losing_tree():
    return [3] + [3] * 64


# --- the exercises

EXERCISES = (
    Exercise(
        key="05.1",
        title="the KV term, twice",
        difficulty=3,
        importance=5,
        minutes=12,
        task=f"""
            Write `kv_bytes(tree, geometry)`, which returns a pair `(radix, deft_node)`: the bytes of K and V
            that all programs of one layer load together. There is a program for each *query head*, and it
            loads the K and the V of its KV head, `geometry.head_dim` numbers of `geometry.dtype_bytes` each,
            for every token of its group. A group of `radix` is a query with its whole path; a group of
            `deft_node` is a node with all queries that see it. A program has room for {TILE} queries: with
            more of them, a node's group takes several programs, and each loads all of the node again.
        """,
        skeleton="def kv_bytes(tree, geometry):\n    # return radix, deft_node\n    ...",
        hints=(
            """
            Count tokens first, bytes afterwards. For `radix`, how many tokens do all queries see together?
            For `deft_node`, how often is each node loaded?
            """,
            f"""
            Node `v` is seen by `tree.q_stop[v] - tree.q_first[v]` queries, which fill so many programs of
            {TILE}, rounded up: in Python, `-(-n // {TILE})`. A node that nobody sees is loaded by nobody, and
            this gives 0 for it.
            """,
            """
            A program loads `2 * geometry.head_dim * geometry.dtype_bytes` bytes for each token. All that is
            left is the number of programs that are equal but for their head: `geometry.n_q_heads`.
            """,
        ),
        solution=kv_bytes,
        why="""
            **Why it is right.** Both are a sum over programs, sorted by what is equal. `radix` loads the path
            of each query, so its tokens are `tree.n_path_tokens`. `deft_node` loads node v once for each
            tile of queries, which is where sharing begins to fray: from the 33rd query on, twice. Neither
            credits grouped-query attention: the query heads of one KV head ask for the same bytes, each on
            its own. A program that takes them all together, as `pack_heads` says, removes that factor.
        """,
        judge=judge_kv,
        cases=layer_cases,
        mutants=mutants.KV_BYTES,
    ),
    Exercise(
        key="05.2",
        title="the price of cutting: partials",
        difficulty=3,
        importance=4,
        minutes=12,
        task=f"""
            Write `partial_bytes(tree, geometry)`, which returns a pair `(node, chunk)` for one layer: the
            bytes of partials that `deft_node`, and `deft_node_chunk` with its chunks of {CHUNK} tokens, write
            and read again. Each query leaves a partial in each group that it belongs to, for each query
            head: `geometry.head_dim` numbers and one LSE, all of 4 bytes. They are written once, and read
            once by the reduction. If every query has just one partial, that is its result, and nothing is
            written or read.
        """,
        skeleton="def partial_bytes(tree, geometry):\n    # return node, chunk\n    ...",
        hints=(
            "How many groups does one query belong to? Walk down its path.",
            f"""
            With `deft_node`, one for each node of its path that holds a token. With `deft_node_chunk`, a
            node of n tokens is n / {CHUNK} groups, rounded up, and none if n is 0.
            """,
            """
            Add up the groups of all queries: that is the number P of partials. If P is the number of queries,
            the answer is 0, else `2 * P * 4 * (geometry.head_dim + 1) * geometry.n_q_heads`.
            """,
        ),
        solution=partial_bytes,
        why=f"""
            **Why it is right.** A query needs a partial from every group that holds a piece of its path, so P
            is a sum over paths again, this time of pieces and not of tokens. Every piece costs the same,
            however short it is: with a head of 128 numbers about as much as the KV of two tokens of that
            head. So the partials of a chunk of {CHUNK} tokens weigh little if two queries see it, 4 tokens'
            worth, and half as much as the chunk itself if {TILE} do. (Where heads are packed, its KV is
            loaded once for all of them, and partials weigh more beside it: notebook 4.) To cut a thought of
            three tokens never pays.
        """,
        judge=judge_partials,
        cases=layer_cases,
        mutants=mutants.PARTIAL_BYTES,
    ),
    Exercise(
        key="05.3",
        title="the price of not fusing",
        difficulty=2,
        importance=3,
        minutes=8,
        task="""
            Write `unfused_bytes(tree, geometry)`, which returns a pair `(mask, scores)` for one layer in the
            account `paper`. Tree attention with a dense mask lets every query meet every token of the tree,
            in five launches: QK^T writes a matrix of scores for each query head; *scale*, *mask* and
            *softmax* each read it and write it anew; PV reads it. An element has `geometry.dtype_bytes`.
            The mask, one row for each query and one column for each token, is the same for all heads and
            read once.
        """,
        skeleton="def unfused_bytes(tree, geometry):\n    # return mask, scores\n    ...",
        hints=(
            "How many elements has the matrix of one head? And how often does a whole matrix cross memory?",
            "Written four times, read four times. Rows are queries, columns are all tokens of the tree.",
            """
            The mask is `tree.n_queries * tree.n_tokens * geometry.dtype_bytes`. The scores are 8 times that,
            for each of `geometry.n_q_heads` heads.
            """,
        ),
        solution=unfused_bytes,
        why="""
            **Why it is right.** QK^T writes once, PV reads once, and the three launches between them do both:
            four and four. The famous mask is only one part in `8 * n_q_heads + 1` of what a dense mask costs.
            Fused kernels keep the scores on the chip, and need neither.
        """,
        judge=judge_unfused,
        cases=layer_cases,
        mutants=mutants.UNFUSED_BYTES,
    ),
    Exercise(
        key="05.4",
        title="draw a tree on which sharing does not pay",
        difficulty=4,
        importance=4,
        minutes=12,
        task=f"""
            Draw a tree of at most {MOST_NODES} nodes whose sharing ratio is at least {LEAST_SHARING}, and on
            which `radix` still asks for fewer bytes than `deft_node` and `deft_flatten`: all roles together,
            account `requested`, a layer of Llama-3-8B, heads not packed. Write it as a nested list,
            `[length, child, child, ...]`.
        """,
        skeleton="losing_tree = ...  # a nested list",
        hints=(
            """
            What do the DeFT methods pay that `radix` does not? Look at the roles in the table, and ask on
            which trees they weigh more than the KV that is saved.
            """,
            f"""
            Partials cost the same for a short piece as for a long one, and a node with more than {TILE}
            queries is loaded several times. So: short pieces, and many queries.
            """,
            """
            A root of L tokens with W leaves of L tokens shares nearly twofold, whatever L is. Choose W above
            32, and make L smaller until `radix` wins.
            """,
        ),
        solution=losing_tree,
        why="""
            **Why it is right.** 64 queries see 3 + 3 tokens each. `radix` loads those six and is done: one
            partial a query is the result. Split by node, every query leaves two partials, and each of them
            costs, written and read, as much as the KV of two tokens of its head. That is four tokens' worth
            of partials, to save less than three tokens' worth of KV. Sharing pays where the shared pieces are
            long.
        """,
        judge=judge_losing_tree,
        mutants=mutants.LOSING_TREE,
    ),
)
