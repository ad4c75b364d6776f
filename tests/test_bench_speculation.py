"""`bench speculation` without a GPU, on a tiny Llama: its trees, its forced acceptance, its rates."""

import itertools
import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from step_benching import TINY, made_up_machine  # noqa: E402

from deft_lab.bench.decode import forced, measure, model  # noqa: E402
from deft_lab.bench.decode.run import METHOD_SUBJECTS  # noqa: E402
from deft_lab.drafting.shapes import expected_length  # noqa: E402
from deft_lab.errors import DeftLabError, DraftError  # noqa: E402

ACCEPTANCE = (0.6, 0.2, 0.1)


@pytest.fixture(scope="module")
def tiny():
    machine = made_up_machine()
    return model.build_model("tiny", machine.device, machine.dtype)


def stepper_of(tiny, case):
    session = measure.make_session(tiny, "radix", case.n_slots, TINY)
    session.prefill(model.random_prompt(tiny, case.n_prompt))
    return session, case.start(session, measure.TimedSampler(1.0, watch=session.watch))


class TestTrees:
    def test_have_the_sizes_of_their_names_with_the_pending_token(self):
        shapes = forced.token_shapes(ACCEPTANCE)
        sizes = {name: 1 + len(shape) for name, shape in shapes.items()}
        assert sizes == {"chain5": 6, "medusa64": 64, "sequoia64": 64, "sequoia128": 128, "eagle2_60": 60}

    def test_sequoia_commits_most_of_its_size(self):
        length = {k: expected_length(v, ACCEPTANCE) for k, v in forced.token_shapes(ACCEPTANCE).items()}
        assert length["sequoia128"] > length["sequoia64"] > max(length["eagle2_60"], length["medusa64"])
        assert length["chain5"] == pytest.approx(sum(0.6**i for i in range(6)))

    def test_the_default_acceptance_is_a_measured_one(self):
        row = forced.measured_acceptance()
        assert 0.5 < row[0] < 1 and sum(row) < 1
        assert "compare_builders_cpu" in forced.forced_card(row, True)["acceptance_source"]
        assert forced.forced_card(ACCEPTANCE, False)["acceptance_source"] == "given"

    @pytest.mark.parametrize("name", ("chain5", "sequoia64"))
    def test_a_decode_keeps_the_books(self, tiny, name):
        (case,) = (c for c in forced.forced_cases(name, [40], ACCEPTANCE, 6).cases if c.name == f"{name}@40")
        session, step = stepper_of(tiny, case)
        for _ in range(case.n_steps):
            assert step()
            session.check()
        session.reject()
        assert len(session.path_tokens(session.branches[0])) == 40 + sum(step.committed)

    def test_a_run_commits_what_the_vector_lets_expect(self, tiny):
        """Law of large numbers, on the stepper's own walk: no forward is needed for that."""
        shape = forced.token_shapes(ACCEPTANCE)["sequoia64"]
        case = forced.forced_cases("sequoia64", [8], ACCEPTANCE, 2).cases[1]
        _, step = stepper_of(tiny, case)
        lengths = []
        for _ in range(4000):
            path = [0]
            while (rank := step._accepted(len(step._children[path[-1]]))) is not None:
                path.append(step._children[path[-1]][rank])
            lengths.append(len(path))
        error = np.std(lengths) / np.sqrt(len(lengths))
        assert abs(np.mean(lengths) - expected_length(shape, ACCEPTANCE)) < 4 * error


class TestRun:
    def test_a_result_has_rates_against_plain_decoding(self, tmp_path):
        clock = itertools.count()
        result = forced.bench_speculation(
            forced.forced_cases("chain5", [24], ACCEPTANCE, 8),
            [METHOD_SUBJECTS["tree_mask"], METHOD_SUBJECTS["tree_waves"]],
            ACCEPTANCE,
            setup=TINY,
            machine=made_up_machine(lambda: 1e-3 * next(clock)),
            output=tmp_path / "out.json",
        )
        assert json.loads((tmp_path / "out.json").read_text())["bars"] == result["bars"]
        rows = {(row["case"], row["subject"]): row for row in result["rows"]}
        assert len(rows) == 4 and not any(row["failure"] for row in rows.values())
        plain, chain = rows["plain@24", "tree_waves"], rows["chain5@24", "tree_waves"]
        assert plain["committed"] == 1 and plain["speedup"] == 1
        assert chain["tokens_per_s"] == pytest.approx(
            1e3 * chain["committed"] / chain["step_ms"]["mean"], 1e-3
        )
        assert chain["speedup"] == pytest.approx(chain["tokens_per_s"] / plain["tokens_per_s"], 1e-2)
        assert "x plain" in result["bars"][1] and "dense mask" in result["bars"][1]
        assert result["card"]["acceptance"] == [0.6, 0.2, 0.1]


class TestBadInput:
    def test_is_refused_in_words(self):
        with pytest.raises(DeftLabError, match="no token tree 'oak'"):
            forced.forced_cases("oak")
        with pytest.raises(DeftLabError, match="at least 1"):
            forced.forced_cases(contexts=[0])
        with pytest.raises(DraftError, match="no probability vector"):
            forced.forced_cases(acceptance=(0.9, 0.3))
        with pytest.raises(DeftLabError, match="such as 0.6"):
            forced.read_acceptance("many")
        assert forced.read_acceptance("0.6,0.2") == (0.6, 0.2) and forced.read_acceptance(None) is None
