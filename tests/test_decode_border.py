"""What a decode refuses before it has changed anything, and the sequences of integers that it takes."""

import re

import numpy as np
import pytest
import torch
from decoding import make_session

from deft_lab.bench.speculation.compare import Setting
from deft_lab.decode import FewShot, Recorder, Sampler, Samples, Session, load_model, run
from deft_lab.decode.run import Result
from deft_lab.errors import DeftLabError
from deft_lab.speculative import ModelLaws, measure, plain_decoding, speculate
from deft_lab.speculative.dynasurge import answer, choose_way, read_prompts
from deft_lab.speculative.metrics import of_rounds
from deft_lab.trace.recording import read_recording

MODEL = make_session().model
NAN = float("nan")


def forked() -> Session:
    session = make_session()
    session.step({0: [5, 6, 7]})
    return session


SETTINGS = {
    "no model": (lambda: Session("target"), "model is a str where a TreeModel is expected; load_model"),
    "no page": (lambda: Session(MODEL, page_size=0), "page_size=0; it must be an integer of at least 1"),
    "a method": (lambda: Session(MODEL, "nope"), "no method 'nope'; choose one of"),
    "a backend": (lambda: Session(MODEL, backend="nope"), "no backend 'nope'; choose one of"),
    "an option": (lambda: Session(MODEL, options={"x": 1}), "has no option 'x'; it takes"),
    "a chunk": (lambda: Session(MODEL, "deft_flatten", options={"chunk_len": 0}), "chunk_len=0; it must be"),
    "packing": (lambda: Session(MODEL, backend="torch", pack_heads=True), "are the Triton backend's"),
    "a device": (lambda: load_model("target", device="gpu"), "no device 'gpu'; choose cpu"),
    "a name": (lambda: load_model(None), "no model None; name a folder"),
    "samples of no step": (lambda: Samples(every=0), "every=0; it must be an integer of at least 1"),
    "a budget": (lambda: speculate(MODEL, MODEL, [1], budget=10**6), "budget=1000000; at most 4096 nodes"),
    "a builder": (lambda: speculate(MODEL, MODEL, [1], ["chain"]), "builder=['chain']; name one of"),
    "a target": (lambda: speculate("target", MODEL, [1]), "target is a str where a TreeModel is expected"),
    "no draft": (
        lambda: speculate(MODEL, None, [1]),
        "draft is a NoneType; load_model('draft') makes a model",
    ),
    "a sampler": (lambda: speculate(MODEL, MODEL, [1], sampler=1), "sampler is a int where a Sampler is"),
    "rounds": (
        lambda: speculate(MODEL, MODEL, [1], max_rounds=0),
        "max_rounds=0; it must be an integer of at",
    ),
    "slots": (
        lambda: speculate(MODEL, MODEL, [1], n_slots=0),
        "n_slots=0; it must be an integer of at least",
    ),
    "a seed": (
        lambda: speculate(MODEL, MODEL, [1], seed="a"),
        "seed='a'; it must be an integer of at least 0",
    ),
    "a draft's temperature": (
        lambda: speculate(MODEL, MODEL, [1], draft_temperature="hot"),
        "draft_temperature='hot'; it must be a number of at least 0",
    ),
    "a plain target": (lambda: plain_decoding("target", [1], 2), "target is a str where a TreeModel is"),
    "a plain prompt": (
        lambda: plain_decoding(MODEL, None, 2),
        "the prompt is None; it must be a list of token",
    ),
    "plain tokens": (
        lambda: plain_decoding(MODEL, [1], 0),
        "n_tokens=0; it must be an integer of at least 1",
    ),
    "ends of text": (
        lambda: plain_decoding(MODEL, [1], 2, eos=3),
        "eos is a int where a Collection is expected",
    ),
    "no result": (lambda: measure(None), "result is a NoneType where a SpeculationResult is expected"),
    "rounds by name": (lambda: of_rounds(["a"], 0.1), "round is a str where a Round is expected"),
    "a cost": (lambda: of_rounds([], NAN), "draft_cost=nan; it must be a number of at least 0"),
    "laws of no model": (lambda: ModelLaws("draft"), "draft is a str where a TreeModel is expected"),
    "laws of no sampler": (lambda: ModelLaws(MODEL, 3), "sampler is a int where a Sampler is expected"),
    "prompts of nothing": (lambda: read_prompts(None), "dataset is a NoneType where a str is expected"),
    "half a prompt": (lambda: read_prompts("workbook", 0, 1.5), "end=1.5; it must be an integer"),
    "one prompt": (
        lambda: answer(MODEL, MODEL, "a", choose_way("dTree"), Sampler()),
        "prompts='a' is one name where several are expected",
    ),
    "a way by name": (lambda: answer(MODEL, MODEL, ["a"], "dTree", Sampler()), "way is a str where a Way is"),
    "a number of budgets": (lambda: Setting(budgets=8), "budgets is a int where a Sequence is expected"),
    "a budget too far": (lambda: Setting(budgets=(10**6,)), "budget=1000000; at most 4096 nodes"),
    "a machine": (lambda: Setting(hardware="h"), "no hardware 'h'; choose one of h200"),
    "no branch": (lambda: Result((), 0, 0, {}).best, "no branch came to its end"),
}


