"""`bench decode` without a GPU: its cases' trees, turns, parts, rows, figure and command, on a tiny Llama."""

import io
import itertools
import json
import time
import types
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from rich.console import Console  # noqa: E402
from typer.testing import CliRunner  # noqa: E402

from deft_lab import cli, fetch  # noqa: E402
from deft_lab.bench.attention.plot import read_result  # noqa: E402
from deft_lab.bench.decode import cases, measure, model, peer, plot, results, run  # noqa: E402
from deft_lab.bench.decode.cases import Chosen, few_shot_case, medusa_case, reasoning_case, star_case  # noqa: E402
from deft_lab.bench.decode.measure import Lab, Machine, Setup  # noqa: E402
from deft_lab.bench.decode.run import METHOD_SUBJECTS, PEER_SUBJECTS, Subject  # noqa: E402
from deft_lab.builders.look_alike import reasoning_template_like  # noqa: E402
from deft_lab.decode.session import Session  # noqa: E402
from deft_lab.errors import DeftLabError  # noqa: E402

cli_run = CliRunner().invoke
TINY = Setup(geometry="tiny")
OURS = METHOD_SUBJECTS["tree_waves"]


@pytest.fixture(autouse=True)
def no_templates(monkeypatch, tmp_path):
    monkeypatch.setattr(fetch, "default_folder", lambda: tmp_path / "cache")
    monkeypatch.delenv(fetch.VARIABLE, raising=False)


def made_up_machine(now=time.perf_counter):
    """This CPU, with made-up rates; a call is made, and said to take 2 ms."""
    return Machine(
        device=torch.device("cpu"),
        dtype=torch.float32,
        wait=lambda: None,
        now=now,
        copy_gbs=itertools.cycle([1000.0, 3000.0]).__next__,
        call_ms=lambda call: (call(), 2.0)[1],
        state=lambda: {"clocks.sm": "1980", "clocks.mem": "2619"},
        card=lambda: {"name": "made up"},
    )


@pytest.fixture(scope="module")
def lab():
    machine = made_up_machine()
    tiny = model.build_model("tiny", machine.device, machine.dtype)
    return Lab(tiny, model.twin_of(tiny), machine, TINY)


def grown(lab, case):
    """The session of a case after its steps, each checked."""
    session = measure.make_session(lab.model, "radix", case.n_slots, lab.setup)
    session.prefill(model.random_prompt(lab.model, case.n_prompt))
    sampler = measure.TimedSampler(measure.TEMPERATURE, watch=session.watch)
    step = case.start(session, sampler)
    for _ in range(case.n_steps):
        assert step()
        session.check()
    return session


class TestCases:
    def test_are_those_of_the_paper_and_more(self):
        chosen = cases.choose_cases()
        assert [case.name for case in chosen.cases] == [
            "few50", "medusa64", "star256", "few20", "few30", "star32", "star64", "star128",
        ]  # fmt: skip
        of = {case.name: case for case in chosen.cases}
        assert (of["few50"].n_prompt, of["few50"].n_branches, of["few50"].n_steps) == (4000, 50, 400)
        assert (of["star256"].n_steps, of["medusa64"].n_steps) == (100, 100)
        assert of["medusa64"].what == "Medusa-64 on 4000"

    def test_without_templates_the_reasoning_cases_are_skipped_and_say_why(self):
        skipped = cases.choose_cases().skipped
        assert set(skipped) == set(cases.REASONING)
        assert all("python -m deft_lab fetch-templates" in why for why in skipped.values())

    def test_with_templates_they_are_the_first_complete_runs(self, templates):
        chosen = cases.choose_cases("tot_sort, tot_doc, tot_set, tot_key", templates)
        assert not chosen.skipped and all(case.n_steps <= 1000 for case in chosen.cases)
        assert [case.what.split(",")[0] for case in chosen.cases] == list(cases.REASONING.values())

    def test_steps_cap_them(self):
        chosen = cases.choose_cases("few20,star32,medusa64", most_steps=7)
        assert [case.n_steps for case in chosen.cases] == [7, 7, 7]
        with pytest.raises(DeftLabError, match="at least 1 step"):
            cases.choose_cases(most_steps=0)

    def test_an_unknown_one_lists_the_known_ones(self):
        with pytest.raises(DeftLabError, match="no case 'few7'; choose some of few50, medusa64"):
            cases.choose_cases("few7")

    def test_few_shot_branches_grow_side_by_side(self, lab):
        session = grown(lab, few_shot_case("few", 3, 40, 20))
        assert session.tree.length.tolist() == [40, 20, 20, 20]
        assert session.pool.n_free == 0  # it had the slots that it needs, and no more

    def test_a_star_gains_two_tokens_a_step(self, lab):
        case = star_case("star", 5, 30, 4)
        assert case.n_steps == 4
        session = grown(lab, case)
        assert session.tree.length.tolist() == [30 + 3 * 2]  # the last drafts await their verdict
        assert star_case("star", 5, 30, 1).n_steps == 1

    def test_medusas_tree_is_verified_and_a_scripted_path_kept(self, lab):
        seen = []
        case = medusa_case("medusa", 30, 5)
        session = grown(lab, case)
        assert session.tree.length.tolist() == [30 + sum(cases.MEDUSA_GAINS)]
        session.listeners.append(lambda step: seen.append(step.tree.n_queries))
        case.start(session, measure.TimedSampler(1.0, watch=session.watch))()
        assert seen == [64]

    def test_a_reasoning_run_follows_its_template(self, lab, tmp_path):
        template = reasoning_template_like("set", 1)
        broken = {"incompleted": True, "prompt": "", "data": {}}
        (tmp_path / "set.json").write_text(json.dumps([broken, template.to_item()]))
        case = reasoning_case("tot", tmp_path / "set.json", 30)
        assert case.n_steps == 30 and case.what.startswith("set.json, item 1, 30 of")
        session = grown(lab, case)
        assert session.tree.length.tolist() == template.growth().tree_at(30).length.tolist()


