"""The live player follows what a decoder tells, item by item, and says what came of it."""

import asyncio

import pytest

from deft_lab import Tree, build_tree
from deft_lab.errors import DeftLabError
from deft_lab.trace import Compared, Event, Opening, Told, Trace
from deft_lab.widgets import LiveDecode, edit, live
from deft_lab.widgets.decoding.film import Film, Priced
from deft_lab.widgets.decoding.running import PAUSE

TREE = Tree([-1, 0, 0], [9, 3, 2])


class Fake:
    """A decoder that says letters; every node below the root gets its tokens side by side."""

    def __init__(self, same=True, fail_at=None):
        self.same, self.fail_at, self.asked = same, fail_at, []

    def __call__(self, tree):
        self.asked.append(tree)
        if tree.n_nodes == 1:
            raise DeftLabError("add a branch")
        pieces = {i: chr(97 + i) for i in range(26)}
        yield Opening(Tree([-1], [2], label=[int(tree.label[0])]), (0, 1), pieces)
        kids, left = (
            tree.label[1:].tolist(),
            dict(zip(tree.label.tolist(), tree.length.tolist(), strict=True)),
        )
        for step in range(1, max(tree.length[1:].tolist()) + 1):
            if step == self.fail_at:
                raise DeftLabError("the pool is full")
            if step == 1:
                fork = Event(
                    1, "fork", int(tree.label[0]), children=tuple(kids), tokens=tuple(range(len(kids)))
                )
                yield Told(1, (fork,), {})
            else:
                ended = [Event(step, "pause", x) for x in kids if left[x] == step - 1]
                grows = [Event(step, "append", x, tokens=(step,)) for x in kids if left[x] >= step]
                yield Told(step, (*ended, *grows), {})
            yield None
        for x in kids:
            yield Compared(x, left[x], left[x] if self.same else 0, 1e-6, 1e-3)


def test_a_run_ends_with_the_drawn_tree_its_texts_and_the_comparison():
    player = live(TREE, Fake()).run()
    assert player.trace.tree_at(player.step).length.tolist() == [2, 3, 2] and player.step == 3
    film = player.reel
    assert {label: film.text(x, 3) for x, label in enumerate(film.labels)} == {0: "ab", 1: "acd", 2: "bc"}
    assert player.live["state"] == "done"
    assert player.live["words"] == (
        "All 2 branches equal the sequential run: 5 tokens the same, logits within 1e-06 "
        "(rounding allows 1e-03)."
    )
    assert [row["leaf"] for row in player.live["checks"]] == [1, 2]
    assert player.live["words"] in player.alt and player.film == film.packed()


def test_a_branch_that_differs_is_named():
    player = live(TREE, Fake(same=False)).run()
    assert player.live["words"] == "n1, n2 of 2 branches differ from the sequential run."
    assert not any(row["equal"] for row in player.live["checks"])


def test_the_bytes_that_grow_with_the_decode_are_those_of_the_whole(monkeypatch):
    monkeypatch.setattr("deft_lab.widgets.decoding.running.PAUSE", -1.0)
    player = live(TREE, Fake()).run()
    whole = Film(player.trace, player.reel.priced, title="t", page_size=16)
    assert player.reel.bytes == whole.bytes and isinstance(player.reel.priced, Priced)


def test_it_follows_an_editor_and_decodes_what_is_drawn_then():
    editor, decoder = edit(TREE), Fake()
    player = live(editor, decoder)
    assert (
        player.live["state"] == "ready" and player.live["words"] == "Ready to decode 5 tokens in 2 branches."
    )
    editor.set_length(2, 6)
    assert player.live["words"] == "Ready to decode 9 tokens in 2 branches."
    player.run()
    assert decoder.asked[-1] == editor.tree and player.step == 6
    editor.prune(2)
    assert player.live["words"].endswith("The tree has been edited since.")


def test_the_page_starts_and_stops_it_and_the_kernel_breathes():
    """The event loop runs on between two items, so that the message that stops it is heard."""

    async def scene():
        player = live(Tree([-1, 0, 0], [9, 500, 2]), Fake())
        player._asked(player, {"type": "decode"}, None)
        player._asked(player, {"type": "decode"}, None)  # a second press does nothing
        while player._n_steps < 3:
            await asyncio.sleep(0)
        assert player.live["state"] == "running"
        player._asked(player, {"type": "stop"}, None)
        await player._task
        return player

    player = asyncio.run(scene())
    assert player.live["state"] == "stopped" and 3 <= player.step < 500 and PAUSE > 0
    assert player.live["words"] == f"Stopped after step {player.step}; 0 branches compared."
    assert player.run().live["state"] == "done"


def test_what_goes_wrong_is_said_on_the_page():
    player = live(TREE, Fake(fail_at=2)).run()
    assert player.live == {"state": "failed", "words": "the pool is full", "checks": []}
    editor = edit(TREE)
    player = live(editor, Fake())
    editor.prune(1), editor.prune(2)
    assert player.run().live["words"] == "add a branch"
    with pytest.raises(DeftLabError, match="add a branch"):
        live(Tree([-1], [3]), Fake())
    with pytest.raises(DeftLabError, match="a decoder begins with an Opening, this one with None"):
        live(TREE, lambda tree: iter([None]))


def test_where_no_widget_runs_the_decode_is_a_picture():
    player = live(build_tree("star", prompt=4, width=3), Fake()).run()
    data, _ = player._repr_mimebundle_()
    assert "image/svg+xml" in data and isinstance(player, LiveDecode)
    assert isinstance(player.trace, Trace)
