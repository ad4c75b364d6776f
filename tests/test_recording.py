"""A recording is readable however it ends, and says what the session was."""

import json
import os
import random
import subprocess
import sys
import time
from dataclasses import asdict

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from decoding import make_session  # noqa: E402
from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from deft_lab.attention import dense_attention  # noqa: E402
from deft_lab.decode.record import Recorder, Samples  # noqa: E402
from deft_lab.decode.run import run  # noqa: E402
from deft_lab.decode.sampling import Sampler  # noqa: E402
from deft_lab.decode.tasks import TASKS, FewShot, TreeOfThoughts  # noqa: E402
from deft_lab.errors import DecodeError, TraceError  # noqa: E402
from deft_lab.geometry import LLAMA3_8B  # noqa: E402
from deft_lab.trace import bundled_recordings, load_recording, read_recording  # noqa: E402

STEPS = 14


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A tree of thoughts with forks, pauses and prunes: (path, session, trees and tokens by decode)."""
    path = tmp_path_factory.mktemp("recording") / "thoughts.trace.jsonl"
    session = make_session()
    seen = []
    task = TreeOfThoughts("no delimiter", 3, 2, Sampler(1.0, seed=1), max_thought=3)
    with Recorder(session, path, task={"name": "tree_of_thoughts"}, samples=Samples((1,), (1,), 5)):
        for step in range(1, STEPS + 1):
            if step == 6:
                session.extend(session.branches[0], [7, 8])
            run(session, task, step, honour_eos=False)
            seen.append((session.tree, {label: list(ids) for label, ids in session.tokens.items()}))
    return path, session, seen


def test_every_decode_is_read_back(recorded):
    path, session, seen = recorded
    recording = read_recording(path)
    assert recording.is_complete and recording.trace.n_steps == STEPS
    for step, (tree, tokens) in enumerate(seen, start=1):
        read = recording.trace.tree_at(step)
        assert read.parent.tolist() == tree.parent.tolist() and read.label.tolist() == tree.label.tolist()
        assert read.length.tolist() == tree.length.tolist()
        assert recording.tokens_at(step) == tokens
    assert recording.prompt == (5, 6, 7)
    assert all("decode" in seconds for seconds in recording.seconds)
    header = recording.trace.header
    assert header["model"] == session.model.name and header["task"] == {"name": "tree_of_thoughts"}
    assert header["versions"]["torch"] == torch.__version__


def test_samples_hold_what_the_attention_saw(recorded):
    """Attention over the sampled K and V, tree or not, is a distribution over each query's own path."""
    from safetensors import safe_open

    path, session, _ = recorded
    recording = read_recording(path)
    assert sorted(recording.samples) == [5, 10]
    with safe_open(recording.samples[10], "pt") as file:
        q, k, v = (file.get_tensor(f"layer1.{name}") for name in "qkv")
        assert json.loads(file.metadata()["kv_heads"]) == [1]
    tree = recording.trace.tree_at(10)
    geometry = session.pool.geometry
    assert q.shape == (tree.n_queries, geometry.q_per_kv, geometry.head_dim)
    assert k.shape == v.shape == (tree.n_tokens, 1, geometry.head_dim)
    out = dense_attention(q.double().numpy(), k.double().numpy(), v.double().numpy(), tree)
    assert out.shape == q.shape


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 1))
def test_every_prefix_is_readable(recorded, tmp_path_factory, share):
    path, _, seen = recorded
    raw = path.read_bytes()
    head = raw.index(b"\n") + 1
    cut = head + int(share * (len(raw) - head))
    part = tmp_path_factory.getbasetemp() / "cut.trace.jsonl"
    part.write_bytes(raw[:cut])
    recording = read_recording(part)
    done = recording.trace.n_steps
    assert recording.is_complete == (cut >= len(raw) - 1)
    if done:
        assert recording.trace.tree_at(done).length.tolist() == seen[done - 1][0].length.tolist()


RECORD_FOREVER = """
import sys
sys.path.insert(0, {tests!r})
from decoding import make_session
from deft_lab.decode.record import Recorder, Samples
from deft_lab.decode.run import run
from deft_lab.decode.sampling import Sampler
from deft_lab.decode.tasks import FewShot
session = make_session(n_slots=60000)
with Recorder(session, {path!r}, samples=Samples((0,), None, 3)):
    print("begun", flush=True)
    run(session, FewShot(3, Sampler(1.0)), 10**6, honour_eos=False)
"""


