"""What a user gets wrong on the command line is answered in a line: what, which value, what is allowed."""

import json
import shlex

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

from typer.testing import CliRunner

from deft_lab.cli import app
from deft_lab.cli_options import read_counts, writable
from deft_lab.decode.hf import find_device
from deft_lab.drafting import TOKEN_BUILDERS, check_values
from deft_lab.errors import DeftLabError, DraftError, ModelError

# words -> what is said; {here}: a folder of files that are no text, no JSON, or not the JSON that is wanted
WRONG = {
    "decode --width 0": "max_width=0; it must be an integer of at least 1",
    "decode --width -3": "max_width=-3; it must be",
    "decode --depth 0 --task tree_of_thoughts": "max_depth=0; it must be an integer of at least 1",
    "decode --depth 2": "max_depth limits a tree of thoughts; few_shot has no depth",
    "decode --task oak": "no task 'oak'; choose one of few_shot",
    "decode --device oak": "no device 'oak'; choose cpu, cuda",
    "decode --dtype float99": "dtype='float99'; choose one of float32",
    "decode --model ./oak": "no folder './oak'; name one that holds",
    "decode --prompt-file {here}/bad.json": "bad.json is no JSON .*; write a list of token ids",
    "decode --prompt-file {here}/object.json": "object.json is no JSON list of token ids; write one",
    "decode --prompt-file {here}/bytes.txt": "bytes.txt is no text in UTF-8",
    "decode --prompt a --prompt-file {here}/bad.json": "give one of --prompt and --prompt-file",
    "decode --task few_shot --Branch_controller Simple_Tree": "give one of --task and --Branch_controller",
    "decode --method radix --mode seq": "give --method, or the runner's --mode and --mem, not both",
    "decode --output {here}/no/out.json": "--output .*out.json': there is no folder .*; make it first",
    "decode --record {here}": "--record .* is a folder; name a file in it",
    "record --sample-layers x": "--sample-layers 'x' is no list of numbers",
    "record --sample-layers 0.5": "--sample-layers '0.5': 0.5 is no whole number of at least 0",
    "record --sample-layers 99 --max-seq-len 30": "no layer 99 to sample; the model has 8",
    "record --sample-layers 0 --sample-kv-heads 44 --max-seq-len 30": "no KV head 44",
    "record --sample-every 0 --max-seq-len 30": "every=0; it must be an integer",
    "decode --page-size 0": "page_size=0; it must be an integer of at least 1",
    "cascade --k-matrix 5": "--k-matrix '5' is no list of rows",
    "cascade --k-matrix '[[5,\"a\"],[0,10]]'": r"k_matrix\[0\]\[1\]='a'; it must be a number of tokens",
    "cascade --k-matrix '[[5,null],[0,10]]'": r"k_matrix\[0\]\[1\]=None; it must be a number of tokens",
    "cascade --n-prompts -1": "n_prompts=-1; it must be an integer of at least 1",
    "cascade --round -1": "round=-1; it must be an integer of at least 0",
    "cascade --sample --seed -1 --max-length 2": "seed=-1; it must be an integer of at least 0",
    "cascade --config {here}/list.json": "list.json holds a list; a config is a JSON object",
    "cascade --output {here}/no/out.json": "there is no folder",
    "speculate --builder oak": "no token builder 'oak'; choose one of chain",
    "speculate --budget 100000": "budget=100000; at most 4096 nodes",
    "speculate --seed -1 --max-new-tokens 2": "seed=-1; it must be an integer of at least 0",
    "speculate --verifier nucleus --temperature 1": "'nucleus' is not lossless at temperature 1 .* choose",
    "speculate --builder sequoia --option acceptance=5": "option acceptance=5 of token builder 'sequoia'; it "
    "must be a list, each entry a number",
    "speculate --builder k_ary --option k=x": "option k='x' of token builder 'k_ary'; it must be a whole",
    "speculate --option k": "--option 'k' has no value; write it as name=value",
    "speculate --output {here}": "--output .* is a folder",
    "speculate sweep --temperatures ''": "--temperatures '' names no number",
    "speculate sweep --prompts 0": "prompts=0; it must be an integer of at least 1",
    "speculate sweep --M 10 --quick": "M=10 leaves no room after a prompt",
    "dynasurge": "mode sTree takes its tree from a growmap; name one with --growmap",
    "dynasurge --growmap {here}/bad.json": "cannot read the growmap .*bad.json",
    "dynasurge --mode auto --use_bfs": "mode auto verifies nothing; leave --use_bfs out",
    "dynasurge --mode auto --as-published": "as_published is of dTree's tree; mode auto has none",
    "dynasurge --mode dTree --vocab 32000": "--vocab 32000; target knows 176 tokens: leave it out",
    "dynasurge --mode dTree --start 3 --end 1": "prompts 3 to 1; --start must be 0 or more, and --end lie",
    "dynasurge --mode dTree --start -1": "prompts -1 to 4",
    "dynasurge --mode dTree --dataset {here}/two.jsonl --start 2": "has 2 prompts; --start 2 lies beyond",
    "compare-builders --budgets 1.5": "--budgets '1.5': 1.5 is no whole number of at least 1",
    "compare-builders --plot {here}/no/out.html": "--plot .*: there is no folder",
    "view {here}/bad.json --no-browser": "bad.json: not valid JSON at character 0",
    "view --no-browser --output {here}/no/out.html": "there is no folder",
    "bench plan --output {here}/no/out.json": "there is no folder",
    # without a GPU, too: what is asked for is read before anything is timed
    "bench decode --cases oak": "no case 'oak'; choose some of few50, medusa64",
    "bench decode --methods oak": "no method 'oak'; choose all, none, or some of radix",
    "bench decode --peers oak": "no peer 'oak'; choose all, none, or some of transformers",
    "bench decode --geometry oak": "no geometry 'oak'; choose one of llama3_8b, tiny",
    "bench decode --steps 0": "--steps 0; a case has at least 1 step",
    "bench decode --seconds -1": "seconds=-1.0; it must be a number of at least 0",
    "bench speculation --trees oak": "no token tree 'oak'; choose some of chain5, medusa64",
    "bench speculation --contexts oak": "--contexts 'oak'; give numbers such as 1000,4000",
    "bench speculation --contexts 0": "contexts \\[0\\], 60 steps; each must be at least 1",
    "bench speculation --acceptance 2": "is no probability vector",
    "bench speculation --methods oak": "no method 'oak'; choose all, none, or some of radix",
    "bench speculation --geometry oak": "no geometry 'oak'; choose one of llama3_8b, tiny",
    "bench attention --cases oak": "no case 'oak'; choose some of few10",
    "bench ablation --sweeps oak": "no sweep 'oak'; choose some of prompt",
    "bench plot {here}/list.json --output {here}/no/out.html": "there is no folder",
    "bench plot {here}/list.json": "list.json is no result of",
    "bench calibrate {here}/list.json": "list.json holds no object; pass a file that `bench attention`",
}


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wrong")
    (folder / "bad.json").write_text("no JSON")
    (folder / "bytes.txt").write_bytes(b"\xff\xfe\xfa")
    (folder / "list.json").write_text("[]")
    (folder / "object.json").write_text(json.dumps({"a": 1}))
    (folder / "two.jsonl").write_text('"sort 2 1 by 4\\n"\n"copy a b\\n"\n')
    return folder


