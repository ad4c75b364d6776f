"""The bytes that kernels move, counted in the interpreter, are those of the account `requested` to the byte.

The account is a closed form of plan and tile sizes (deft_lab/cost/requested.py), the count sees addresses.
"""

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("triton")

from counting import MIXED, NAMED, few_heads, kv_steps, random_step, roles, small_cases  # noqa: E402
from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from trees import TREES, trees  # noqa: E402

from deft_lab import METHODS, Geometry, Tree, ops, traffic  # noqa: E402
from deft_lab.ahead import recorded_launches  # noqa: E402
from deft_lab.counter import count_bytes  # noqa: E402
from deft_lab.kernels import deft_node  # noqa: E402

every_method = pytest.mark.parametrize("method", METHODS)
BF16, F16, F32 = torch.bfloat16, torch.float16, torch.float32
GEOMETRIES = [
    (4, 2, 16, BF16), (6, 2, 80, BF16), (8, 8, 32, F16), (16, 1, 64, BF16), (2, 1, 256, F16), (3, 1, 96, F32),
]  # fmt: skip
LABELS = [f"{q}x{kv}x{dim}" for q, kv, dim, _ in GEOMETRIES]
LLAMA3 = (32, 8)


def count(step, table):
    """What one attention call moves."""
    out = torch.full_like(step.q, float("nan"))
    with count_bytes(roles(table, step.q, out)) as counted:
        ops.attend(step.q, table, out=out)
    assert out.isfinite().all()
    return counted


def check(step, method, *, pack_heads=None, paged=False, **options):
    """Lower, count, and compare every role with the closed form."""
    table = step.lower(method, pack_heads=pack_heads, paged=paged, **options)
    counted = count(step, table)
    _, n_q_heads, dim = step.q.shape
    geometry = Geometry(n_q_heads, step.k.shape[1], dim, dtype_bytes=step.q.element_size())
    model = traffic(table.plan, geometry, "requested", pack_heads=pack_heads, flat=table.flat)
    assert counted.traffic(method).by_role() == model.by_role()
    return table, counted


@pytest.mark.parametrize(("tree", "method"), small_cases(60))
def test_every_named_tree(tree, method):
    check(random_step(NAMED[tree], few_heads(NAMED[tree]), dtype=BF16), method)


@every_method
@pytest.mark.parametrize("geometry", GEOMETRIES, ids=LABELS)
@pytest.mark.parametrize("pack_heads", [None, True], ids=["as it is", "packed"])
def test_every_geometry(geometry, method, pack_heads):
    *heads, dim, dtype = geometry
    check(random_step(MIXED, tuple(heads), dim, dtype=dtype), method, pack_heads=pack_heads)


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=LABELS)
@pytest.mark.parametrize("tree", ["one token", "two leaves", "root without tokens", "lopsided"])
def test_whole_tiles_where_the_pool_is_in_order(tree, geometry):
    *heads, dim, dtype = geometry
    table, _ = check(random_step(NAMED[tree], tuple(heads), dim, dtype=dtype, flat=True), "tree_waves")
    assert table.flat == (dim & (dim - 1) == 0)


@every_method
@settings(max_examples=12)
@given(
    tree=trees(most_nodes=9),
    geometry=st.sampled_from([(1, 1, 16, F32), (4, 2, 16, BF16), (3, 1, 32, F16), (2, 1, 80, BF16)]),
    flat=st.booleans(),
    pack=st.sampled_from([None, True]),
    chunk_len=st.sampled_from([16, 128]),
)
def test_drawn_trees(method, tree, geometry, flat, pack, chunk_len):
    *heads, dim, dtype = geometry
    step = random_step(tree, tuple(heads), dim, dtype=dtype, flat=flat)
    options = {} if method in ("tree_mask", "deft_node", "tree_waves") else {"chunk_len": chunk_len}
    if method == "tree_waves":
        options = {"n_sms": chunk_len}
    check(step, method, pack_heads=pack, **options)


@pytest.mark.parametrize(("method", "flat"), [*((name, False) for name in METHODS), ("tree_waves", True)])
def test_the_geometry_and_tiles_that_are_timed(method, flat):
    """Heads, dtype and tile sizes of the benchmarks (Llama-3-8B): a whole KV tile and a short one."""
    step = random_step(Tree([-1, 0, 0], [70, 3, 5]), LLAMA3, 128, dtype=BF16, flat=flat)
    table, _ = check(step, method)
    with recorded_launches() as launches:
        ops.attend(step.q, table)
    tiles = {launch.constexprs["BLOCK_N"] for launch in launches if "BLOCK_N" in launch.constexprs}
    assert tiles <= {64, 128} and tiles


