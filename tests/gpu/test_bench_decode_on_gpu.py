"""`bench decode` on a GPU, on a tiny Llama: every subject of every kind of case gets a time."""

import json

import pytest
import torch

pytest.importorskip("transformers")

from deft_lab.bench.decode import model, peer
from deft_lab.bench.decode.cases import (
    Chosen,
    few_shot_case,
    medusa_case,
    reasoning_case,
    star_case,
)
from deft_lab.bench.decode.measure import Lab, Setup, this_gpu
from deft_lab.bench.decode.run import METHOD_SUBJECTS, PEER_SUBJECTS, bench_decode
from deft_lab.builders.look_alike import reasoning_template_like

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU"),
]
SUBJECTS = [*METHOD_SUBJECTS.values(), *PEER_SUBJECTS.values()]


@pytest.mark.parametrize("graphs", [None, False])
def test_every_subject_gets_a_time(graphs, tmp_path):
    template = tmp_path / "set.json"
    template.write_text(json.dumps([reasoning_template_like("set", 1).to_item()]))
    cases = [
        few_shot_case("few50", 8, 300, 40),
        medusa_case("medusa64", 300, 20),
        star_case("star256", 32, 300, 20),
        reasoning_case("tot_set", template, 40),
    ]
    output = tmp_path / "out.json"
    result = bench_decode(Chosen(cases), SUBJECTS, Setup("tiny", graphs), output=output)
    assert json.loads(output.read_text()) == result and not result["skipped"]
    troubles = ("failure", "attention_alone_failure", "graph_failure")
    assert not [(row["case"], row["subject"], row.get(key)) for row in result["rows"] for key in troubles
                if row.get(key)]  # fmt: skip
    for row in result["rows"]:
        assert row["steps"] == row["wanted_steps"] or row["kind"] == "peer"
        assert 0 < row["step_ms"]["q1"] <= row["step_ms"]["median"] <= row["step_ms"]["q3"]
        assert row["parts_ms"]["forward"] > 0 and row["in_turn"]
        if row["kind"] == "method":
            # with graphs most steps are planned while the one before runs
            assert row["parts_ms"]["planning"] > 0 or row["parts_ms"]["ahead"] > 0
            assert row["attention_alone_ms"] > 0 and row["floor_ms"] > 0
    assert all(around["copy_gbs"]["before"] > 50 for around in result["cases"].values())
    assert result["card"]["gpu"]["driver"] and len(result["bars"]) == 8


def test_the_graph_of_the_static_batch_says_what_its_forward_says():
    machine = this_gpu()
    tiny = model.build_model("tiny", machine.device, machine.dtype)
    case = few_shot_case("few", 4, 100, 8)
    said = []
    for graphs in (True, False):
        batch = peer.StaticBatch(Lab(tiny, model.twin_of(tiny), machine, Setup("tiny", graphs)), case, 8)
        assert batch.graph_failure is None and (batch.replay is not None) == graphs
        logits = []
        for token in range(4):
            batch.tokens.fill_(token)
            with torch.inference_mode():
                if graphs:
                    batch.replay()
                    logits.append(batch.logits.clone())
                else:
                    logits.append(batch._run())
        said.append(torch.stack(logits).float())
    torch.testing.assert_close(*said, atol=2e-2, rtol=2e-2)
