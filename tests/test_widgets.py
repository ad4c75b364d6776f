"""The explorer shows one tree everywhere, says it in words, and leaves a picture where no widget runs."""

import time
from xml.etree import ElementTree

import pytest
import traitlets
from trees import TREES

from deft_lab import LLAMA3_8B, Tree, build_tree, load_tree
from deft_lab.cost import ACCOUNTS
from deft_lab.errors import DeftLabError
from deft_lab.viz import draw_io_bars, draw_kv_memory, draw_tree
from deft_lab.widgets import PRESETS, ControlPanel, LinkedViews, TreeExplorer, explore, preset_names
from deft_lab.widgets.controls import RANGES
from deft_lab.widgets.presets import CONTROLS

LAYER = LLAMA3_8B.layer
SVG = "{http://www.w3.org/2000/svg}"


def expected_svgs(tree: Tree, account: str = "requested") -> list[str]:
    figures = draw_tree(tree), draw_kv_memory(tree), draw_io_bars(tree, LAYER, account=account)
    return [figure.svg for figure in figures]


def test_it_opens_on_the_few_shot_tree():
    explorer = explore()
    assert explorer.tree == build_tree("few_shot", prompt=4000, width=20, length=20)
    assert explorer.views.status == (
        "21 nodes, 20 queries: 4,400 tokens stored, 80,400 read by per-branch attention: 18.27 times as many."
    )
    assert explorer.views.svgs == expected_svgs(explorer.tree)


@pytest.mark.parametrize(("control", "value"), [("prompt", 2000), ("width", 7), ("length", 300)])
def test_a_control_changes_all_views_and_the_sentence_together(control, value):
    explorer = explore()
    before, sentence = list(explorer.views.svgs), explorer.views.status
    setattr(explorer.source, control, value)
    numbers = {"prompt": 4000, "width": 20, "length": 20} | {control: value}
    assert explorer.tree == build_tree("few_shot", **numbers)
    assert explorer.views.svgs == expected_svgs(explorer.tree)
    assert all(new != old for new, old in zip(explorer.views.svgs, before, strict=True))
    assert explorer.views.status != sentence
    assert f"{explorer.tree.n_tokens:,} tokens stored" in explorer.views.status


@pytest.mark.parametrize("preset", preset_names())
def test_every_preset_opens_with_its_own_tree(preset):
    explorer = explore(preset)
    assert explorer.views.svgs == expected_svgs(explorer.tree)
    if preset not in PRESETS:
        assert explorer.tree == load_tree(preset)


@pytest.mark.parametrize("preset", preset_names())
def test_a_control_is_disabled_with_a_reason_exactly_where_it_shapes_nothing(preset):
    panel = ControlPanel(preset, prompt=1000, width=4, length=10)
    for name in CONTROLS:
        tree = panel.tree
        setattr(panel, name, getattr(panel, name) + 1)
        assert (panel.tree == tree) == (name in panel.fixed), name
    assert all(len(reason) > 10 for reason in panel.fixed.values())


def test_disabled_controls_keep_their_values():
    panel = ControlPanel("few_shot", prompt=1200, width=9, length=33)
    for preset in ("medusa", "one_token", "star"):
        panel.preset = preset
        assert (panel.prompt, panel.width, panel.length) == (1200, 9, 33)
    panel.preset = "few_shot"
    assert panel.tree == build_tree("few_shot", prompt=1200, width=9, length=33)
    assert panel.fixed == {}


@pytest.mark.parametrize("account", ACCOUNTS)
def test_the_account_changes_the_bytes_and_nothing_else(account):
    explorer = explore(account="unique" if account != "unique" else "paper")
    before = list(explorer.views.svgs)
    explorer.views.account = account
    assert explorer.views.svgs == expected_svgs(explorer.tree, account)
    assert explorer.views.svgs[:2] == before[:2] and explorer.views.svgs[2] != before[2]


def test_explorers_are_independent():
    one, other = explore(), explore("star", width=3)
    state = one.views.status, list(one.views.svgs), one.source.get_state()
    other.source.prompt = 500
    other.views.account = "paper"
    assert (one.views.status, one.views.svgs, one.source.get_state()) == state
    assert one.model_id != other.model_id


