"""`bench decode` without a GPU: turns, failures, seconds, tables, figure and command."""

import itertools
import json
import time
import types
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from step_benching import MADE_UP_ROWS, TINY, made_up_machine, printed  # noqa: E402
from typer.testing import CliRunner  # noqa: E402

from deft_lab import cli, fetch  # noqa: E402
from deft_lab.bench.attention.plot import read_result  # noqa: E402
from deft_lab.bench.decode import measure, plot, results, run  # noqa: E402
from deft_lab.bench.decode.cases import Chosen, few_shot_case, medusa_case, star_case  # noqa: E402
from deft_lab.bench.decode.measure import Setup  # noqa: E402
from deft_lab.bench.decode.run import METHOD_SUBJECTS, PEER_SUBJECTS, Subject  # noqa: E402
from deft_lab.errors import DeftLabError  # noqa: E402

cli_run = CliRunner().invoke


@pytest.fixture(autouse=True)
def no_templates(monkeypatch, tmp_path):
    monkeypatch.setattr(fetch, "default_folder", lambda: tmp_path / "cache")
    monkeypatch.delenv(fetch.VARIABLE, raising=False)


def scripted(name, log, n_steps=25, **failing):
    """A subject whose runner writes down its turns; `failing`: what `open` or a step raises."""

    def open_it(lab, case):
        if "opening" in failing and (not failing.get("crowded") or log.count("opened") > log.count("over")):
            raise failing["opening"]
        log.append("opened")

        def advance():
            log.append(name)
            if log.count(name) == failing.get("at"):
                raise failing["stepping"]
            return True

        watch = types.SimpleNamespace(read=dict)
        return measure.Runner(advance, watch, n_steps, lambda: (1, 2), lambda: log.append("over") or {})

    return Subject(name, "method", open_it)


def turns(log):
    return [(name, len(list(steps))) for name, steps in itertools.groupby(log)]


