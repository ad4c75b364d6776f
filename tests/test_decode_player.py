"""The decode player: every step is a function of its number, in Python and in the page alike."""

from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from node import run_script
from test_trace import traces

from deft_lab import LLAMA3_8B, Tree
from deft_lab.builders.growth import few_shot_growth
from deft_lab.cost import run_traffic
from deft_lab.errors import DeftLabError
from deft_lab.geometry import Geometry
from deft_lab.trace import Event, Trace, bundled_recordings, load_recording
from deft_lab.widgets import DecodePlayer, play_decode
from deft_lab.widgets.decoding.film import FILM_ACCOUNTS, Film, Priced
from deft_lab.widgets.decoding.layout import columns, place, wrap

PRICED = Priced(LLAMA3_8B, "deft_flatten", "flash_decoding")
every_recording = pytest.mark.parametrize("name", bundled_recordings())


def some_steps(film: Film) -> list[int]:
    last = film.trace.n_steps
    return sorted({0, 1, last // 3, last // 2, last} & set(range(last + 1)))


@every_recording
def test_the_texts_at_a_step_are_those_of_the_recording(name):
    player, recording = play_decode(name), load_recording(name)
    film = player.reel
    for step in some_steps(film):
        said = {
            label: recording.text(tokens)
            for label, tokens in recording.tokens_at(step).items()
        }  # fmt: skip
        mine = {film.labels[x]: film.text(x, step) for x in np.flatnonzero(film.alive[step])}
        assert mine == said


@settings(max_examples=60)
@given(traces())
def test_the_numbers_of_a_step_are_those_of_its_tree(trace):
    film = Film(trace, PRICED, title="t", page_size=4)
    for step in range(trace.n_steps + 1):
        tree = trace.tree_at(step)
        assert film.stored[step] == tree.n_tokens
        ended = set(tree.leaves.tolist()) - set(tree.seat.tolist())
        kept = sum(int(tree.length[node]) for leaf in ended for node in tree.path(leaf))
        assert film.copies[step] == tree.n_path_tokens + kept
        assert film.n_queries[step] == tree.n_queries
        held = {
            (take.label, take.number): take.page for take in film.takes if take.taken <= step < take.freed
        }
        needed = {
            (label, i)
            for label, length in zip(tree.label.tolist(), tree.length.tolist(), strict=True)
            for i in range(-(-length // 4))
        }
        assert held.keys() == needed
        assert len(set(held.values())) == len(held) == film.n_pages_used[step]
        assert max(held.values(), default=0) < film.n_pages


@every_recording
@pytest.mark.parametrize("account", FILM_ACCOUNTS)
def test_the_bytes_after_the_last_step_are_those_of_the_run(name, account):
    player = play_decode(name, account=account)
    geometry = player.reel.priced.geometry
    trace = load_recording(name).trace
    assert geometry == Geometry(**trace.header["geometry"])
    for method in ("deft_flatten", "flash_decoding"):
        spent = player.reel.bytes[account][method]
        assert spent[-1] == run_traffic(trace, method, geometry, account).total
        assert spent[0] == 0 and spent == sorted(spent)


def test_a_drawn_case():
    events = (
        Event(1, "fork", 0, children=(1, 2)),
        Event(2, "append", 1, n_steps=2),
        Event(2, "append", 2),
        Event(3, "prune", 2),
    )
    film = Film(Trace(Tree([-1], [5]), events, 3), PRICED, title="t", page_size=4)
    assert film.sentences == [
        "The tree after prefill. 5 tokens stored in 2 pages.",
        "n0 forks into n1, n2. 7 tokens stored in 4 pages.",
        "2 branches gain a token each. 9 tokens stored in 4 pages.",
        "n2 is pruned (2 tokens freed); 1 branch gains a token. 8 tokens stored in 3 pages.",
    ]
    assert [(mark.step, mark.kind) for mark in film.marks] == [(1, "fork"), (3, "prune")]
    assert film.copies.tolist() == [5, 12, 14, 8]


def test_a_branch_that_has_ended_and_is_kept_counts_as_a_copy():
    events = (
        Event(1, "fork", 0, children=(1, 2)),
        Event(2, "append", 1),
        Event(2, "pause", 2),
        Event(3, "append", 1),
    )
    film = Film(Trace(Tree([-1], [5]), events, 3), PRICED, title="t", page_size=4)
    assert film.n_queries.tolist() == [1, 2, 1, 1] and film.stored.tolist() == [5, 7, 8, 9]
    assert film.copies.tolist() == [5, 12, 13, 14]


@every_recording
def test_the_page_lays_out_and_fills_as_python_does(name):
    player = play_decode(name)
    film, width = player.reel, 800
    request = {"film": player.film, "steps": some_steps(film), "width": width, "account": "requested"}
    got = run_script("decode.mjs", request)
    room = columns(film, width)
    assert got["room"] == room
    for step, seen in zip(request["steps"], got["answer"], strict=True):
        boxes = [
            [film.labels[p.node], p.x, p.y, p.width, p.height, list(p.lines), p.new, p.ghost]
            for p in place(film, step, room)
        ]
        assert [(b[0], *b[5:]) for b in seen["boxes"]] == [(b[0], *b[5:]) for b in boxes]
        places = np.array([[b[1:5] for b in found] for found in (seen["boxes"], boxes)], dtype=float)
        assert np.allclose(*places)
        held = {t.page: t for t in film.takes if t.taken <= step < t.freed}
        assert {i: page[0] for i, page in enumerate(seen["pages"]) if page} == {
            p: t.label for p, t in held.items()
        }
        tokens = sum(page[1] * film.page_size for page in seen["pages"] if page)
        assert round(tokens) == film.stored[step]
        assert film.sentences[step].replace("<", "&lt;") in seen["html"]


def test_the_player_is_drawn_without_a_browser_and_says_all_its_pictures():
    player = play_decode("few_shot")
    html = run_script("decode.mjs", {"film": player.film, "steps": [20], "width": 500, "account": "paper"})
    html = html["answer"][0]["html"]
    assert html.count("<svg") == html.count('role="img"') == 3
    assert 'aria-label="Step"' in html and "the red bear loses a boat" in html


def test_keys_lead_back_and_forth_and_to_the_marks():
    player = play_decode("few_shot")
    keys = [
        [" ", False, 5], [" ", True, 5], ["ArrowLeft", False, 0], ["End", False, 3], ["2", False, 0],
        ["9", False, 4], ["x", False, 4], ["PageDown", False, 30],
    ]  # fmt: skip
    request = {"film": player.film, "steps": [0], "width": 800, "account": "paper", "keys": keys}
    assert run_script("decode.mjs", request)["targets"] == [6, 4, 0, 34, 32, None, None, 34]


@pytest.mark.parametrize("letters", [1, 3, 7, 100])
def test_wrapped_lines_are_the_text_and_no_longer_than_asked(letters):
    text = "take 7 2 9 4 : extraordinarily 2 4  7 9↵"
    lines = wrap(text, letters)
    assert "".join(lines) == text
    assert all(len(line.rstrip(" ")) <= letters for line in lines)


def test_a_step_can_be_set_and_is_checked():
    player = play_decode("few_shot")
    player.step = -1
    assert player.step == 34 and player.alt.startswith("Step 34 of 34: n1 is pruned")
    with pytest.raises(DeftLabError, match=r"no step 35; the decode has steps 0 to 34"):
        player.step = 35


def test_where_no_widget_runs_there_is_a_picture_with_words_and_a_table():
    player = play_decode("tree_of_thoughts")
    data, _ = player._repr_mimebundle_()
    picture = player.picture()
    assert data["image/svg+xml"] == picture.svg and data["text/plain"] == picture.alt
    assert "take 7 2 9 4" in picture.svg and "Step 47 of 95" in picture.alt
    ElementTree.fromstring(picture.svg)
    columns_, rows = player.table()
    assert len(rows) == 96 and columns_[0] == "step" and rows[-1][1] == player.reel.sentences[-1]


def test_a_trace_without_texts_plays_too():
    player = play_decode(few_shot_growth(prompt=400, width=6, n_steps=20), title="grown")
    assert player.reel.text(0, 3) == "" and player.picture().title == "grown"
    assert player.reel.priced.geometry == LLAMA3_8B


def test_a_note_of_the_recording_is_shown():
    assert (
        play_decode("few_shot_llama3_8b")
        .picture()
        .alt.startswith("Decode 'few_shot_llama3_8b': 32 decode steps. random weights in the geometry")
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"source": "few"},
            "no recording 'few': neither a file nor a bundled one, which are beam_search, few_shot",
        ),
        ({"source": "few_shot", "account": "logged"}, "no account 'logged' here; choose one of requested"),
        ({"source": "few_shot", "method": "x"}, "no method 'x'"),
        ({"source": "few_shot", "page_size": 0}, "page_size=0"),
    ],
)
def test_what_cannot_be_played_is_refused_with_words(options, words):
    with pytest.raises(DeftLabError, match=words):
        play_decode(**options)


def test_players_are_independent():
    one, other = play_decode("few_shot"), play_decode("few_shot")
    one.step, one.account = 9, "paper"
    assert (other.step, other.account) == (0, "requested") and isinstance(one, DecodePlayer)
