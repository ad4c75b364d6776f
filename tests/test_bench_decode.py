"""`bench decode` without a GPU, on a tiny Llama: its cases' trees, model, parts of a step, and peer."""

import itertools
import json
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from step_benching import TINY, made_up_machine  # noqa: E402

from deft_lab import fetch  # noqa: E402
from deft_lab.bench.decode import cases, measure, model, peer, results  # noqa: E402
from deft_lab.bench.decode.cases import few_shot_case, medusa_case, reasoning_case, star_case  # noqa: E402
from deft_lab.bench.decode.measure import Lab, Setup  # noqa: E402
from deft_lab.builders.look_alike import reasoning_template_like  # noqa: E402
from deft_lab.decode.session import Session  # noqa: E402
from deft_lab.errors import DeftLabError  # noqa: E402


@pytest.fixture(autouse=True)
def no_templates(monkeypatch, tmp_path):
    monkeypatch.setattr(fetch, "default_folder", lambda: tmp_path / "cache")
    monkeypatch.delenv(fetch.VARIABLE, raising=False)


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
        session = grown(lab, medusa_case("medusa", 30, 6))
        assert len(session.pool.labels) == 1 + 64
        assert session.tree.length.tolist() == [30 + sum(cases.MEDUSA_GAINS)]  # the last drafts wait

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

    def test_a_session_is_as_the_setup_wants_it(self, lab, monkeypatch):
        taken = {}
        monkeypatch.setattr(measure, "Session", lambda model, method, **options: taken.update(options))
        measure.make_session(lab.model, "radix", 64, Setup(graphs=True, compiled=True))
        assert taken["n_slots"] == 64 and taken["graphs"] and taken["compiled"]

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
        assert all(row["parts_ms"][name] is not None for name in results.PARTS if name != "ahead")

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