class TestRun:
    @pytest.fixture(autouse=True)
    def no_gpu(self, monkeypatch):
        monkeypatch.setattr(torch.cuda, "synchronize", lambda: None)

    def measured(self, *subjects, seconds=540.0, now=time.perf_counter, cases=None, **more):
        chosen = Chosen(cases or [few_shot_case("few", 2, 9, 25)])
        setup = replace(TINY, seconds=seconds)
        return run.bench_decode(chosen, subjects, setup, machine=made_up_machine(now), **more)

    def test_subjects_take_turns(self):
        log = []
        self.measured(scripted("one", log), scripted("two", log))
        assert turns(log) == [
            ("opened", 2), ("one", 10), ("two", 10), ("one", 10), ("two", 10), ("one", 5), ("over", 1),
            ("two", 5), ("over", 1),
        ]  # fmt: skip

    def test_what_fails_says_so_and_the_rest_goes_on(self):
        log = []
        result = self.measured(
            scripted("broken", log, opening=RuntimeError("no")),
            scripted("late", log, at=13, stepping=torch.OutOfMemoryError("no room")),
            scripted("fine", log),
        )
        broken, late, fine = result["rows"]
        assert broken["failure"] == "RuntimeError: no" and late["failure"].endswith(": no room")
        assert broken["step_ms"] is None and late["step_ms"] is None
        assert fine["failure"] is None and fine["step_ms"]["n"] == 22

    def test_what_finds_no_memory_beside_the_others_is_stepped_after_them(self):
        log = []
        full = torch.OutOfMemoryError("no room")
        result = self.measured(
            scripted("first", log),
            scripted("second", log, opening=full, crowded=True),
            scripted("third", log),
        )
        assert [row["in_turn"] for row in result["rows"]] == [True, False, True]
        assert [row["steps"] for row in result["rows"]] == [25, 25, 25]
        assert log[-26:] == ["second"] * 25 + ["over"]

    def test_one_that_never_finds_memory_has_a_row_that_says_so(self):
        log = []
        (row,) = self.measured(scripted("big", log, opening=torch.OutOfMemoryError("no room")))["rows"]
        assert row["failure"].endswith("OutOfMemoryError: no room") and row["in_turn"]

    def test_cases_that_no_longer_fit_are_skipped_and_named(self):
        seconds = itertools.count()
        few = few_shot_case("few", 2, 9, 25)
        long, short = replace(few, name="long", n_steps=10**6), replace(few, name="short", n_steps=4)
        log = []
        result = self.measured(
            scripted("one", log), seconds=500.0, now=lambda: float(next(seconds)), cases=[few, long, short]
        )
        assert list(result["cases"]) == ["few", "short"]
        assert list(result["skipped"]) == ["long"] and "does not fit" in result["skipped"]["long"]

    def test_when_the_seconds_are_over_a_case_ends_with_the_steps_it_has(self):
        seconds = itertools.count()
        result = self.measured(scripted("one", []), seconds=20.0, now=lambda: float(next(seconds)))
        (row,) = result["rows"]
        assert row["steps"] == 10 and row["wanted_steps"] == 25 and row["step_ms"]["median"] == 1000.0
        assert "10 of 25 steps" in printed(results.case_table([row]))

    def test_the_result_is_written_after_each_case(self, tmp_path):
        output, seen = tmp_path / "out.json", []

        def report(name, around, rows):
            seen.append((name, output.exists() and list(json.loads(output.read_text())["cases"])))

        few = few_shot_case("few", 2, 9, 5)
        result = self.measured(
            scripted("one", []), cases=[few, replace(few, name="again")], output=output, report=report
        )
        assert seen == [("few", ["few"]), ("again", ["few", "again"])]
        assert json.loads(output.read_text()) == result

    def test_a_lost_gpu_ends_the_run_with_what_was_found(self, monkeypatch, tmp_path):
        def refuse():
            raise RuntimeError("CUDA error: an illegal memory access was encountered")

        def breaks(lab, case):
            monkeypatch.setattr(torch.cuda, "synchronize", refuse)
            refuse()

        output = tmp_path / "out.json"
        with pytest.raises(DeftLabError, match="the GPU is lost after 'breaks' on case 'few'"):
            self.measured(Subject("breaks", "method", breaks), scripted("next", []), output=output)
        failures = [row["failure"] for row in json.loads(output.read_text())["rows"]]
        assert "illegal memory" in failures[0] and failures[1].startswith("left out: the GPU was lost")

    def test_real_subjects_fill_their_rows(self, tmp_path):
        small = [
            few_shot_case("few50", 3, 30, 12),
            medusa_case("medusa64", 30, 8),
            star_case("star256", 6, 30, 8),
        ]
        subjects = [*METHOD_SUBJECTS.values(), *PEER_SUBJECTS.values()]
        output = tmp_path / "out.json"
        result = self.measured(*subjects, cases=small, output=output)
        assert result["schema"] == results.SCHEMA and not result["skipped"]
        assert not [row["failure"] for row in result["rows"] if row["failure"]]
        assert [row["subject"] for row in result["rows"]] == [
            "radix", "tree_mask", "deft_flatten", "tree_waves", "transformers",
            *2 * ("radix", "tree_mask", "deft_flatten", "tree_waves"),
        ]  # fmt: skip
        for row in result["rows"]:
            step = row["step_ms"]
            assert 0 < step["q1"] <= step["median"] <= step["q3"] <= step["largest"]
            assert row["steps"] == row["wanted_steps"]
            if row["kind"] == "method":
                assert row["attention_alone_ms"] == 2.0 and row["floor_ms"] > 0
        around = result["cases"]["few50"]
        assert around["copy_gbs"] == {"before": 1000.0, "after": 3000.0}
        assert "copy 1000 GB/s before, 3000 after; SM 1980, then 1980 MHz" in results.around_line(
            "few50", around
        )
        card = result["card"]
        assert card["gpu"]["name"] == "made up" and card["packed"] == ["radix"] and card["commit"]
        assert result["model"]["vocabulary"] == 512
        assert [words.split(":")[0] for words in result["bars"]] == [
            "few50", "medusa64", "few50", "star256", "few50", "medusa64", "star256",
        ]  # fmt: skip
        assert "radix takes" in result["bars"][2] and "% of the step of tree_waves" in result["bars"][-1]