@pytest.mark.parametrize(("slip", "message"), SETTINGS.values(), ids=SETTINGS)
def test_a_setting_that_cannot_be_is_refused_at_once(slip, message):
    with pytest.raises(DeftLabError, match=re.escape(message)):
        slip()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_said_to_be(tmp_path):
    with pytest.raises(DeftLabError, match="device='cuda'; torch sees 0 NVIDIA GPUs here"):
        load_model("target", device="cuda")


@pytest.mark.parametrize("prompt", [[40], [-1], [1.5], "words", None, [], torch.tensor([40])])
def test_a_prompt_that_is_refused_leaves_the_session_as_it_was(prompt):
    session = Session(MODEL)
    with pytest.raises(DeftLabError, match="outside the vocabulary|no integer|must be a list|is empty"):
        session.prefill(prompt)
    session.prefill([1, 2, 3])
    session.check()
    assert session.path_tokens(0) == [1, 2, 3]


@pytest.mark.parametrize("births", [{1: [1.5]}, {1: ["a"]}, {1: [None]}, {1: 5}, {1: "a"}, [5], None])
def test_births_that_are_none_change_nothing(births):
    session = forked()
    with pytest.raises(DeftLabError, match="no integer|list its next tokens|births is a"):
        session.step(births)
    session.check()
    session.step({1: [5]})


WAYS = {"list": list, "tuple": tuple, "array": np.array, "tensor": torch.tensor}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_tokens_come_in_any_sequence_of_integers(way, tmp_path):
    session = Session(MODEL)
    session.prefill(way([1, 2, 3]))
    with Recorder(session, tmp_path / "a.trace.jsonl"):
        run(session, lambda s: {s.branches[0]: way([0])}, 2, honour_eos=False)  # id 0 is a token, too
        session.step({0: way([5, 6]), **dict.fromkeys(session.branches[1:], way([]))})
        session.extend(session.branches[0], way([7, 8]))
        session.verify(session.branches[0], way([-1, 0]), way([9, 10]))
        session.accept(way([0, 1]))
    session.check()
    assert session.path_tokens(session.branches[0]) == [1, 2, 3, 0, 0, 5, 7, 8, 9, 10]
    assert all(type(token) is int for tokens in session.tokens.values() for token in tokens)
    assert read_recording(tmp_path / "a.trace.jsonl").is_complete


TASKS = {
    "nothing": (None, "task is a NoneType; it must be a function of the session"),
    "a number for births": (lambda s: 5, "births is a int where a Mapping is expected"),
    "a number for tokens": (lambda s: {0: 5}, "leaf 0 gets 5; list its next tokens"),
}


@pytest.mark.parametrize(("task", "message"), TASKS.values(), ids=TASKS)
def test_a_task_that_is_none_is_refused(task, message):
    with pytest.raises(DeftLabError, match=re.escape(message)):
        run(make_session(), task)


def test_a_run_without_a_prompt_or_a_session_is_refused():
    with pytest.raises(DeftLabError, match="no tree yet; prefill a prompt first"):
        run(Session(MODEL), FewShot(2))
    with pytest.raises(DeftLabError, match="session is a TreeModel where a Session is expected"):
        run(MODEL, FewShot(2))


def test_a_recorder_refuses_what_it_could_not_write(tmp_path):
    with pytest.raises(DeftLabError, match="there is no folder .*nowhere; make it first"):
        Recorder(make_session(), tmp_path / "nowhere" / "a.trace.jsonl")
    with pytest.raises(DeftLabError, match="no layer 99 to sample; the model has"):
        Recorder(make_session(), tmp_path / "a.trace.jsonl", samples=Samples((99,)))
    with pytest.raises(DeftLabError, match="no KV head 99 to sample; the model has"):
        Recorder(make_session(), tmp_path / "a.trace.jsonl", samples=Samples((0,), (99,)))
    assert not list(tmp_path.iterdir())


def test_a_plain_decoding_takes_a_text_as_a_speculative_one_does():
    model = load_model("draft")
    text = "sort 7 2 9\n"
    assert plain_decoding(model, text, 4).tokens == plain_decoding(model, model.encode(text), 4).tokens
