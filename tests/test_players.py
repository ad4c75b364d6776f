"""Players: steps are pure, forth and back are one, and their numbers are the library's."""

import json
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest
from pictures import SVG, check_document
from trees import TREES

from deft_lab import METHODS, Tree, build_tree, load_tree, plan_tree
from deft_lab.attention import dense_attention, partial_attention, reduce_partials
from deft_lab.errors import DeftLabError, PlanError
from deft_lab.widgets import StepPlayer, play_grouping, play_partial, play_reduction
from deft_lab.widgets.players import cuts
from deft_lab.widgets.players.grouping import grouping_script
from deft_lab.widgets.players.slices import recorded, two_tiles
from deft_lab.widgets.players.softmax import Head, walk

TREE = Tree([-1, 0, 1, 1, 0, 4], [12, 5, 3, 4, 6, 2])
PLAYERS = {
    "grouping": lambda: play_grouping(TREE, "deft_flatten", chunk_len=8),
    "waves": lambda: play_grouping(load_tree("odd_seats"), "tree_waves"),
    "partial": play_partial,
    "reduction": play_reduction,
}
every_player = pytest.mark.parametrize("make", PLAYERS.values(), ids=PLAYERS)


def arrays(tree: Tree, heads: tuple[int, int] = (4, 2), dim: int = 8):
    rng = np.random.default_rng(0)
    k, v = rng.normal(size=(2, tree.n_tokens, heads[1], dim))
    return rng.normal(size=(tree.n_queries, heads[0], dim)), k, v


@every_player
def test_what_a_step_shows_does_not_depend_on_the_way_there(make):
    player, other = make(), make()
    last = len(player.script) - 1

    def shown(which):
        stage = which.script.draw(which.shown.state)
        return stage.fragments("x"), which.alt, which.table(), which.picture().svg

    forth = []
    for step in range(last + 1):
        player.step = step
        forth.append(shown(player))
    for step in [*range(last, -1, -1), 3, last, 1]:
        other.step = step
        assert shown(other) == forth[step]


@every_player
def test_the_page_gets_every_shape_of_every_step(make):
    player = make()
    state = json.loads(
        json.dumps({name: player.get_state()[name] for name in ("parts", "frames", "columns")})
    )
    assert len(set(state["parts"])) == len(state["parts"])
    for frame, step in zip(state["frames"], player.script, strict=True):
        stage = player.script.draw(step.state)
        assert [state["parts"][i] for i in frame["picture"]] == list(stage.fragments("@@"))
        assert stage.bottom <= player.height + 6
        assert (frame["sentence"], frame["formula"], frame["chapter"]) == (
            step.sentence, step.formula, step.chapter,
        )  # fmt: skip
        assert len(frame["rows"]) == len(player.script.tabulate(step.state).rows)


@every_player
def test_bytes_never_go_back(make):
    counted = [step.n_bytes for step in make().script]
    assert counted == sorted(counted) and counted[-1] > 0


@every_player
def test_a_strip_is_a_document_with_a_frame_a_step(make):
    player = make()
    figure = player.strip(1, 3, columns=2)
    check_document(figure)
    frames = ElementTree.fromstring(figure.svg).findall(f"{SVG}svg")
    assert len(frames) == 3 and [row[0] for row in figure.table().rows] == [1, 2, 3]
    assert all(player.script[i].sentence in figure.alt for i in (1, 2, 3))


def test_a_picture_and_words_lie_beside_the_widget():
    data, _ = play_partial()._repr_mimebundle_()
    assert {"application/vnd.jupyter.widget-view+json", "image/svg+xml", "text/plain"} <= set(data)
    assert "Partial attention" in data["text/plain"] and "decay" in data["image/svg+xml"]


@pytest.mark.parametrize("place", [-17, 16, 99, "rescale 3", "", 1.5])
def test_a_step_that_is_not_there_is_refused(place):
    player = play_partial()
    with pytest.raises(DeftLabError, match="no step|no mark or chapter"):
        player.go(place)
    with pytest.raises(DeftLabError, match="no step"):
        player.step = 16
    assert player.step == 0