@pytest.mark.parametrize("words", WRONG)
def test_what_is_wrong_is_said_in_a_line(words, here, monkeypatch):
    monkeypatch.chdir(here)  # where a recording would be written
    arguments = shlex.split(words.replace("{here}", str(here)))
    with pytest.raises(DeftLabError, match=WRONG[words]) as said:
        CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert "\n" not in str(said.value)


def test_lists_of_counts_and_places_to_write_are_read(tmp_path):
    assert read_counts("8, 16,", "--budgets", 1) == (8, 16)
    writable(tmp_path / "new.json")
    writable(None)


def test_a_gpu_that_is_not_there_is_refused():
    with pytest.raises(ModelError, match="torch sees . NVIDIA GPUs here: choose cpu"):
        find_device("cuda:9")


def test_values_of_options_are_of_the_kind_that_the_builder_says():
    check_values(TOKEN_BUILDERS["medusa"], {"paths": [[0], [1]], "dense": None, "topology": "eagle"})
    check_values(TOKEN_BUILDERS["opt_tree"], {"threshold": 1})
    for name, value in (("paths", [0]), ("dense", "ab"), ("topology", 3)):
        with pytest.raises(DraftError, match=f"option {name}=.* of token builder 'medusa'; it must be"):
            check_values(TOKEN_BUILDERS["medusa"], {name: value})