def killed_after(path, seconds, n_lines=1):
    """Record in a process of its own, kill it once so many lines are written, and read what it left."""
    code = RECORD_FOREVER.format(tests=os.path.dirname(__file__), path=str(path))
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "begun\n"
    latest = time.monotonic() + 120  # a machine that has much else to do takes its time
    while path.read_bytes().count(b"\n") < n_lines and time.monotonic() < latest:
        time.sleep(0.01)
    time.sleep(seconds)
    child.kill()
    child.wait()
    child.stdout.close()
    recording = read_recording(path)
    assert not recording.is_complete
    return recording


def test_a_recording_that_is_killed_can_be_read(tmp_path):
    assert killed_after(tmp_path / "a.trace.jsonl", 0.1, n_lines=3).trace.n_steps


@pytest.mark.long
def test_recordings_that_are_killed_at_ten_random_moments(tmp_path):
    rng = random.Random(5)
    lengths = [
        killed_after(tmp_path / f"{i}.trace.jsonl", rng.uniform(0, 0.5)).trace.n_steps for i in range(10)
    ]
    print(f"\ndecodes in ten killed recordings: {lengths}")
    assert max(lengths) > 3


class TestBadInput:
    def test_another_name(self, tmp_path):
        with pytest.raises(DecodeError, match=r"ends with \.trace\.jsonl"):
            Recorder(make_session(), tmp_path / "trace.json")

    def test_too_late(self, tmp_path):
        session = make_session()
        session.step({0: [1]})
        with pytest.raises(DecodeError, match="between its prefill and its first step"):
            Recorder(session, tmp_path / "a.trace.jsonl")

    def test_no_recording(self, tmp_path):
        path = tmp_path / "a.trace.jsonl"
        with pytest.raises(TraceError, match="cannot read"):
            read_recording(path)
        path.write_text('{"schema": "something"}\n')
        with pytest.raises(TraceError, match="does not begin with a header"):
            read_recording(path)

    def test_a_broken_middle(self, recorded, tmp_path):
        lines = recorded[0].read_text().split("\n")
        lines[3] = lines[3][:20]
        path = tmp_path / "a.trace.jsonl"
        path.write_text("\n".join(lines))
        with pytest.raises(TraceError, match="line 4 is no JSON object"):
            read_recording(path)


def test_a_failed_run_leaves_an_incomplete_recording(tmp_path):
    session, path = make_session(n_slots=8), tmp_path / "a.trace.jsonl"

    def grow(at):
        return FewShot(2)(at)

    with pytest.raises(Exception, match="pool is full"), Recorder(session, path):
        run(session, grow, 50, honour_eos=False)
    recording = read_recording(path)
    assert not recording.is_complete and recording.trace.n_steps == session.n_steps


def test_the_bundled_recordings_tell_their_stories():
    large = "few_shot_llama3_8b"  # random weights: real shapes, no story
    assert set(bundled_recordings()) == {*TASKS, large}
    for name in bundled_recordings():
        recording = load_recording(name)
        header = recording.trace.header
        assert recording.is_complete and header["model"].startswith(
            "llama3_8b" if name == large else "target"
        )
        assert header["task"] == {"name": "few_shot" if name == large else name}
        last = recording.trace.n_steps
        tokens = recording.tokens_at(last)
        tree = recording.trace.tree_at(last)
        assert {label: len(ids) for label, ids in tokens.items()} == dict(
            zip(tree.label.tolist(), tree.length.tolist(), strict=True)
        )
        for step, file in recording.samples.items():
            assert 0 < step <= last and file.stat().st_size
    recording = load_recording(large)
    header = recording.trace.header
    assert header["geometry"] == asdict(LLAMA3_8B) and "random weights" in header["label"]
    assert sorted(recording.samples) == [16, 32]
    said = load_recording("tree_of_thoughts")
    text = "".join(said.text(ids) for ids in said.tokens_at(said.trace.n_steps).values())
    assert "done" in text and "join" in text


def test_reading_needs_no_torch():
    code = "import sys; from deft_lab.trace import load_recording; load_recording('few_shot'); "
    code += "assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