def test_steps_are_found_by_mark_and_chapter():
    player = play_partial()
    player.go("rescale 2")
    assert player.step == 11 and player.shown.mark == "rescale 2"
    player.go("Tile 2")
    assert player.step == 8
    player.step = -1
    assert player.step == 15


def test_a_step_waits_for_a_prediction_until_it_is_there():
    player, guess, opened = play_partial(), SimpleNamespace(guess=None), []
    player.hold("rescale 2", guess)
    player.hold(4, lambda: bool(opened))
    assert player.held == [4, 11]
    opened.append(True)
    player._asked(player, {"type": "look"}, [])
    assert player.held == [11]
    guess.guess = 0.5
    player._asked(player, {"type": "look"}, [])
    assert player.held == []
    player.step = 11  # who asks Python for a step gets it
    with pytest.raises(DeftLabError, match="until=3; pass a prediction"):
        player.hold(4, 3)


def test_players_are_independent():
    one, other = play_partial(), play_partial()
    one.step = 5
    assert other.step == 0 and one.model_id != other.model_id


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", TREES)
def test_the_groups_that_are_told_are_the_plans(name, method):
    tree = TREES[name]
    for options in ({}, {"chunk_len": 3}) if method in cuts.TELLERS and method != "deft_node" else ({},):
        plan = plan_tree(tree, method, **options)
        told = cuts.cuts_of(plan, **options)
        assert cuts.same_groups(cuts.assembled(plan, told), plan)
        script = grouping_script(tree, method, **options)
        assert script[-1].state == {"phase": "end", "groups": plan.n_groups}


def test_a_plan_that_is_told_wrongly_is_not_played(monkeypatch):
    one_short = {"deft_flatten": lambda tree, chunk_len=128: cuts._flattened(tree, chunk_len - 1)}
    monkeypatch.setattr(cuts, "TELLERS", cuts.TELLERS | one_short)
    with pytest.raises(PlanError, match="are not its plan's"):
        play_grouping(TREE, "deft_flatten", chunk_len=8)


def test_in_the_end_every_pair_is_covered_once():
    player = play_grouping(TREE, "deft_node_chunk", chunk_len=4)
    picture = player.script.draw.__self__
    stage = player.script.draw(player.script[-1].state)
    bars = [part for part in stage.fragments("x") if "data-node" in part]
    area = sum(
        float(part.split('width="')[1].split('"')[0]) * float(part.split('height="')[1].split('"')[0])
        for part in bars
        if f'y="{picture.matrix:g}' in part or float(part.split(' y="')[1].split('"')[0]) >= picture.matrix
    )
    assert area == pytest.approx(TREE.n_path_tokens * picture.per_token * picture.row, rel=0.01)


@pytest.mark.parametrize("tile", [1, 3, 4, 8])
def test_partial_attention_ends_where_the_library_does(tile):
    part = two_tiles()
    out, lse = partial_attention(part.q, part.k, part.v, part.plan)
    for head in range(4):
        script = play_partial(part.q, part.k, part.v, part.plan, head=head, tile=tile).script
        assert np.abs(script[-1].state["out"] - out[:, head]).max() < 1e-12
        assert np.abs(script[-1].state["lse"] - lse[:, head]).max() < 1e-12


def test_bytes_are_those_of_the_memory_that_is_meant():
    part = two_tiles()
    last = [
        play_partial(part.q, part.k, part.v, part.plan, **more).script[-2].n_bytes
        for more in ({}, {"dtype_bytes": 2})
    ]
    loaded = part.plan.q_len[0] + 2 * part.plan.kv_len[0]  # rows: Q once, K and V
    assert last == [loaded * part.q.shape[2] * size for size in (part.k.itemsize, 2)]


