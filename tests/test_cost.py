"""Accounts against brute force and published numbers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_trace import traces
from trees import TREES, trees

from deft_lab import LLAMA3_8B, METHODS, Geometry, Trace, Tree, build_tree, flops, plan_tree, traffic
from deft_lab.builders.growth import few_shot_growth
from deft_lab.cost import ACCOUNTS, ROLES, Counts, count, count_run, run_traffic, step_traffic
from deft_lab.cost.requested import open_tokens
from deft_lab.errors import DeftLabError

GEOMETRY = Geometry(n_q_heads=6, n_kv_heads=2, head_dim=8, n_layers=5)
methods = st.sampled_from(sorted(METHODS))


def by_hand(plan, account: str, geometry: Geometry, pack_heads: bool = False) -> dict[str, int | None]:
    """The bytes of a plan, by walking its groups, layers and heads one at a time."""
    if account == "requested":
        walk = in_five_launches if plan.method == "tree_mask" else in_two_phases
        packed = pack_heads or plan.method == "tree_waves"
        one_layer = walk(plan, geometry, geometry.q_per_kv if packed else 1)
        return {role: n_bytes * geometry.n_layers for role, n_bytes in one_layer.items()}
    tree = plan.tree
    d, e, layers = geometry.head_dim, geometry.dtype_bytes, geometry.n_layers
    queries, stored = tree.n_queries, sum(n.length for n in tree.nodes)
    paths = sum(tree.nodes[i].length for seat in tree.seat for i in tree.path(int(seat)))
    out: dict[str, int | None] = dict.fromkeys(ROLES)
    if account == "unique":
        out["kv"] = 2 * stored * d * e * geometry.n_kv_heads * layers
        out["q"] = out["o"] = queries * d * e * geometry.n_q_heads * layers
        return out
    unit = geometry.n_q_heads * layers * e
    tokens = paths if plan.method in ("flash_decoding", "radix") else stored
    if account == "logged" and plan.method in ("deft_node", "deft_node_chunk", "deft_tree_index"):
        tokens = sum(node.length * -(-len(node.queries) // 32) for node in tree.nodes)
    out["kv"] = 2 * d * tokens * unit
    out["partials"] = out["mask"] = 0
    if plan.method == "tree_mask":
        out["partials"] = (8 if account == "paper" else 10) * queries * stored * unit
        out["mask"] = queries * stored * layers * e
    if plan.method in ("deft_flatten", "tree_waves"):
        out["mask"] = (8 if plan.method == "deft_flatten" else 4) * stored * layers
    return out


def in_two_phases(plan, geometry: Geometry, heads: int) -> dict[str, int]:
    """What the programs of one layer load and store; each takes `heads` query heads of a tile of queries."""
    tree, d, e = plan.tree, geometry.head_dim, geometry.dtype_bytes
    step = {"flash_decoding": 1, "radix": 1, "tree_waves": 64 // heads}.get(plan.method, 32)
    if heads > 1 and plan.method != "tree_waves":
        step = min(step, 128 // heads)
    item_fields = {"deft_flatten": 6, "tree_waves": 6, "deft_tree_index": 7}.get(plan.method, 5)
    partial_element = e if plan.method == "tree_waves" else 4
    groups_of = [sum(query in group.queries for group in plan.groups) for query in range(tree.n_queries)]
    reduced = max(groups_of) > 1  # else phase 1 writes O and there is no phase 2
    turned = tree.query_order.tolist() != list(range(tree.n_queries))
    out = dict.fromkeys(ROLES, 0)
    for group in plan.groups:
        words = words_of(plan, group)
        for first in range(0, len(group.queries), step):
            rows = len(group.queries[first : first + step]) * heads
            for _ in range(geometry.n_q_heads // heads):
                out["kv"] += 2 * group.kv_len * d * e
                out["q"] += rows * d * e
                out["mask"] += words
                slots = 0 if plan.method == "flash_decoding" else group.kv_len
                out["index"] += 4 * (item_fields + slots + rows * turned)
                if reduced:
                    out["index"] += 4 * rows  # places
                    out["partials"] += partial_element * rows * d
                    out["lse"] += 4 * rows
                else:
                    out["index"] += 4 * rows * turned
    for n_partials in groups_of:
        for _ in range(geometry.n_q_heads):
            out["o"] += d * e
            if reduced:
                out["index"] += 4 * (2 + turned)  # where its places begin and end, and the caller's row
                out["partials"] += n_partials * partial_element * d
                out["lse"] += n_partials * 4
    return out


def words_of(plan, group) -> int:
    """Bytes of mask words that a program of this group loads."""
    if plan.method == "deft_flatten":
        return 8 * group.kv_len
    if plan.method != "tree_waves":
        return 0
    paths = [plan.tree.path(int(plan.tree.seat[query])) for query in group.queries]
    open_to_all = [
        all(chunk.node in path for path in paths)
        for chunk in group.chunks
        for _ in range(chunk.start, chunk.stop)
    ]
    tiles = [open_to_all[first : first + 64] for first in range(0, group.kv_len, 64)]
    # whole tiles of open tokens at the beginning need no word; all tokens behind them have one
    while tiles and len(tiles[0]) == 64 and all(tiles[0]):
        tiles.pop(0)
    return 4 * sum(map(len, tiles))


def in_five_launches(plan, geometry: Geometry, heads: int) -> dict[str, int]:
    """What QK^T, scale, mask, softmax and PV of `tree_mask` load and store in one layer."""
    tree, d, e = plan.tree, geometry.head_dim, geometry.dtype_bytes
    [tokens] = plan.kv_len.tolist()
    turned = tree.query_order.tolist() != list(range(tree.n_queries))
    columns = tokens + -tokens % 8  # rows of scores are moved in pieces of 16 bytes
    assert columns <= 4096, "scale, mask and softmax hold such a row at once"
    seen = [
        token
        for node in range(tree.n_nodes)
        if tree.q_first[node] < tree.q_stop[node]
        for token in range(tree.start[node], tree.start[node + 1])
    ]
    looked_up = seen != list(range(tokens))  # the copy of the tree also holds tokens that nobody sees
    out = dict.fromkeys(ROLES, 0)

    def row_counts(most_rows: int) -> list[int]:
        queries = range(tree.n_queries)
        tiles = [queries[i : i + most_rows // heads] for i in range(0, tree.n_queries, most_rows // heads)]
        return [len(tile) * heads for tile in tiles for _ in range(geometry.n_q_heads // heads)]

    for rows in row_counts(64):  # QK^T, a program for each KV tile of 64 tokens
        for first in range(0, tokens, 64):
            out["index"] += 4 * (2 + rows * turned + looked_up * len(range(tokens)[first : first + 64]))
            out["q"] += rows * d * e
            out["kv"] += len(range(tokens)[first : first + 64]) * d * e
            out["partials"] += rows * len(range(columns)[first : first + 64]) * e
    for _ in range(
        tree.n_queries * geometry.n_q_heads
    ):  # scale, mask, softmax: each reads a row and writes it
        out["index"] += 3 * 4 * 2
        out["partials"] += 3 * 2 * columns * e
        out["mask"] += columns * e
    for rows in row_counts(16):  # PV
        out["index"] += 4 * (2 + rows * turned + looked_up * tokens)
        out["partials"] += rows * columns * e
        out["kv"] += tokens * d * e
        out["o"] += rows * d * e
    return out


@settings(max_examples=300)
@given(trees(most_nodes=100), methods, st.sampled_from(ACCOUNTS))
def test_every_account_is_what_walking_the_plan_counts(tree, method, account):
    plan = plan_tree(tree, method)
    assert traffic(plan, GEOMETRY, account).by_role() == by_hand(plan, account, GEOMETRY)


@given(trees(most_nodes=100), methods)
def test_packing_heads_divides_the_kv_by_the_gqa_ratio(tree, method):
    plan = plan_tree(tree, method)
    packed = traffic(plan, GEOMETRY, pack_heads=True)
    assert packed.by_role() == by_hand(plan, "requested", GEOMETRY, pack_heads=True)
    if method == "tree_waves":  # it never does otherwise
        assert packed == traffic(plan, GEOMETRY)
    elif method != "tree_mask":  # its tiles hold 64 rows either way, of fewer queries if heads are packed
        assert traffic(plan, GEOMETRY).kv == GEOMETRY.q_per_kv * packed.kv


@given(trees(), methods)
def test_no_method_requests_less_than_the_floor(tree, method):
    if (tree.q_stop == tree.q_first).any():
        return  # tokens that nobody sees are stored, but not requested
    plan = plan_tree(tree, method)
    assert traffic(plan, GEOMETRY, pack_heads=True).kv >= traffic(plan, GEOMETRY, "unique").kv


@given(traces(), methods, st.sampled_from(ACCOUNTS))
def test_the_bytes_of_a_run_are_the_sum_of_its_steps(trace, method, account):
    steps = [traffic(plan_tree(tree, method), GEOMETRY, account) for tree in trace.trees()]
    total = steps[0]
    for step in steps[1:]:
        total = total + step
    assert run_traffic(trace, method, GEOMETRY, account) == total
    assert list(step_traffic(trace, method, GEOMETRY, account)) == steps
    counted = Counts()
    for tree in trace.trees():
        counted += count(tree)
    assert count_run(trace) == counted


@given(trees(), methods)
def test_useful_operations_do_not_depend_on_the_method(tree, method):
    found = flops(plan_tree(tree, method), GEOMETRY)
    assert found.useful == 4 * 8 * 6 * 5 * sum(tree.n_path_tokens_of_query.tolist())
    assert found.computed >= found.useful
    if method in ("flash_decoding", "radix", "deft_node", "deft_node_chunk", "deft_tree_index"):
        assert found.computed == found.useful


def test_tree_mask_computes_every_pair():
    tree = TREES["lopsided"]
    assert (
        flops(plan_tree(tree, "tree_mask"), LLAMA3_8B).computed
        == 4 * 128 * 32 * 32 * tree.n_queries * tree.n_tokens
    )


# --- published numbers, GB per step on Llama-3-8B


@pytest.mark.parametrize(
    ("tree", "method", "account", "kv_gb", "digits"),
    [
        ("few-shot 20", "radix", "paper", 44.04, 2),
        ("few-shot 20", "deft_flatten", "paper", 4.19, 2),
        ("few-shot 20", "radix", "unique", 1.05, 2),
        ("star 256", "radix", "paper", 537.0, 1),
        ("star 256", "deft_flatten", "paper", 2.23, 2),
        ("star 256", "deft_node", "logged", 16.91, 2),
        ("star 256", "deft_node_chunk", "logged", 16.91, 2),
        ("star 256", "deft_flatten", "logged", 2.23, 2),
        ("star 256", "deft_flatten", "requested", 17.5, 1),
        ("star 256", "deft_flatten", "unique", 0.56, 2),
    ],
)
def test_worked_examples(tree, method, account, kv_gb, digits):
    made = {
        "few-shot 20": build_tree("few_shot", prompt=4000, width=20, length=200),
        "star 256": build_tree("star", width=256, prompt=4000),
    }[tree]
    assert round(traffic(plan_tree(made, method), LLAMA3_8B, account).kv / 1e9, digits) == kv_gb


def test_bytes_of_a_token():
    one = Tree([-1], [1])
    assert traffic(plan_tree(one, "radix"), LLAMA3_8B, "paper").kv == 524_288
    assert traffic(plan_tree(one, "radix"), LLAMA3_8B, "unique").kv == 131_072
    assert LLAMA3_8B.kv_bytes_per_token == 4096


def test_the_first_notebooks_ratio():
    tree, layer = build_tree("few_shot", prompt=4000, width=20, length=20), LLAMA3_8B.layer
    per_branch = traffic(plan_tree(tree, "radix"), layer, pack_heads=True).kv
    by_node = traffic(plan_tree(tree, "deft_node"), layer, pack_heads=True).kv
    assert (round(per_branch / 1e6, 1), round(by_node / 1e6, 1)) == (329.3, 18.0)
    assert round(per_branch / by_node, 2) == 18.27 == round(tree.sharing, 2)


def test_query_tiles_read_kv_again():
    # 40 queries on a node of 256 tokens, tiles of 32: 2 x 256 + 320 tokens are read where 576 are stored
    tree = build_tree("few_shot", prompt=256, width=40, length=8)
    plan = plan_tree(tree, "deft_node")
    ratio = traffic(plan, LLAMA3_8B).kv / traffic(plan, LLAMA3_8B, "unique").kv
    assert ratio == 4 * (2 * 256 + 320) / 576 and round(ratio, 2) == 5.78


def test_a_role_that_is_not_counted_is_none_and_left_out_of_the_total():
    moved = traffic(plan_tree(TREES["two leaves"], "deft_flatten"), GEOMETRY, "paper")
    assert moved.q is None and moved.lse is None and moved.index is None
    assert moved.total == moved.kv + moved.partials + moved.mask


def test_the_bytes_of_two_leaves_worked_out_on_paper():
    #   0: 7 tokens ──┬── 1: 2 tokens, query 0        6 query heads of 8 elements of 2 bytes, so a row of a
    #                 └── 2: 3 tokens, query 1        head has 16 bytes; 2 KV heads; 5 layers
    # one group of 12 tokens with 2 queries: no partials, and each of 6 programs loads 12 rows of K and of V,
    # 2 rows of Q, 12 words of 8 bytes, and 4 bytes each of 6 fields and 12 slots
    flatten = traffic(plan_tree(TREES["two leaves"], "deft_flatten"), GEOMETRY)
    assert flatten.by_role() == {
        "kv": 5 * 6 * 2 * 12 * 16, "q": 5 * 6 * 2 * 16, "o": 5 * 6 * 2 * 16,
        "partials": 0, "lse": 0, "mask": 5 * 6 * 12 * 8, "index": 5 * 6 * (6 + 12) * 4,
    }  # fmt: skip
    # 3 groups of 7, 2 and 3 tokens, with 2 + 1 + 1 = 4 partials in each of 6 heads; a partial has 8 floats
    # and an LSE, written and read. Each of 2 x 6 programs of phase 2 reads where its places begin and end
    node = traffic(plan_tree(TREES["two leaves"], "deft_node"), GEOMETRY)
    assert node.by_role() == {
        "kv": 5 * 6 * 2 * 12 * 16, "q": 5 * 6 * 4 * 16, "o": 5 * 6 * 2 * 16,
        "partials": 5 * 6 * 4 * 2 * 32, "lse": 5 * 6 * 4 * 2 * 4, "mask": 0,
        "index": 5 * 6 * 4 * (3 * 5 + 12 + 4 + 2 * 2),
    }  # fmt: skip
    # heads packed: 2 programs with 3 heads each; the 7 open tokens fill no tile of 64, so all 12 have a word
    waves = traffic(plan_tree(TREES["two leaves"], "tree_waves"), GEOMETRY)
    assert waves.by_role() == {
        "kv": 5 * 2 * 2 * 12 * 16, "q": 5 * 6 * 2 * 16, "o": 5 * 6 * 2 * 16,
        "partials": 0, "lse": 0, "mask": 5 * 2 * 12 * 4, "index": 5 * 2 * (6 + 12) * 4,
    }  # fmt: skip
    # in one piece of memory it loads whole tiles, here the 12 rows that lie behind slot 0; 7 fields, no slot
    flat = traffic(plan_tree(TREES["two leaves"], "tree_waves"), GEOMETRY, flat=True)
    assert flat.by_role() == waves.by_role() | {"index": 5 * 2 * 7 * 4}


def test_open_tokens_are_those_before_the_first_that_some_query_does_not_see():
    # two leaves: root 7 tokens, then 2 that query 0 sees, then 3 that query 1 sees
    tree = TREES["two leaves"]
    assert open_tokens(plan_tree(tree, "deft_node")).tolist() == [7, 2, 3]
    assert open_tokens(plan_tree(tree, "deft_flatten")).tolist() == [7]
    # 7 + 1 tokens, then the rest of the first leaf and the second: neither is open to both
    assert open_tokens(plan_tree(tree, "deft_flatten", chunk_len=8)).tolist() == [7, 0]
    assert open_tokens(plan_tree(tree, "deft_flatten", chunk_len=9)).tolist() == [7, 3]


def test_partials_of_tree_waves_have_the_width_of_kv():
    # a prompt that 20 queries see, in 16 bits: 2 bytes an element where the published methods have 4
    tree = build_tree("few_shot", prompt=4000, width=20, length=200)
    plan, layer = plan_tree(tree, "tree_waves"), LLAMA3_8B.layer
    assert traffic(plan, layer).partials == 2 * 2 * 128 * 32 * plan.n_partials
    assert traffic(plan, layer).lse == 2 * 4 * 32 * plan.n_partials


@pytest.mark.parametrize("method", [m for m in METHODS if m != "tree_waves"])
def test_only_tree_waves_reads_whole_tiles(method):
    with pytest.raises(DeftLabError, match=f"flat is a way of 'tree_waves' to read KV; '{method}' has none"):
        traffic(plan_tree(TREES["two leaves"], method), GEOMETRY, flat=True)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda p: traffic(p, LLAMA3_8B, "papers"),
            "no account 'papers'; choose one of paper, logged, requested, unique",
        ),
        (
            lambda p: traffic(p, LLAMA3_8B, "paper", pack_heads=True),
            "account 'paper' does not know pack_heads",
        ),
        (lambda p: run_traffic(few_shot_growth(), "node", LLAMA3_8B), "no method 'node'; choose one of"),
        (
            lambda p: run_traffic(Trace(Tree([-1], [1]), (), 0), "radix", LLAMA3_8B, "requested"),
            "the trace has no step",
        ),
        (
            lambda p: traffic(p, LLAMA3_8B, "paper") + traffic(p, LLAMA3_8B, "logged"),
            "cannot add logged/deft_flatten to paper/deft_flatten",
        ),
    ],
)
def test_what_cannot_be_counted_is_refused(call, message):
    with pytest.raises(DeftLabError, match=message):
        call(plan_tree(TREES["two leaves"]))
