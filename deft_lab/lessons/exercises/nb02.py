"""Exercises of notebook 02: the arrays of three groupings, their mask words, and a check of a plan."""

from ..contract import Exercise
from . import nb02_mutants as mutants
from .nb02_judges import (
    chunk_cases,
    judge_chunks,
    judge_flatten,
    judge_node_arrays,
    judge_verdict,
    judge_words,
    plan_cases,
    slot_cases,
    word_cases,
)

# --- solutions: the learner is shown the source of what the tests run


def node_arrays(tree, slots):
    kv, kv_offset, kv_len, q, q_offset, q_len = [], [], [], [], [], []
    for node in range(tree.n_nodes):
        queries = range(tree.q_first[node], tree.q_stop[node])
        if tree.length[node] == 0 or len(queries) == 0:
            continue
        first = tree.start[node]
        kv_offset.append(len(kv))
        kv_len.append(tree.length[node])
        kv.extend(slots[first : first + tree.length[node]])
        q_offset.append(len(q))
        q_len.append(len(queries))
        q.extend(queries)
    return kv, kv_offset, kv_len, q, q_offset, q_len


def chunk_groups(tree, chunk_len):
    groups = []
    for node in range(tree.n_nodes):
        queries = list(range(tree.q_first[node], tree.q_stop[node]))
        for start in range(0, tree.length[node], chunk_len):
            stop = min(start + chunk_len, tree.length[node])
            if queries:
                groups.append((node, start, stop, queries))
    return groups


def flatten_groups(tree, chunk_len):
    flat = []
    for node in range(tree.n_nodes):
        if tree.q_first[node] < tree.q_stop[node]:
            flat += [(tree.start[node] + i, node) for i in range(tree.length[node])]
    groups = []
    for first in range(0, len(flat), chunk_len):
        piece = flat[first : first + chunk_len]
        queries = set()
        for node in {node for _, node in piece}:
            queries |= set(range(tree.q_first[node], tree.q_stop[node]))
        groups.append(([token for token, _ in piece], sorted(queries)))
    return groups


def mask_words(tree, nodes, queries):
    words = []
    for node in nodes:
        word = 0
        for bit, query in enumerate(queries):
            if tree.q_first[node] <= query < tree.q_stop[node]:
                word |= 1 << bit
        words.append(word)
    return words


def is_exact(tree, groups):
    met = {}
    for tokens, queries in groups:
        for query in queries:
            for token in tokens:
                met[query, token] = met.get((query, token), 0) + 1
    wanted = {
        (query, tree.start[node] + i): 1
        for query, seat in enumerate(tree.seat)
        for node in tree.path(seat)
        for i in range(tree.length[node])
    }
    return met == wanted


# --- the exercises