def test_a_query_that_sees_nothing_of_a_group_leaves_no_weight():
    tree = Tree([-1, 0, 0], [4, 2, 3])
    q, k, v = arrays(tree)
    plan = plan_tree(tree, "deft_flatten", chunk_len=6)
    out, lse = partial_attention(q, k, v, plan)
    state = play_partial(q, k, v, plan, group=1, head=3, tile=2).script[-1].state
    mine = slice(*plan.partial_start[1:3])
    assert np.abs(state["out"] - out[mine, 3]).max() < 1e-12
    assert np.array_equal(np.isneginf(state["lse"]), np.isneginf(lse[mine, 3]))


def test_the_rescale_factor_is_that_of_the_two_maxima():
    states = walk(
        Head(np.ones((1, 1)), np.array([[2.0], [5.0]]), np.ones((2, 1)), np.ones((1, 2), bool), 1.0), 1
    )
    decay = [state["decay"][0] for state in states if state["stage"] == "decay"]
    assert decay == [0.0, np.exp(-3.0)]


def test_the_recorded_slice_is_real():
    whole, part = recorded(), two_tiles()
    assert part.plan.tree.n_tokens == 8 and part.plan.tree.n_queries == 3 and len(part.words) == 8
    for name in ("k", "v"):
        rows = getattr(whole, name).reshape(len(whole.k), -1)
        for row in getattr(part, name).reshape(8, -1):
            assert (rows == row).all(axis=1).any()
    assert not np.allclose(part.q[0], part.q[1])


@pytest.mark.parametrize("method", ["deft_node", "deft_flatten", "radix", "tree_waves"])
def test_reduction_ends_where_the_library_does(method):
    tree = build_tree("few_shot", prompt=30, width=5, length=4)
    q, k, v = arrays(tree)
    options = {"chunk_len": 8} if method == "deft_flatten" else {}
    plan = plan_tree(tree, method, **options)
    player = play_reduction(q, k, v, plan, head=1, queries=range(5))
    partials = player.script.draw.__self__.of
    reduced = reduce_partials(*partial_attention(q, k, v, plan), plan)[tree.query_order, 1]
    dense = dense_attention(q, k, v, tree)[tree.query_order, 1]
    for query in range(5):
        assert np.abs(partials.output(query) - reduced[query]).max() < 1e-12
        assert np.abs(partials.output(query) - dense[query]).max() < 1e-12
    assert partials.from_dense < 1e-12


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda q, k, v, plan: play_partial(q), "takes q, k, v and plan together"),
        (
            lambda q, k, v, plan: play_partial(q, k, v, plan, group=9),
            "group=9, head=0; the plan has",
        ),
        (lambda q, k, v, plan: play_partial(q, k, v, plan, tile=0), "tile=0; a KV tile has at least 1"),
        (lambda q, k, v, plan: play_partial(q, k, v, plan), "there is room for every number of 6 and 16"),
        (lambda q, k, v, plan: play_partial(q[:1], k, v, plan), "q has 1 rows for 5 queries"),
        (lambda q, k, v, plan: play_reduction(k=k), "takes q, k, v and plan together"),
        (lambda q, k, v, plan: play_reduction(q, k, v, plan, head=4), "head=4; there are q heads 0 to 3"),
        (lambda q, k, v, plan: play_reduction(q, k, v, plan, queries=[7]), "name 1 to 12 of 0 to 4"),
        (lambda q, k, v, plan: play_grouping(plan.tree, "deft"), "no method 'deft'"),
        (
            lambda q, k, v, plan: play_grouping(plan.tree, "deft_node", chunk_len=3),
            "no option 'chunk_len'",
        ),
        (lambda q, k, v, plan: play_partial().strip(3, 1), "the last step must not come before the first"),
    ],
)
def test_what_cannot_be_played_is_refused(call, message):
    tree = build_tree("few_shot", prompt=30, width=5, length=4)
    with pytest.raises(DeftLabError, match=message):
        call(*arrays(tree), plan_tree(tree, "deft_node"))


def test_a_large_tree_is_played_in_little():
    player = play_grouping(
        build_tree("few_shot", prompt=4000, width=300, length=30), "deft_flatten", chunk_len=16
    )
    assert isinstance(player, StepPlayer) and len(player.script) < 100
    assert sum(map(len, player.parts)) < 1_500_000
