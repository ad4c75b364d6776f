"""What is made of rows: summary, tables, plots, break-even. The rows are made up."""

import io
import json
import math
import sys
import types
import xml.etree.ElementTree as ET

import pytest
from benching import MADE_UP_ROWS, SMALL, SOME_TREES, SWEPT_ROWS, TINY, made_up_row, right, without_gpu
from rich.console import Console

from deft_lab.bench.attention import ablation, modelled, table
from deft_lab.bench.attention.peers import PEERS
from deft_lab.bench.attention.plot import figures, read_result, save_plots
from deft_lab.bench.attention.subjects import Subject, method_subjects
from deft_lab.bench.attention.summary import Verdict, geometric_mean, verdicts
from deft_lab.errors import DeftLabError


@pytest.fixture
def no_gpu(monkeypatch):
    without_gpu(monkeypatch)


def test_a_verdict_names_the_fastest_on_each_side():
    one, two = verdicts(MADE_UP_ROWS)
    assert (one.method["subject"], one.peer["subject"]) == ("tree_waves", "flashinfer_tree_mask")
    assert one.speedup == 2 and one.is_near_read and two.speedup == 0.5 and not two.is_near_read
    assert geometric_mean([one.speedup, two.speedup]) == pytest.approx(1.0) and geometric_mean([]) is None
    nothing = Verdict("three", None, None, None)
    assert nothing.speedup is None and nothing.is_near_read is None


def printed(thing) -> str:
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(thing)
    return console.export_text()


def test_tables_fit_into_80_characters():
    rows = [
        made_up_row("few50_page16", name, "method", 1234.5, plan_ms=times, lower_ms=times)
        for name in (*method_subjects(), *PEERS)
        for times in [{"median_ms": 12.3456}]
    ]
    for shown in (
        table.case_table(rows),
        table.case_table(MADE_UP_ROWS[:5]),
        table.read_table(MADE_UP_ROWS),
        table.peer_table(MADE_UP_ROWS),
        table.dry_table([TINY], list(method_subjects().values())),
        table.sweep_table(SWEPT_ROWS),
    ):
        text = printed(shown)
        assert "…" not in text, text
    assert "2.0e-03" in printed(table.case_table(MADE_UP_ROWS[:5]))
    assert "flex_attention: LoweringError: no" in printed(table.case_table(MADE_UP_ROWS[:5]))
    assert "no graph: RuntimeError: not capturable" in printed(table.case_table(MADE_UP_ROWS[5:]))
    assert "MISSED" not in printed(table.read_table(MADE_UP_ROWS[:5]))
    assert "MISSED" in printed(table.read_table(MADE_UP_ROWS))
    assert "geometric mean 1.000, least 0.500" in printed(table.peer_table(MADE_UP_ROWS))
    assert "modelled A100" in printed(table.sweep_table(SWEPT_ROWS))


@pytest.mark.parametrize(
    ("pairs", "tokens", "words"),
    [
        ([(1000, 0.5), (4000, 2.0)], 2000, "beats {} from a prompt of about 2,000 tokens on"),
        ([(1000, 2.0), (2000, 0.5), (4000, 0.5), (8000, 2.0)], 4000 * math.sqrt(2), "about 5,657 tokens on"),
        ([(1000, 1.0), (4000, 2.0)], None, "at least as fast as {} at every prompt from 1,000 to 4,000"),
        ([(1000, 2.0), (4000, 0.9)], None, "is slower than {} at 4,000 tokens, the longest"),
    ],
    ids=["between", "the last crossing counts", "always", "never"],
)
def test_a_break_even_is_where_the_ratio_stays_above_one(pairs, tokens, words):
    found, said = ablation.break_even(pairs)
    assert found == (tokens if tokens is None else pytest.approx(tokens)) and words in said


def test_break_evens_are_stated_as_measured_and_as_modelled():
    found = ablation.break_evens(SWEPT_ROWS)
    assert [(x["times"], x["method"], x["against"]) for x in found] == [
        ("measured", "deft_flatten", "radix"),
        ("A100", "deft_flatten", "radix"),
    ]
    assert found[0]["tokens"] is None or found[0]["tokens"] == pytest.approx(2000)
    assert found[0]["words"].startswith("measured: deft_flatten beats radix from a prompt of about 2,000")


def test_the_ablation_sweeps_what_the_paper_swept():
    points = ablation.choose_points(())
    values = {}
    for point in points:
        values.setdefault(point.sweep, []).append(point.value)
    assert {1000, 2000, 4000, 8000, 16000} <= set(values["prompt"])
    assert values["chunk_len"] == [32, 64, 128, 256, 512]
    assert list(values) == ["prompt", "width", "branch length", "chunk_len", "split", "geometry"]
    of_geometry = [p.case.geometry for p in points if p.sweep == "geometry"]
    assert [(g.n_q_heads, g.n_kv_heads) for g in of_geometry] == [(32, 32), (32, 8), (64, 8)]
    for point in points:
        names = [subject.name for subject in point.subjects]
        assert len(set(names)) == len(names)
        if point.sweep not in ("chunk_len", "split"):
            assert {"radix", "radix packed", "deft_node", "deft_node_chunk", "deft_flatten"} <= set(names)
    with pytest.raises(DeftLabError, match="no sweep 'prompts'; choose some of prompt, width"):
        ablation.choose_points(["prompts"])