class TestModel:
    def test_a_twin_shares_the_weights_and_has_its_own_attention(self, lab):
        ours = dict(lab.model.model.named_parameters())
        assert all(weight is ours[name] for name, weight in lab.twin.named_parameters())
        assert lab.twin.config._attn_implementation == "sdpa"
        assert lab.model.model.config._attn_implementation == "deft_lab"
        prompt = model.random_prompt(lab.model, 9)
        session = Session(lab.model, n_slots=64)
        session.prefill(prompt)
        with torch.inference_mode():
            said = lab.twin(torch.tensor([prompt])).logits[0, -1]
        torch.testing.assert_close(session.logits[0], said, atol=1e-4, rtol=1e-4)

    def test_the_embedding_is_no_weight_that_a_step_reads(self, lab):
        config = lab.model.model.config
        whole = 4 * lab.model.n_parameters
        assert model.weight_bytes(lab.model) == whole - 4 * config.vocab_size * config.hidden_size

    def test_llama3_8b_has_its_size(self):
        eight = model.build_model("llama3_8b", torch.device("meta"), torch.bfloat16)
        assert eight.n_parameters == 8_030_261_248 and eight.dtype == torch.bfloat16
        assert model.weight_bytes(eight) == 2 * (8_030_261_248 - 128256 * 4096)
        assert eight.geometry.q_per_kv == 4 and eight.geometry.n_layers == 32
        assert torch.get_default_dtype() == torch.float32

    def test_an_unknown_geometry_lists_the_known_ones(self):
        with pytest.raises(DeftLabError, match="no geometry 'llama9'; choose one of llama3_8b, tiny"):
            model.build_model("llama9", torch.device("cpu"), torch.float32)


class TestMeasure:
    def test_parts_add_up_to_the_step(self):
        spent = {"planning": 1.0, "branching": 5.0, "sampling": 3.0, "memory": 0.5, "decode": 10.0}
        parts = measure.parts_of(20.0, spent)
        assert parts["branching"] == 2.0 and parts["host"] == 7.0 and parts["rest"] == 3.5
        assert sum(parts[name] for name in results.STACKED) == 20.0
        assert "attention" not in parts

    def test_a_session_takes_of_the_setup_what_it_knows(self, lab, monkeypatch):
        asked = Setup(graphs=True, compiled=True)
        taken = {}

        def knows(model, method, n_slots, page_size, graphs=None):
            taken.update(method=method, graphs=graphs)

        monkeypatch.setattr(measure, "Session", knows)
        measure.make_session(lab.model, "radix", 64, asked)
        assert taken == {"method": "radix", "graphs": True} and measure.ignored(asked) == ["compiled"]
        assert measure.ignored(Setup()) == []

    def test_a_step_is_timed_around_task_sampling_and_forward(self, lab):
        case = few_shot_case("few", 3, 40, 9)
        ticks = itertools.count()
        machine = made_up_machine(now=lambda: float(next(ticks)))
        runner = measure.tree_runner(lab, case, "tree_waves")
        runner.go(machine, 4)
        assert len(runner.samples) == 4 and not runner.is_over
        assert [sample.wall for sample in runner.samples] == [1000.0] * 4
        assert [sample.n_tokens for sample in runner.samples] == [43, 46, 49, 52]
        runner.go(machine, 100)
        row = {}
        runner.finish(row)
        assert runner.is_over and row["steps"] == 9 and row["queries"] == 3
        assert row["step_ms"]["n"] == 9 - measure.WARM_UP and row["tokens"] == 60  # of 40 + 3 x (4 .. 9)
        assert row["attention_alone_ms"] == 2.0 and row["attention_alone_tokens"] == 40 + 27
        assert all(row["parts_ms"][name] is not None for name in results.PARTS)

    def test_a_failure_of_attention_alone_leaves_the_steps(self, lab):
        def refuses(call):
            raise RuntimeError("not capturable\nand more")

        runner = measure.tree_runner(
            replace_machine(lab, call_ms=refuses), few_shot_case("few", 2, 9, 2), "radix"
        )
        runner.go(lab.machine, 2)
        row = {}
        runner.finish(row)
        assert row["attention_alone_failure"] == "RuntimeError: not capturable" and row["step_ms"]["n"] == 2

    def test_the_floor_is_weights_and_visible_kv_at_the_copys_rate(self, lab):
        row = {"kind": "method", "step_ms": {"median": 8.0}, "tokens": 1000}
        measure.add_floor(row, lab, copy_gbs=2.0)
        geometry = lab.model.geometry
        kv = 1000 * geometry.kv_bytes_per_token * geometry.n_layers
        assert row["floor_bytes"] == {"weights": model.weight_bytes(lab.model), "kv": kv}
        assert row["floor_ms"] == pytest.approx((row["floor_bytes"]["weights"] + kv) / 2e6, abs=1e-4)
        assert row["ratio_to_floor"] == pytest.approx(8.0 / row["floor_ms"], abs=1e-3)