EXERCISES = (
    Exercise(
        key="02.1",
        title="the six arrays of DeFT-Node",
        difficulty=3,
        importance=5,
        minutes=12,
        task="""
            Write `node_arrays(tree, slots)`, which returns the six arrays of DeFT-Node as lists, in this
            order: `KV_indices`, `KV_indices_offset`, `KV_len`, `KVMapQ_List`, `KVMapQ_List_Offset`,
            `KVMapQ_List_Len`. One group for each node that holds tokens and is seen by some query.
            `slots[t]` is the slot of token t; the tokens of `node` are `tree.start[node]` and the
            `tree.length[node] - 1` that follow. The queries that see it are `tree.q_first[node]` up to, not
            including, `tree.q_stop[node]`.
        """,
        skeleton=(
            "def node_arrays(tree, slots):\n    # return kv, kv_offset, kv_len, q, q_offset, q_len\n    ..."
        ),
        hints=(
            """
            Six empty lists and one loop over the nodes. Two of the lists get one entry for each token or
            query, four get one entry for each group.
            """,
            """
            The offset of a group is the length that the long list has *before* you extend it. So append the
            offset first.
            """,
            """
            In the loop: skip a node without tokens or queries; `kv_offset.append(len(kv))`,
            `kv_len.append(tree.length[node])`, `kv.extend(slots[first : first + tree.length[node]])` with
            `first = tree.start[node]`; then the same three lines for the queries.
            """,
        ),
        solution=node_arrays,
        why="""
            **Why it is right.** A node's tokens are seen by the same queries, so a node is a group in which
            everybody meets everything, and no mask is needed. Rows of different lengths are laid end to
            end, and offset and length say where a row lies: the form of a sparse matrix in compressed rows.
            Program g of the kernel reads entry g of four arrays, and from there its slots and its queries.
        """,
        judge=judge_node_arrays,
        cases=slot_cases,
        mutants=mutants.NODE_ARRAYS,
    ),
    Exercise(
        key="02.2",
        title="cut long nodes into chunks",
        difficulty=2,
        importance=4,
        minutes=8,
        task="""
            Write `chunk_groups(tree, chunk_len)` for DeFT-Node-Chunk. It returns a list of
            `(node, start, stop, queries)`: tokens `start` up to, not including, `stop` *of that node*, and
            the list of the queries that see it. A chunk has `chunk_len` tokens; only the last one of a node
            may have fewer.
        """,
        skeleton=(
            "def chunk_groups(tree, chunk_len):\n"
            "    # return [(node, start, stop, [query, ...]), ...]\n"
            "    ..."
        ),
        hints=(
            "Two loops: over the nodes, and inside over the places where a chunk of that node begins.",
            "`range(0, tree.length[node], chunk_len)` counts where the chunks begin. Where do they end?",
            """
            `stop = min(start + chunk_len, tree.length[node])`; the queries are
            `list(range(tree.q_first[node], tree.q_stop[node]))`. Leave a node out that nobody sees.
            """,
        ),
        solution=chunk_groups,
        why="""
            **Why it is right.** The chunks of a node are disjoint and cover it, and each has all queries of
            the node, so every pair still meets exactly once. A long node becomes many programs of equal
            work. A short node stays a short program, and that is what flatten mends.
        """,
        judge=judge_chunks,
        cases=chunk_cases,
        mutants=mutants.CHUNK_GROUPS,
    ),
    Exercise(
        key="02.3",
        title="flatten: cut across the nodes",
        difficulty=3,
        importance=5,
        minutes=12,
        task="""
            Write `flatten_groups(tree, chunk_len)` for DeFT-Flatten. Lay the tokens of all nodes end to end
            (token numbers do that already: node after node, depth first), leave out those that no query
            sees, and cut after every `chunk_len` tokens. Return `[(tokens, queries), ...]`: the token
            numbers of a group, and all queries that see *at least one* of them.
        """,
        skeleton=(
            "def flatten_groups(tree, chunk_len):\n    # return [([token, ...], [query, ...]), ...]\n    ..."
        ),
        hints=(
            "First one long list of pairs `(token, node)`; then slices of it. A cut knows nothing of nodes.",
            """
            The queries of a slice are a union: over its nodes, those from `tree.q_first[node]` up to
            `tree.q_stop[node]`. A set makes sure that each is there once.
            """,
            """
            `flat += [(tree.start[node] + i, node) for i in range(tree.length[node])]` for each node that is
            seen; then for `first` in `range(0, len(flat), chunk_len)` take `flat[first : first + chunk_len]`
            and collect its tokens and the union of its nodes' queries.
            """,
        ),
        solution=flatten_groups,
        why="""
            **Why it is right.** Slices of one list hold each token once, and all but the last are of one
            length. A query of the union need not see every token of the group, so this plan is exact only
            together with a mask that says who sees what: the next exercise.
        """,
        judge=judge_flatten,
        cases=chunk_cases,
        mutants=mutants.FLATTEN_GROUPS,
    ),
    Exercise(
        key="02.4",
        title="the mask words",
        difficulty=3,
        importance=4,
        minutes=10,
        task="""
            Write `mask_words(tree, nodes, queries)`. `nodes[j]` is the node of the group's j-th token,
            `queries` is the list of the group's queries, at most 64. Return one whole number for each
            token: its bit i is 1 if the query `queries[i]` sees the token, else 0. Bit 0 is the lowest.
        """,
        skeleton=(
            "def mask_words(tree, nodes, queries):\n    # return one whole number for each token\n    ..."
        ),
        hints=(
            "Bit i belongs to the i-th query *of the group's list*, not to query number i.",
            "`1 << bit` is a number with that one bit set; `word |= 1 << bit` sets it in `word`.",
            """
            For each node: begin with `word = 0`; for `bit, query in enumerate(queries)`, set the bit if
            `tree.q_first[node] <= query < tree.q_stop[node]`.
            """,
        ),
        solution=mask_words,
        why="""
            **Why it is right.** The bit's place is the query's place in the group, which is all that a
            program knows of it. A word of 64 bits has room for 64 queries, so a group of more is cut into
            several tiles, each with its own words. (Written with numpy's 32-bit integers, `1 << 32` would
            be 1 or 0: one of the errors that the check looks for.)
        """,
        judge=judge_words,
        cases=word_cases,
        mutants=mutants.MASK_WORDS,
        tried="case",
    ),
    Exercise(
        key="02.5",
        title="prove that a plan is exact",
        difficulty=3,
        importance=5,
        minutes=10,
        task="""
            Write `is_exact(tree, groups)`. `groups` is a list of `(tokens, queries)`; within a group, every
            query meets every token. Return `True` if every query meets every token of its path exactly
            once, and no token that it does not see; else `False`.
        """,
        skeleton="def is_exact(tree, groups):\n    # return True or False\n    ...",
        hints=(
            """
            Count how often each pair of a query and a token meets. Then compare with how often it should.
            """,
            """
            A dict with the keys `(query, token)` counts pairs. What must it hold? Walk every query's path:
            `tree.path(tree.seat[query])`.
            """,
            """
            Build `wanted` with the value 1 for every `(query, tree.start[node] + i)` along the path, and
            `met` by counting in the groups. They must be equal as dicts: that finds missing, doubled and
            foreign pairs alike.
            """,
        ),
        solution=is_exact,
        why="""
            **Why it is right.** Softmax attention sums over a *set* of tokens. A pair that is missing or
            doubled changes the sum, and so does a foreign one, and nothing else can go wrong before the
            arithmetic begins. The library's `check_plan` proves the same without looking at single tokens.
        """,
        judge=judge_verdict,
        cases=plan_cases,
        mutants=mutants.IS_EXACT,
        tried="case",
    ),
)