def test_an_ablation_writes_its_rows_and_break_evens(no_gpu, monkeypatch, tmp_path):
    usual = [Subject(name, "method", right) for name in ("radix", "deft_flatten")]
    points = [ablation.Point("prompt", value, TINY, tuple(usual)) for value in (1000, 2000)]
    monkeypatch.setattr(ablation, "choose_points", lambda *_: points)
    result = ablation.bench_ablation(output=tmp_path / "out.json")
    assert json.loads((tmp_path / "out.json").read_text()) == result
    assert [(row["subject"], row["value"]) for row in result["rows"]][:3] == [
        ("read", 1000),
        ("radix", 1000),
        ("deft_flatten", 1000),
    ]
    assert result["rows"][0]["heads"] == [8, 2, 16] and "at least as fast" in result["break_even"][0]["words"]


def test_modelled_times_are_left_out_where_the_model_is_not(monkeypatch):
    from deft_lab import plan_tree

    plan = plan_tree(SOME_TREES["few-shot"], "radix")
    monkeypatch.setitem(sys.modules, "deft_lab.cost.latency", None)
    assert modelled.modelled_us(plan, SMALL, None) is None
    asked = []

    def predict(plan, geometry, hardware, **options):
        asked.append((hardware, options))
        return types.SimpleNamespace(seconds=2e-6)

    monkeypatch.setitem(sys.modules, "deft_lab.cost.latency", types.SimpleNamespace(predict=predict))
    hardware = types.SimpleNamespace(find_hardware=lambda name: name)
    monkeypatch.setitem(sys.modules, "deft_lab.hardware", hardware)
    assert modelled.modelled_us(plan, SMALL, True) == {"H200": 2.0, "A100": 2.0, "RTX 4090": 2.0}
    assert asked[1] == ("a100", {"pack_heads": True})


def parsed(figure):
    return ET.fromstring(figure.svg)


def test_figures_show_and_say_the_numbers():
    ratios, residuals = figures({"rows": MADE_UP_ROWS})
    marks = parsed(ratios).findall(".//*[@data-subject]")
    assert len(marks) == 5  # a read and a failure have no mark
    xs = {(m.get("data-case"), m.get("data-subject")): float(m.get("x")) for m in marks}
    assert xs["one", "tree_waves"] < xs["two", "tree_waves"] < xs["one", "flashinfer_tree_mask"]
    assert "one: tree_waves 1.50 times the read" in ratios.alt and "geometric mean 1.00" in ratios.alt
    assert ("one", "flashinfer_tree_mask", 30.0, 3.0) in ratios.table().rows
    parsed(residuals)
    assert "Median absolute error 20 % over 2 calls" in residuals.alt


def test_a_calibration_is_drawn_with_what_the_fit_saw_set_apart():
    seen = {"case": "a", "subject": "radix", "measured_us": 10.0, "predicted_us": 30.0, "held_out": False}
    held = {**seen, "case": "b", "predicted_us": 11.0, "held_out": True}
    (figure,) = figures({"residuals": [seen, held]})
    assert "Median absolute error 10 % over 1 calls. Furthest off: radix on b 1.10." in figure.alt


def test_sweeps_are_drawn_one_by_one():
    (figure,) = figures({"rows": SWEPT_ROWS})
    assert "At prompt 4000: deft_flatten 20.0 us, radix 40.0 us." in figure.alt
    assert len(parsed(figure).findall(".//{http://www.w3.org/2000/svg}path[@style]")) == 2


def test_plots_are_one_page_that_needs_nothing_else(tmp_path):
    result = {"card": {"gpu": "made up <b>"}, "rows": MADE_UP_ROWS}
    save_plots(result, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert page.count("<svg") == 2 and "made up &lt;b&gt;" in page
    assert "<script" not in page and "src=" not in page
    assert sorted(p.name for p in tmp_path.iterdir()) == ["page.html", "page_1.svg", "page_2.svg"]


@pytest.mark.parametrize("text", ["", "[]", '{"rows": 3}', '{"rows": [{}]}', "{}"])
def test_a_file_that_is_no_result_is_refused(text, tmp_path):
    (tmp_path / "other.json").write_text(text)
    with pytest.raises(DeftLabError, match="other.json is no result of bench attention"):
        read_result(tmp_path / "other.json")


def test_a_result_without_a_time_is_not_drawn():
    with pytest.raises(DeftLabError, match="no row of this result has a time"):
        figures({"rows": [MADE_UP_ROWS[4]]})