class TestResults:
    def test_a_table_fits_into_80_characters(self):
        text = printed(results.case_table(MADE_UP_ROWS))
        assert "…" not in text, text
        assert "tree_mask: OutOfMemoryError: no room" in text
        assert "deft_flatten: stepped alone, for want of memory" in text
        assert "transformers: graph failure: RuntimeError: no" in text
        assert "few50: 4000 + 50 x 400; 50 queries see 14,000 tokens" in text

    def test_bars_are_stated_as_far_as_they_were_measured(self):
        assert results.bars(MADE_UP_ROWS) == [
            "few50: tree_waves 12.00 ms a step, 2.40 x the floor",
            "few50: radix takes 10.29 x the step of tree_waves",
            "few50: planning and branching are 14.2 % of the step of tree_waves",
        ]
        assert results.bars(MADE_UP_ROWS[:1]) == []

    def test_a_figure_shows_the_parts_and_the_floor(self):
        (figure,) = plot.figures({"rows": MADE_UP_ROWS})
        marks = ET.fromstring(figure.svg)
        pieces = marks.findall(".//*[@data-part]")
        assert {piece.get("data-subject") for piece in pieces} == {
            "radix", "deft_flatten", "tree_waves", "transformers",
        }  # fmt: skip
        assert {piece.get("data-part") for piece in pieces} == set(results.STACKED)
        assert len(marks.findall(".//*[@data-floor]")) == 3
        assert "few50: tree_waves 12.00, deft_flatten 18.00, transformers 98.00, radix 123.46" in figure.alt
        assert figure.table().rows[2][2] == 12.0
        with pytest.raises(DeftLabError, match="no row of this result has a time"):
            plot.figures({"rows": MADE_UP_ROWS[3:4]})

    def test_plot_knows_the_kind_of_file(self, tmp_path):
        file = tmp_path / "decode.json"
        file.write_text(json.dumps({"schema": results.SCHEMA, "card": {}, "rows": MADE_UP_ROWS}))
        assert plot.is_decode(read_result(file))
        done = cli_run(cli.app, ["bench", "plot", str(file)])
        assert done.exit_code == 0, (done.stdout, done.exception)
        assert "One decode step, part by part" in done.stdout
        assert sorted(p.name for p in tmp_path.glob("decode*")) == [
            "decode.html",
            "decode.json",
            "decode_1.svg",
        ]


class TestCommand:
    def test_without_a_gpu_nothing_is_timed(self, monkeypatch):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        done = cli_run(cli.app, ["bench", "decode"])
        assert isinstance(done.exception, DeftLabError)
        assert "bench decode needs an NVIDIA GPU" in str(done.exception)
        with pytest.raises(DeftLabError, match="bench decode needs an NVIDIA GPU"):
            run.bench_decode(Chosen([]), list(METHOD_SUBJECTS.values()))

    def test_it_prints_tables_bars_and_what_was_skipped(self, monkeypatch, tmp_path):
        asked = {}

        def instead(chosen, subjects, setup, *, output, report):
            asked.update(chosen=chosen, subjects=[s.name for s in subjects], setup=setup)
            copy, gpu = {"before": 3000.0, "after": 3100.0}, {"before": {}, "after": {}}
            around = {"copy_gbs": copy, "gpu": gpu, "seconds": 9}
            report("few50", around, MADE_UP_ROWS)
            return {"card": {"made": "up"}, "skipped": chosen.skipped, "bars": results.bars(MADE_UP_ROWS)}

        monkeypatch.setattr("deft_lab.bench.attention.timing.require_gpu", lambda *_: None)
        monkeypatch.setattr(run, "bench_decode", instead)
        command = ["bench", "decode", "--cases", "few50,tot_sort", "--methods", "radix,tree_waves"]
        more = ["--peers", "none", "--steps", "20", "--geometry", "tiny", "--no-graphs", "--compile"]
        done = cli_run(cli.app, [*command, *more, "--seconds", "60"])
        assert done.exit_code == 0, (done.stdout, done.exception)
        assert asked["setup"] == Setup("tiny", False, True, 60.0)
        assert asked["subjects"] == ["radix", "tree_waves"]
        assert [case.n_steps for case in asked["chosen"].cases] == [20]
        assert "skipped: tot_sort: needs DeFT's templates" in done.stdout
        assert "few50: copy 3000 GB/s before, 3100 after; 9 s" in done.stdout
        assert "few50: radix takes 10.29 x the step of tree_waves" in done.stdout