@every_method
def test_orders_of_queries_cost_one_row_number_a_load(method):
    preorder, permuted = Tree([-1, 0, 0], [70, 3, 66]), Tree([-1, 0, 0], [70, 3, 66], seat=[2, 1])
    table, plain = check(random_step(preorder), method)
    turned_table, turned = check(random_step(permuted), method)
    assert (table.bucket.permuted, turned_table.bucket.permuted) == (False, True)
    assert turned.bytes("index") > plain.bytes("index")
    assert turned.bytes("kv") == plain.bytes("kv")


@pytest.mark.parametrize("seats", [1, 16, 17, 33, 100])
@every_method
def test_many_queries_on_a_node(method, seats):
    check(random_step(Tree([-1, 0], [20, 5], seat=[0] * seats), (2, 1)), method)
    check(random_step(Tree([-1, 0], [20, 5], seat=[0] * seats), (2, 1)), method, pack_heads=True)


@pytest.mark.parametrize("ratio", [1, 8, 16])
@pytest.mark.parametrize("flat", [False, True], ids=["slots", "flat"])
def test_our_own_plan_with_other_heads_than_it_was_made_for(ratio, flat):
    tree = Tree([-1, 0, 0], [70, 3, 66], seat=[1] * 20 + [2] * 5)
    check(random_step(tree, (ratio, 1), flat=flat), "tree_waves")


def test_rows_of_scores_longer_than_the_softmax_holds_are_read_twice(monkeypatch):
    from deft_lab.cost import requested
    from deft_lab.ops import launches

    for module in (requested, launches):
        monkeypatch.setattr(module, "SOFTMAX_ROW", 64)
        monkeypatch.setattr(module, "ROW_PIECE", 32)
    assert kv_steps(MIXED, "tree_mask") == 3
    check(random_step(MIXED), "tree_mask")


@every_method
def test_partials_are_stored_once_and_read_once(method):
    options = {"chunk_len": 128} if method == "radix" else {}
    _, counted = check(random_step(TREES["lopsided"], (2, 1)), method, **options)
    moved = counted.by_role()
    if METHODS[method].fused:
        assert moved["partials"].loaded == moved["partials"].stored > 0
        assert moved["lse"].loaded == moved["lse"].stored > 0
    else:
        assert moved["partials"].loaded == moved["partials"].stored  # four matrices each way
    for role in ("kv", "q", "mask", "index"):
        assert moved[role].stored == 0, role
    assert (moved["o"].loaded, moved["o"].stored) == (0, 4 * 2 * 16 * 4)  # query, head, dim, bytes


def test_packed_heads_ask_for_a_quarter_of_the_kv_bytes():
    """Llama-3-8B: 4 query heads read a KV head. One program for each of them asks for its K and V 4 times."""
    step = random_step(TREES["random"], (8, 2), dtype=BF16)
    _, apart = check(step, "deft_flatten")
    _, packed = check(step, "deft_flatten", pack_heads=True)
    assert apart.bytes("kv") == 4 * packed.bytes("kv")
    # the tree's 334 tokens, K and V, 2 KV heads of 16 elements, 2 bytes
    assert packed.bytes("kv") == packed.unique_bytes("kv") == 334 * 2 * 2 * 16 * 2


def test_each_token_is_read_by_every_query_tile_once():
    """70 queries on a node are 3 tiles of 32: the root's 130 tokens are read 3 times, the 70 leaves' once."""
    _, counted = check(random_step(TREES["more than 64 queries on a node"], (1, 1), dtype=BF16), "deft_node")
    assert counted.bytes("kv") == (3 * 130 + 70) * 2 * 16 * 2
    assert counted.unique_bytes("kv") == 200 * 2 * 16 * 2


def test_the_lines_that_load_k_and_v_carry_their_bytes():
    """As a notebook shows it: which line of which file moves what."""
    step = random_step(MIXED, dtype=BF16)
    _, counted = check(step, "deft_node")
    lines = {(Path(line.file).name, line.op, line.role): [] for line in counted.by_line()}
    for line, moved in counted.by_line().items():
        lines[Path(line.file).name, line.op, line.role].append((line.text, moved.bytes))
    ((text, n_bytes),) = lines["attend.py", "load", "kv"]
    assert text == "x = tl.load(ptr + offset[:, None] + d[None, :], mask=ok[:, None], other=0.0)"
    assert n_bytes == counted.bytes("kv")
    source = Path(deft_node.__file__).read_text()
    assert source.count("load_tokens(") == 2  # K and V: the two lines that lead there
    ((text, n_bytes),) = (row for row in lines["deft_node.py", "load", "index"] if "slot_ptr" in row[0])
    # every KV row needs its slot: 4 bytes for K and V together, of 2 x 16 elements of 2 bytes
    assert n_bytes * 16 == counted.bytes("kv")
    assert text.startswith("slot = tl.load(slot_ptr + kv_first + n")
    assert {(file, role) for file, op, role in lines if op == "store"} == {
        ("attend.py", "partials"), ("attend.py", "lse"), ("reduce.py", "o"),
    }  # fmt: skip
