"""Exercises of notebook 08: how often KV is requested, a grid that requests it once, and the best chunk."""

from ...cost import traffic
from ...geometry import LLAMA3_8B
from ...methods import plan_tree
from ..contract import Exercise
from ..kernel_runs import kernel_cases
from . import nb08_mutants as mutants
from .nb08_judges import (
    CHUNKS,
    PACKED_HEADS,
    ask_packing,
    chunk_cases,
    judge_chunk,
    judge_multiplier,
    judge_packing,
    multiplier_cases,
)

# --- solutions: the learner is shown the source of what the tests run


def multiplier(tree, n_q_heads, n_kv_heads, tile_rows):
    requested, held = 0, 0
    for node in range(tree.n_nodes):
        n_queries = tree.q_stop[node] - tree.q_first[node]
        if n_queries:
            tiles = -(-n_queries // tile_rows)  # rounded up
            requested += tree.length[node] * tiles
            held += tree.length[node]
    return n_q_heads / n_kv_heads * requested / held


def packing(n_q_heads, n_kv_heads, n_queries):
    heads = n_q_heads // n_kv_heads
    tile_rows = 16
    while tile_rows < heads * n_queries:
        tile_rows *= 2

    def rows(program, row):
        return program * heads + row % heads, row // heads

    return n_kv_heads, tile_rows, rows


def best_chunk(tree):
    def total(chunk_len):
        plan = plan_tree(tree, "deft_flatten", chunk_len=chunk_len)
        return traffic(plan, LLAMA3_8B.layer, "requested").total

    return min((16, 32, 64, 128, 256, 512), key=total)


EXERCISES = (
    Exercise(
        key="08.1",
        title="how many times is KV requested?",
        difficulty=3,
        importance=5,
        minutes=12,
        task="""
            Write `multiplier(tree, n_q_heads, n_kv_heads, tile_rows)`: how many times the K and V of the
            tree are requested by DeFT-Node as published. One program takes one query head, one node and at
            most `tile_rows` of the queries that see it. Divide by what is held: each KV head of each token
            that some query sees, once. `tree.q_stop[node] - tree.q_first[node]` queries see a node.
        """,
        skeleton=(
            "def multiplier(tree, n_q_heads, n_kv_heads, tile_rows):\n"
            "    # return KV requested / KV held\n"
            "    ..."
        ),
        hints=(
            "Two causes multiply. One is the same for all nodes, the other is larger for a crowded node.",
            """
            The heads give n_q_heads / n_kv_heads. A node that q queries see is read by ceil(q / tile_rows)
            programs of each head; weigh that with its tokens.
            """,
            """
            Sum `length * tiles` and `length` over the nodes that somebody sees, divide, and multiply with
            the factor of the heads. `-(-q // tile_rows)` rounds up.
            """,
        ),
        solution=multiplier,
        why="""
            **Why it is right.** A program reads all tokens of its node for its own query head. So a token is
            read by each query head, and for each tile of queries; only n_kv_heads of these reads are of
            different memory. Weighing by tokens matters: in a typical tree the crowded node is also the long
            one. `traffic(plan, geometry, "requested")` is this sum, with the bytes of all other roles.
        """,
        judge=judge_multiplier,
        cases=multiplier_cases,
        mutants=mutants.MULTIPLIER,
    ),
    Exercise(
        key="08.2",
        title="a grid that requests each byte once",
        difficulty=4,
        importance=5,
        minutes=20,
        task=f"""
            Change the grid and the tile of the kernel of notebook 7, so that it requests every byte of K and
            V once. Write `packing(n_q_heads, n_kv_heads, n_queries)`, where `n_queries` is the most queries
            that see one node. It returns `(programs, tile_rows, rows)`: the programs that share a node, the
            rows of a tile (a power of two), and a function `rows(program, row)` that says for each row of
            the tile which `(q_head, member)` it is: its query head, and which of the node's queries, from 0.
            As published, that is `(n_q_heads, 32, rows)` with `q_head = program` and `member = row`. The
            check runs your kernel in the counter, with {PACKED_HEADS[0]} query heads and
            {PACKED_HEADS[1]} KV heads: the outputs must stay right.
        """,
        skeleton=(
            "def packing(n_q_heads, n_kv_heads, n_queries):\n    # return programs, tile_rows, rows\n    ..."
        ),
        hints=(
            """
            A program reads one KV head. How many programs can a node have at least, and which query heads
            can then share a program?
            """,
            """
            `n_kv_heads` programs. The rows of a tile are then `heads = n_q_heads // n_kv_heads` query heads
            for each query. If a tile is too small for all queries of a node, the node is read again.
            """,
            """
            `q_head = program * heads + row % heads` and `member = row // heads`, side by side. Double
            `tile_rows`, from 16 on, until it holds `heads * n_queries` rows. Define `rows` inside.
            """,
        ),
        solution=packing,
        why="""
            **Why it is right.** The query heads of a KV head lie in one tile, and so they meet its K and V in
            one load. Nothing else of the kernel changes: a row is a row, whichever head it belongs to.
            FastTree (MLSys 2025) packs its tiles in this way, and so does `tree_waves`. What it costs: larger
            tiles hold more registers, fewer programs fill the GPU, and one tile cannot grow without end. That
            is why our kernels stop at 128 rows and read a very crowded node again.
        """,
        judge=judge_packing,
        cases=lambda: list(kernel_cases()),
        ask=ask_packing,
        mutants=mutants.PACKING,
        needs=("torch", "triton"),
    ),
    Exercise(
        key="08.3",
        title="the chunk that moves the fewest bytes",
        difficulty=2,
        importance=3,
        minutes=8,
        task=f"""
            Write `best_chunk(tree)`, which returns the chunk length, one of {", ".join(map(str, CHUNKS))},
            for which DeFT-Flatten requests the fewest bytes in a layer of Llama-3-8B. All roles count. Query
            heads are not packed. If several lengths are equally good, any of them is right.
        """,
        skeleton="def best_chunk(tree):\n    # return one of the chunk lengths\n    ...",
        hints=(
            "You have everything from the cells above: a loop over six lengths, the least of six numbers.",
            """
            `plan_tree(tree, "deft_flatten", chunk_len=n)` cuts the tree, `traffic(plan, layer, "requested")`
            counts; `.total` adds up all roles.
            """,
            "`min(lengths, key=total)`, where `total(n)` plans and counts for one length.",
        ),
        solution=best_chunk,
        why="""
            **Why it is right.** There is no formula to remember: the plan is made, and its bytes are counted.
            Short chunks pay in partials. Long ones gather the queries of many branches; beyond a tile of 32
            they read their tokens again. Where a tree never gathers so many, the longest chunk moves the
            fewest bytes, and leaves most of the GPU idle: bytes are not all.
        """,
        judge=judge_chunk,
        cases=chunk_cases,
        mutants=mutants.BEST_CHUNK,
    ),
)