def test_changes_of_the_tree_can_be_followed():
    explorer, seen = explore(), []
    explorer.observe(lambda change: seen.append(change["new"]), "tree")
    explorer.source.prompt = 100
    explorer.source.preset = "medusa"
    explorer.views.account = "paper"
    assert seen == [
        build_tree("few_shot", prompt=100, width=20, length=20),
        build_tree("medusa", prompt=100),
    ]


def test_any_widget_with_a_tree_can_be_the_source():
    class Source(ControlPanel):
        tree = traitlets.Instance(Tree)

    source = Source()
    explorer = TreeExplorer(source, LinkedViews(LAYER))
    source.tree = TREES["lopsided"]
    assert explorer.tree == TREES["lopsided"]
    assert explorer.views.svgs == expected_svgs(TREES["lopsided"])


def test_views_stand_alone():
    views = LinkedViews(LAYER)
    assert views.svgs == [] and "image/svg+xml" not in views._repr_mimebundle_()[0]
    views.show(TREES["two leaves"])
    assert views.svgs == expected_svgs(TREES["two leaves"])
    assert "image/svg+xml" in views._repr_mimebundle_()[0]


def test_a_picture_and_its_words_lie_beside_the_widget():
    explorer = explore("star", width=5)
    bundle = explorer._repr_mimebundle_()
    assert {"application/vnd.jupyter.widget-view+json", "image/svg+xml", "text/plain"} <= set(bundle)
    picture = ElementTree.fromstring(bundle["image/svg+xml"])
    assert picture.get("role") == "img" and len(picture.findall(f"{SVG}svg")) == 3
    words = bundle["text/plain"]
    assert words.startswith(explorer.views.status)
    assert all(figure.alt in words for figure in explorer.views.figures)
    explorer.source.width = 6
    assert explorer._repr_mimebundle_()["image/svg+xml"] != bundle["image/svg+xml"]


def test_a_notebook_keeps_the_picture(tmp_path):
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    cell = nbformat.v4.new_code_cell("from deft_lab.widgets import explore\nexplore()")
    notebook = nbformat.v4.new_notebook(cells=[cell])
    nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    (output,) = notebook.cells[0].outputs
    assert "<svg" in output.data["image/svg+xml"] and "18.27 times as many" in output.data["text/plain"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"preset": "few-shot"}, "no preset 'few-shot'; choose one of few_shot, star"),
        ({"prompt": 0}, "prompt=0; it must be at least 1"),
        ({"width": -3}, "width=-3; it must be at least 1"),
        ({"account": "all"}, "no account 'all'; choose one of paper, logged, requested, unique"),
    ],
)
def test_what_cannot_be_explored_is_refused(options, message):
    with pytest.raises(DeftLabError, match=message):
        explore(**options)


def test_a_refused_value_changes_nothing():
    explorer = explore()
    for widget, name, value in ((explorer.source, "preset", "no"), (explorer.source, "width", 0)):
        with pytest.raises(DeftLabError):
            setattr(widget, name, value)
    assert explorer.tree == explore().tree and explorer.source.preset == "few_shot"


def test_a_slider_reaches_the_value_that_it_shows():
    panel = ControlPanel(prompt=50_000, width=200, length=1)
    assert panel.ranges["prompt"][1] == 50_000 and panel.ranges["width"][1] == 200
    panel.prompt = 7
    assert panel.ranges["prompt"] == [7, RANGES["prompt"][1], RANGES["prompt"][2]]


def test_a_change_of_a_large_tree_is_shown_at_once():
    explorer, took = explore("few_shot", width=299), []
    for prompt in range(1000, 6000, 1000):
        began = time.perf_counter()
        explorer.source.prompt = prompt
        took.append(time.perf_counter() - began)
    assert explorer.tree.n_nodes == 300 and min(took) < 0.2


def test_packed_heads_are_counted_in_the_account_that_knows_them():
    tree, layer = build_tree("few_shot", prompt=1000, width=4, length=100), LLAMA3_8B.layer
    explorer = explore("few_shot", prompt=1000, width=4, length=100, pack_heads=True)
    for account in ACCOUNTS:
        explorer.views.account = account
        packed = account == "requested"
        expected = draw_io_bars(tree, layer, account=account, pack_heads=packed)
        assert explorer.views.figures[-1].svg == expected.svg