def replace_machine(lab, **changes):
    return Lab(lab.model, lab.twin, replace(lab.machine, **changes), lab.setup)


class TestPeer:
    def test_the_static_batch_says_what_the_model_says(self, lab):
        case = few_shot_case("few", 3, 20, 4)
        batch = peer.StaticBatch(lab, case, n_steps=4)  # all its steps: no position is left out
        sequences = [model.random_prompt(lab.model, 20) for _ in range(3)]
        for _ in range(3):
            for sequence, token in zip(sequences, batch.tokens[:, 0].tolist(), strict=True):
                sequence.append(token)
            with torch.inference_mode():
                right = lab.twin(torch.tensor(sequences)).logits[:, -1]
                torch.testing.assert_close(batch._run(), right, atol=1e-4, rtol=1e-4)
                batch.tokens.copy_(batch.sampler.draw(right)[:, None])

    def test_it_makes_the_last_steps_of_the_decode(self, lab, monkeypatch):
        monkeypatch.setattr(peer, "STEPS", 5)
        runner = peer.batch_runner(lab, few_shot_case("few", 3, 20, 12))
        runner.go(lab.machine, 100)
        row = {}
        runner.finish(row)
        assert row["steps"] == 5 and row["queries"] == 3 and row["tokens"] == 3 * 32
        assert row["parts_ms"]["forward"] > 0 and row["parts_ms"]["planning"] is None


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
        assert card["gpu"]["name"] == "made up" and card["ignored"] == [] and card["commit"]
        assert result["model"]["vocabulary"] == 512
        assert [words.split(":")[0] for words in result["bars"]] == [
            "few50", "medusa64", "few50", "star256", "few50", "medusa64", "star256",
        ]  # fmt: skip
        assert "radix takes" in result["bars"][2] and "% of the step of tree_waves" in result["bars"][-1]


def printed(thing) -> str:
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(thing)
    return console.export_text()


def made_up_row(case, subject, step, **more):
    """Times in ms; they stand for no measurement."""
    kind = "peer" if subject == "transformers" else "method"
    row = results.blank_row(few_shot_case(case, 50, 4000, 400), Subject(subject, kind, None))
    parts = dict(zip(results.PARTS, (0.2, 1.5, 0.4, 0.5, 1.4, step - 4, 2.6, 1.2, 0.3), strict=True))
    times = {"median": step, "q1": step - 0.1, "q3": step + 0.3, "mean": step, "largest": step + 9, "n": 397}
    found = {"steps": 400, "step_ms": times, "parts_ms": parts, "queries": 50, "tokens": 14000}
    floor = {"attention_alone_ms": 1.21, "floor_ms": 5.0, "ratio_to_floor": step / 5}
    return {**row, **found, **(floor if kind == "method" else {}), **more}


MADE_UP_ROWS = [
    made_up_row("few50", "radix", 123.456),
    made_up_row("few50", "deft_flatten", 18.0, in_turn=False),
    made_up_row("few50", "tree_waves", 12.0),
    made_up_row("few50", "tree_mask", 0.0, failure="OutOfMemoryError: no room", step_ms=None),
    made_up_row("few50", "transformers", 98.0, steps=50, wanted_steps=50, graph_failure="RuntimeError: no"),
]


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
            run.bench_decode(Chosen([]), [OURS])

    def test_it_prints_tables_bars_and_what_was_skipped(self, monkeypatch, tmp_path):
        asked = {}

        def instead(chosen, subjects, setup, *, output, report):
            asked.update(chosen=chosen, subjects=[s.name for s in subjects], setup=setup)
            copy, gpu = {"before": 3000.0, "after": 3100.0}, {"before": {}, "after": {}}
            around = {"copy_gbs": copy, "gpu": gpu, "seconds": 9}
            report("few50", around, MADE_UP_ROWS)
            return {"card": {"made": "up"}, "skipped": chosen.skipped, "bars": results.bars(MADE_UP_ROWS)}

        monkeypatch.setattr("deft_lab.bench.attention.timing.require_gpu", lambda what: None)
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
