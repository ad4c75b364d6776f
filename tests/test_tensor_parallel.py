"""A model split over two processes decodes the same tree: transformers' tensor parallelism, gloo on a CPU."""

import json
import os
import subprocess
import sys

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("accelerate")

from deft_lab.decode.hf import load_model  # noqa: E402
from deft_lab.errors import ModelError  # noqa: E402

PROMPT = "sort 7 2 9 4 1 8 3 6 by 4\n"
COMMAND = ["-m", "deft_lab", "decode", "--device", "cpu", "--task", "few_shot", "--width", "3"]
COMMAND += ["--max-seq-len", "80", "--prompt", PROMPT, "--output"]


def decoded(launcher, file, *more):
    """What the command wrote."""
    threads = {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, *launcher, *COMMAND, str(file), *more],
        capture_output=True, text=True, env=os.environ | threads, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(file.read_text()), done.stdout


def test_two_processes_decode_the_tokens_of_one(tmp_path):
    one, _ = decoded([], tmp_path / "one.json")
    split = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    two, said = decoded(split, tmp_path / "two.json", "--tp")
    assert [b["tokens"] for b in two["branches"]] == [b["tokens"] for b in one["branches"]]
    for a, b in zip(one["branches"], two["branches"], strict=True):
        assert a["log_prob"] == pytest.approx(b["log_prob"], abs=1e-3)
    assert said.count("time to first token") == 1  # one process speaks
    # each holds one of the two KV heads: without that, two processes would decode the same beside each other
    kv = [x["metrics"]["io"]["unique"]["kv"] for x in (one, two)]
    assert kv[0] == 2 * kv[1]


def test_without_torchrun_it_says_what_to_do(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with pytest.raises(ModelError, match="needs torchrun: torchrun --nproc-per-node 2"):
        load_model("target", tp=True)
