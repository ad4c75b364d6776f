"""The counts of notebook 08: what is recorded is what is counted, and the figures of them say so."""

import importlib.util
import re
from pathlib import Path

import pytest
from pictures import SVG, check_document, parsed, shapes, text_of

from deft_lab import LLAMA3_8B, DeftLabError, Geometry, build_tree, plan_tree, traffic
from deft_lab.cost import Traffic
from deft_lab.lessons import count_step, counted_steps
from deft_lab.lessons.counted_steps import ONE_KV_HEAD, counted_now, key_of, recorded
from deft_lab.viz import SourceBytes, draw_chunk_sweep, draw_counted
from deft_lab.viz.words import in_bytes

ROOT = Path(__file__).parent.parent


def recorder():
    spec = importlib.util.spec_from_file_location("record_counts", ROOT / "tools" / "record_counts.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


STEPS = recorder().STEPS


@pytest.mark.parametrize("name", STEPS)
def test_the_recording_is_what_is_counted_and_what_is_modelled(name):
    plan, geometry, pack_heads = STEPS[name]
    kept = recorded(plan, geometry, pack_heads)
    model = traffic(plan, geometry, "requested", pack_heads=pack_heads)
    assert kept.traffic.by_role() == model.by_role() and kept.is_recorded
    for role, n_bytes in kept.traffic.by_role().items():
        assert sum(line.n_bytes for line in kept.lines if line.role == role) == n_bytes
    if plan.tree.n_tokens > 500:  # one count is enough to see that kernels and recording are the same age
        return
    pytest.importorskip("triton")
    fresh = counted_now(plan, geometry, pack_heads)
    assert (fresh.traffic, fresh.lines) == (kept.traffic, kept.lines), "run tools/record_counts.py"


def test_recorded_lines_are_lines_of_the_kernels():
    for step in STEPS.values():
        for line in recorded(*step).lines:
            file, _, number = line.where.partition(":")
            source = (ROOT / "kernels" / file).read_text(encoding="utf-8").splitlines()
            assert source[int(number) - 1].strip() == line.text, "run tools/record_counts.py"


def test_the_published_factors():
    def ratio(name):
        plan, geometry, pack = STEPS[name]
        return recorded(plan, geometry, pack).traffic.kv / traffic(plan, geometry, "unique").kv

    assert ratio("few-shot, deft_node") == ratio("small, deft_flatten") == 4
    assert ratio("few-shot, deft_node, packed") == 1
    assert ratio("crowded, deft_node") == pytest.approx(4 * (2 * 256 + 320) / 576)


def test_heads_multiply():
    plan, geometry, _ = STEPS["few-shot, deft_node"]
    eight = recorded(plan, geometry).times(8)
    assert eight.traffic.by_role() == traffic(plan, LLAMA3_8B.layer, "requested").by_role()
    assert sum(line.n_bytes for line in eight.lines) == eight.traffic.total


def test_without_triton_the_recording_answers_or_says_what_to_do(monkeypatch):
    monkeypatch.setattr(counted_steps, "has_triton", lambda: False)
    plan = STEPS["small, deft_node"][0]
    assert count_step(plan, ONE_KV_HEAD).is_recorded
    with pytest.raises(DeftLabError, match="Triton is not installed"):
        count_step(plan, Geometry(2, 1, 128))


def test_a_key_tells_plans_geometries_and_packing_apart():
    plan = STEPS["small, deft_node"][0]
    other = plan_tree(plan.tree, "deft_flatten")
    keys = [key_of(plan, ONE_KV_HEAD, None), key_of(other, ONE_KV_HEAD, None)]
    keys += [key_of(plan, Geometry(2, 1, 128), None), key_of(plan, ONE_KV_HEAD, True)]
    assert len(set(keys)) == 4 and key_of(plan, ONE_KV_HEAD, False) == keys[0]


def test_several_layers_are_refused():
    pytest.importorskip("triton")
    from deft_lab.errors import AttentionError
    from deft_lab.ops.counting import count_attention

    with pytest.raises(AttentionError, match="count one layer"):
        count_attention(STEPS["small, deft_node"][0], LLAMA3_8B)


def test_the_picture_of_a_count_has_its_numbers_as_bars_words_and_table():
    modelled = Traffic("unique", "deft_node", kv=1000, q=100, o=100)
    counted = Traffic("counted", "deft_node", kv=4000, q=100, o=100, partials=500, lse=0, mask=0, index=40)
    lines = [SourceBytes("kv", "load", "attend.py:46", "x = tl.load(<ptr>)", 4000)]
    figure = draw_counted(modelled, counted, lines)
    check_document(figure)
    assert "4.00×" in text_of(figure) and "attend.py:46" in text_of(figure)
    kv = [box["width"] for data, box in shapes(figure, "role") if data["role"] == "kv"]
    assert kv[1] / kv[0] == pytest.approx(4, rel=0.01)
    rows = {row[0]: row for row in figure.table().rows}
    assert rows["KV"][1:4] == (1000, 4000, 4.0) and rows["partials"][1:4] == (None, 500, None)
    assert "LSE" not in rows and "KV 4.00 kB counted, 1.00 kB modelled (4.00 times)" in figure.alt


def test_a_bar_leads_to_the_source_around_its_lines():
    plan, geometry, pack_heads = STEPS["small, deft_node"]
    inspector = recorded(plan, geometry, pack_heads).beside(traffic(plan, geometry, "requested"))
    check_document(inspector.figure)
    root = parsed(inspector.figure)
    links = {link.get("data-pane"): link for link in root.iter(f"{SVG}a")}
    panes = {pane.get("data-pane"): pane for pane in root.iter(f"{SVG}g") if pane.get("data-pane")}
    assert set(links) == set(panes) == set(inspector.words) and len(panes) == 6
    assert all(links[role].get("href") == f"#{panes[role].get('id')}" for role in panes)
    assert [role for role, pane in panes.items() if "shown" in pane.get("class")] == ["kv"]
    for role, pane in panes.items():
        said = [text.text for text in pane.iter(f"{SVG}text")]
        mine = [line for line in recorded(plan, geometry, pack_heads).lines if line.role == role]
        assert all(line.text in said and line.where.partition(":")[2] in said for line in mine)
        bytes_said = [text for text in said if re.fullmatch(r"(load|store) [\d.]+ k?B", text)]
        assert bytes_said == [f"{line.op} {in_bytes(line.n_bytes)}" for line in mine]
    around = [text.text for text in panes["kv"].iter(f"{SVG}text")]
    assert "offset = (slot.to(tl.int64) * N_KV_HEADS + kv_head) * D" in around and "return x" in around


def test_more_lines_than_a_pane_has_room_for_are_counted():
    sources = {"a.py": "\n".join(f"x{n} = tl.load(p + {n})" for n in range(1, 41))}
    lines = [SourceBytes("kv", "load", f"a.py:{n}", "", 4) for n in range(1, 41, 2)]
    moved = Traffic("counted", "deft_node", kv=80, q=0, o=0)
    said = text_of(draw_counted(moved, moved, lines, sources))
    assert "x1 = tl.load(p + 1)" in said and "and 13 more lines" in said and "x39 =" not in said


def test_the_inspector_of_a_count_knows_the_roles_that_there_are():
    plan, geometry, _ = STEPS["small, deft_node"]
    inspector = recorded(plan, geometry).beside(traffic(plan, geometry, "unique"), title="Floor and count")
    inspector.pick = "partials"
    assert "attend.py:93 stores" in inspector.words[inspector.pick]
    assert "6 more lines the rest" in inspector.words["index"]
    inspector.pick = "weights"
    assert inspector.pick == "" and inspector.figure.title == "Floor and count"
    data, _ = inspector._repr_mimebundle_()
    assert data["image/svg+xml"] == inspector.figure.svg and data["text/plain"] == inspector.alt


def test_the_chunk_sweep_marks_the_least():
    tree = build_tree("k_ary", prompt=100, k=2, depth=6, length=32)
    figure = draw_chunk_sweep(tree, LLAMA3_8B.layer, lengths=(64, 256, 2048))
    check_document(figure)
    totals = {
        n: traffic(plan_tree(tree, "deft_flatten", chunk_len=n), LLAMA3_8B.layer, "requested").total
        for n in (64, 256, 2048)
    }
    assert {row[0]: row[-1] for row in figure.table().rows} == totals
    best = min(totals, key=totals.get)
    assert f"at {best} tokens" in figure.alt and re.search(rf"^{best:,} ◂ least$", text_of(figure), re.M)
    widths: dict[str, float] = {}
    for data, box in shapes(figure, "role"):
        widths[data["role"]] = widths.get(data["role"], 0) + box["width"]
    assert set(widths) >= {"kv", "partials", "mask"}
    with pytest.raises(DeftLabError, match="no chunk length"):
        draw_chunk_sweep(tree, LLAMA3_8B.layer, lengths=())
