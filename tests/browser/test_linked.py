"""Linked views in JupyterLab: one hand lights a node everywhere, menus reach Python, old plans say so."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lab import Lab
from waiting import until

from deft_lab import LLAMA3_8B, build_tree, plan_tree, traffic
from deft_lab.cost import predict, rota
from deft_lab.hardware import A100, H200
from deft_lab.viz.words import in_bytes, in_seconds, percent
from deft_lab.widgets import VIEWS

nbformat = pytest.importorskip("nbformat")

LAYER = LLAMA3_8B.layer
TREE = build_tree("few_shot", prompt=400, width=4, length=20)
CELLS = [
    "from deft_lab import build_tree\nfrom deft_lab.widgets import compare, edit\n"
    "editor = edit(build_tree('few_shot', prompt=400, width=4, length=20))\neditor",
    "shown = compare(editor.tree, ['radix', 'deft_node', 'deft_flatten'])\nshown",
    "large = edit(build_tree('random', seed=3, n_nodes=300, prompt=400, max_length=20))\nlarge",
]
ASK = """async (code) => {
  const kernel = window.jupyterapp.shell.currentWidget.context.sessionContext.session.kernel;
  const future = kernel.requestExecute({ code });
  let said = "";
  future.onIOPub = ({ content }) => (said += content.text ?? content.evalue ?? "");
  await future.done;
  return said;
}"""
EDIT = """async (editor) => {
  const canvas = editor.querySelector(".deft-canvas");
  canvas.focus();
  const began = performance.now();
  canvas.dispatchEvent(new KeyboardEvent("keydown", { key: "g", bubbles: true, cancelable: true }));
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - began;
}"""
OLD = "Python has not answered"


@pytest.fixture(scope="module")
def opened(lab: Lab, tmp_path_factory: pytest.TempPathFactory):
    path = tmp_path_factory.mktemp("notebook") / "linked.ipynb"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    with lab.open(path, height=9000) as opened:
        opened.run_all()
        opened.page.wait_for_function("document.querySelectorAll('.deft-editor').length === 2")
        yield opened


@pytest.fixture
def page(opened) -> Any:
    """The page; nothing is under the hand."""
    opened.page.mouse.move(2, 2)
    return opened.page


def ask(page: Any, expression: str) -> Any:
    """What the kernel says to an expression, as JSON."""
    return json.loads(page.evaluate(ASK, f"import json; print(json.dumps({expression}))"))


def view(page: Any, name: str, which: int = 0) -> Any:
    return page.locator(".deft-editor").nth(which).locator(f".deft-{name}")


def says(figure: Any, words: str) -> None:
    """Wait until the sentence of a view says this."""
    figure.locator("p", has_text=words).first.wait_for(timeout=20_000)


def point_at(page: Any, mark: Any) -> None:
    """Move the mouse to the middle of a mark; what lies over it may take the pointer."""
    box = mark.first.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def described(tree: Any, label: int, method: str) -> str:
    """The sentence of a node, from the library."""
    plan, node = plan_tree(tree, method), tree.index(label)
    work = rota(plan, LAYER, H200)
    groups = [i for i, group in enumerate(plan.groups) if any(c.node == node for c in group.chunks)]
    sms = sorted(set(work.timeline.sm[np.isin(work.group, groups)].tolist()))
    assert len(groups) == 1 and sms == list(range(sms[0], sms[-1] + 1))
    n_bytes = int(tree.length[node]) * LAYER.kv_bytes_per_token
    return (
        f"node {label}: {tree.length[node]} tokens, read by 1 query, group {groups[0]}, "
        f"SMs {sms[0]} to {sms[-1]}, {n_bytes:,} B"
    )


def test_a_node_under_the_mouse_is_lit_everywhere_and_said_in_numbers(page):
    editor = page.locator(".deft-editor").first
    point_at(page, editor.locator('.deft-canvas [data-node="2"] rect'))
    editor.locator('.deft-mask [data-lit="2"]').wait_for(state="attached")
    for name in ("memory", "mask", "groups", "timeline"):
        until(view(page, name).locator('[data-lit="2"]').count)
        until(view(page, name).locator("[data-lit]:not([data-lit='2'])").count, 0)
    until(view(page, "bytes").locator(".share").count, 8)
    until(editor.locator(".deft-status").inner_text, described(TREE, 2, "deft_flatten"))
    assert page.locator(".deft-compare [data-lit]").count() == 0  # another widget
    page.mouse.move(2, 2)
    until(editor.locator("[data-lit]").count, 0)


@pytest.mark.parametrize("name", ["memory", "mask", "groups", "timeline"])
def test_a_view_lights_the_tree(page, name):
    point_at(page, view(page, name).locator('[data-node="3"]'))
    editor = page.locator(".deft-editor").first
    editor.locator('.deft-canvas [data-node="3"].lit').wait_for(state="attached", timeout=20_000)
    words = "node 3: 20 tokens, read by 1 query"
    until(editor.locator(".deft-follow").inner_text, lambda seen: words in seen)


@pytest.mark.parametrize("name", VIEWS)
def test_the_keyboard_walks_through_every_view(page, name):
    scene = view(page, name).locator(".deft-scene")
    scene.focus()
    follow = page.locator(".deft-editor").first.locator(".deft-follow")
    said = ""
    for key in ("Home", "ArrowRight", "End"):
        page.keyboard.press(key)
        said = until(follow.inner_text, lambda seen, said=said: seen and seen != said)
    page.keyboard.press("Escape")
    until(follow.inner_text, "")


def test_the_bytes_say_every_role_and_enter_chooses_the_method(page):
    scene = view(page, "bytes").locator(".deft-scene")
    scene.focus()
    follow = page.locator(".deft-editor").first.locator(".deft-follow")
    page.keyboard.press("Home")
    until(follow.inner_text, lambda seen: seen.startswith("Flash-Decoding: 16 groups, "))
    bytes_ = traffic(plan_tree(TREE, "flash_decoding"), LAYER, "requested")
    page.keyboard.press("ArrowRight")
    shares = f"KV {in_bytes(bytes_.kv)} of {in_bytes(bytes_.total)}, {percent(bytes_.kv / bytes_.total)}"
    until(follow.inner_text, f"Flash-Decoding: {shares}")
    page.keyboard.press("Enter")
    until(lambda: ask(page, "editor.method"), "flash_decoding")
    page.keyboard.press("Escape")
    page.evaluate(ASK, "editor.method = 'deft_flatten'")
    says(view(page, "timeline"), "DeFT-Flatten on H200 SXM")


def test_menus_reach_python_and_every_view(page):
    timeline, groups = view(page, "timeline"), view(page, "groups")
    timeline.get_by_label("method").select_option("radix")
    seconds = in_seconds(predict(plan_tree(TREE, "radix"), LAYER, H200).seconds)
    says(timeline, f"Radix Attention on H200 SXM, modelled, a layer: {seconds}")
    says(groups, "Radix Attention: 4 groups")
    assert ask(page, "editor.method") == "radix"
    timeline.get_by_label("hardware").select_option("a100")
    seconds = in_seconds(predict(plan_tree(TREE, "radix"), LAYER, A100).seconds)
    says(timeline, f"Radix Attention on {A100.name}, modelled, a layer: {seconds}")
    assert ask(page, "[editor.hardware, editor.plans['n_sms']]") == ["a100", 108]
    view(page, "bytes").get_by_label("account").select_option("unique")
    says(view(page, "bytes"), "Account “unique”")
    assert ask(page, "editor.account") == "unique"
    page.evaluate(ASK, "editor.method, editor.hardware, editor.account = 'deft_flatten', 'h200', 'requested'")
    says(timeline, "DeFT-Flatten on H200 SXM")


def test_every_view_has_its_numbers_as_a_table(page):
    for name in VIEWS:
        figure = view(page, name)
        figure.locator("summary").click()
        until(figure.locator("table tbody tr").count, lambda seen: seen >= 4)
        image = figure.get_by_role("img")
        assert image.count() == 1 and image.get_attribute("aria-labelledby"), name
        figure.locator("summary").click()


def test_methods_stand_beside_each_other_under_one_hand(page, opened, screenshots: Path):
    compared = page.locator(".deft-compare")
    assert compared.locator("section").count() == 3
    point_at(page, compared.locator('.deft-mask [data-node="1"]'))
    for name in ("mask", "memory", "groups", "timeline"):
        for which in range(3):
            until(compared.locator(f".deft-{name}").nth(which).locator('[data-lit="1"]').count)
    compared.get_by_label("hardware").select_option("a100")
    seconds = in_seconds(predict(plan_tree(TREE, "deft_node"), LAYER, A100).seconds)
    card = compared.locator('section[data-method="deft_node"]')
    card.locator("figcaption", has_text=f"Time: {seconds} a layer, modelled").wait_for(timeout=20_000)
    opened.screenshot(screenshots / "linked.png")


def test_an_edit_of_300_nodes_reaches_all_views_in_time(page):
    large = page.locator(".deft-editor").nth(1)
    page.set_viewport_size({"width": 1200, "height": 1000})
    large.locator(".deft-memory").scroll_into_view_if_needed()
    processes = page.context.browser.new_browser_cdp_session()
    walls, work = [], []
    for _ in range(10):
        before = cpu_ms(processes)
        walls.append(large.evaluate(EDIT))
        page.wait_for_function("() => document.querySelector('.deft-stale') === null", polling=100)
        work.append(cpu_ms(processes) - before)
    print(f"an edit of 300 nodes, ms: {sorted(map(round, walls))}, of CPU: {sorted(map(round, work))}")
    # 100 ms on an idle machine; what is counted holds on a busy one, too, and has both drawings in it:
    # of the edit, and of the plans that come back
    assert min(work) < 400
    assert ask(page, "large.plans['document'] == large.tree.to_json()")
    page.set_viewport_size({"width": 1200, "height": 9000})


def cpu_ms(processes: Any) -> float:
    """What the pages have worked, in ms."""
    found = processes.send("SystemInfo.getProcessInfo")["processInfo"]
    return 1000 * sum(process["cpuTime"] for process in found if process["type"] == "renderer")


def test_without_a_kernel_old_plans_say_so_and_the_rest_follows(page):
    page.evaluate("() => window.jupyterapp.shell.currentWidget.context.sessionContext.shutdown()")
    editor = page.locator(".deft-editor").first
    editor.evaluate(EDIT)
    grown = TREE.grow(1)
    says(view(page, "memory"), f"{grown.n_path_tokens:,} tokens")
    for name in ("groups", "timeline", "bytes"):
        until(view(page, name).inner_text, lambda seen: OLD in seen)
    assert OLD not in view(page, "mask").inner_text()
    view(page, "bytes").get_by_label("account").select_option("paper")
    until(view(page, "bytes").inner_text, lambda seen: OLD not in seen)  # this account follows from the tree
