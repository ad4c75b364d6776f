"""The commands `decode` and `record`, run as a user runs them."""

import json

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from typer.testing import CliRunner  # noqa: E402

from deft_lab.cli import app  # noqa: E402
from deft_lab.cli_decode import TASK_NAMES  # noqa: E402
from deft_lab.decode.request import Request  # noqa: E402
from deft_lab.decode.tasks import TASKS  # noqa: E402
from deft_lab.errors import DecodeError, DeftLabError, PlanError  # noqa: E402
from deft_lab.fetch import find_templates  # noqa: E402
from deft_lab.trace import read_recording  # noqa: E402


def call(*arguments):
    """What the command printed; an error is raised."""
    result = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("task", ["few_shot", "beam_search", "self_consistency", "tree_of_thoughts"])
def test_every_task_decodes_text_that_makes_sense(task, tmp_path):
    file = tmp_path / "out.json"
    said = call("decode", "--task", task, "--max-seq-len", 110, "--device", "cpu", "--output", file)
    for words in ("sort 7 2 9 4", "time to first token", "attention", "unique", "TPOT", "peak"):
        assert words in said
    written = json.loads(file.read_text())
    assert any(b["text"].rstrip().endswith("done 1 2 3 4 6 7 8 9") for b in written["branches"])
    if task in ("self_consistency", "tree_of_thoughts"):
        assert written["answer"] == "done 1 2 3 4 6 7 8 9" and "answer: done 1 2 3" in said
    metrics = written["metrics"]
    parts = metrics["decode"] + metrics["planning"] + metrics["branching"] + metrics["ttft"]
    assert 0 < metrics["attention"] < metrics["decode"] and parts < metrics["end_to_end"]
    assert set(metrics["io"]) == {"paper", "logged", "requested", "unique"}


def test_tokens_are_streamed_with_their_branch():
    said = call(
        "decode", "--device", "cpu", "--task", "few_shot", "--width", 2, "--max-seq-len", 70, "--stream"
    )
    assert "'take' | " in said  # the prompt forks into two
    assert said.index("'take'") < said.index("ends (eos)") < said.index("time to first token")


def test_record_writes_a_trace_with_samples(tmp_path):
    path = tmp_path / "a.trace.jsonl"
    said = call(
        "record", "--task", "few_shot", "--width", 2, "--max-seq-len", 40, "--device", "cpu",
        "--record", path,
        "--sample-layers", "0,3", "--sample-every", 8, "--method", "deft_flatten",
    )  # fmt: skip
    recording = read_recording(path)
    assert f"recorded in {path}" in said.replace("\n", "")
    assert recording.is_complete and recording.samples
    assert recording.trace.header["method"] == "deft_flatten"
    assert recording.text(recording.prompt).endswith("by 4\n")


# the three demonstrations of DeFT's README, with smaller lengths
DEMOS = {
    "speculative": ("Speculative_Decoding", "APPS_tree_size64.json", 60, 80),
    "reasoning": ("Practical_Tree", "sorting128ToT.json", 40, 70),
    "few-shot": ("Simple_Tree", None, 40, 60),
}


@pytest.mark.parametrize("demo", DEMOS)
def test_the_runners_demonstrations_run_with_their_arguments(demo, tmp_path):
    controller, dataset, prompt_len, most = DEMOS[demo]
    if dataset and not find_templates():
        pytest.skip("DeFT's templates are not here; DEFT_LAB_TEMPLATES names their folder")
    file = tmp_path / "out.json"
    arguments = ["--mode", "flatten", "--mem", "paged", "--Branch_controller", controller]
    arguments += ["--dataset", dataset, "--tree_idx", 0] if dataset else []
    arguments += ["--prompt_len", prompt_len, "--max_seq_len", most, "--output_file", file]
    said = call("decode", "--device", "cpu", *arguments, *(["--max_width", 5] if demo == "few-shot" else []))
    written = json.loads(file.read_text())
    assert written["method"] == ["flatten", "paged"] and "decodes" in said
    assert written["metrics"]["n_tokens"] > 0
    # the run that the demonstration names is marked incomplete
    assert written["tree_idx"] == (1 if demo == "reasoning" else 0)
    assert ("was cut off; item 1 is decoded" in " ".join(said.split())) == (demo == "reasoning")


class TestArguments:
    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("--task", "walk"), "no task 'walk'; choose one of few_shot"),
            (("--task", "few_shot", "--Branch_controller", "Simple_Tree"), "give one of --task and"),
            (("--Branch_controller", "Tree"), "no Branch_controller 'Tree'"),
            (("--method", "radix", "--mode", "seq"), "not both"),
            (("--traversal", "BFS"), "only DFS is taken"),
            (("--depth", "3"), "few_shot has no depth to limit"),
            (("--prompt", "a", "--prompt-file", "b"), "give one of --prompt and --prompt-file"),
            (("--sample-layers", "a,b"), "no list of numbers"),
            (("--task", "self_consistency", "--temperature", "0"), "temperature must be above 0"),
            (("--page-size", "7"), "page_size=7"),
            (("--task", "reasoning", "--width", "3"), "the width of reasoning is its template's"),
            (("--tree-idx", "2"), "tree_idx=2 is an item of templates, and there are none here"),
            (("--task", "beam_search", "--temperature", "1"), "beam_search draws no token"),
            (("--top-k", "5"), "pass a temperature above 0"),
        ],
    )
    def test_a_refusal_says_why(self, arguments, words):
        result = CliRunner().invoke(app, ["decode", "--device", "cpu", *arguments])
        assert result.exit_code and words in str(result.exception)

    def test_the_prompt_is_padded_or_cut_exactly(self):
        from decoding import tiny_model

        for length in (2, 3, 7, 30):
            tokens = Request(prompt=[5, 6, 7], prompt_len=length).prompt_tokens(tiny_model())
            assert tokens == [[5, 6, 7][i % 3] for i in range(length)]
        assert Request(prompt=[5]).prompt_tokens(tiny_model()) == [5]
        with pytest.raises(DecodeError, match="the prompt is empty"):
            Request(prompt=[]).prompt_tokens(tiny_model())

    def test_lengths_count_as_the_runners_do(self):
        assert Request(prompt=[1], max_seq_len=4400).max_steps(4000) == 399
        assert Request(prompt=[1], max_seq_len=100).max_steps(4000) == 0

    def test_below_the_prompts_length_only_prefill_runs(self):
        assert "0 decodes, 0 tokens" in call("decode", "--device", "cpu", "--max-seq-len", 5)

    def test_the_index_of_a_file_of_token_trees_is_its_record(self, tmp_path):
        from deft_lab.builders.templates import SpeculativeTemplate

        template = SpeculativeTemplate(((0,), (1,)), 3, ((0, 1, 1, 1), (0, 3, 3, 3)))
        file = tmp_path / "tree.json"
        file.write_text(json.dumps(template.to_item()))
        for record, gain in enumerate((1, 3)):
            request = Request(
                "speculative_replay", prompt=[5] * 4, dataset=file, tree_idx=record, max_seq_len=20
            )
            growth = request.make_task(4).growth
            assert growth.tree_at(3).length[0] == 4 + 2 * gain
        with pytest.raises(DeftLabError, match="no record 2"):
            Request("speculative_replay", prompt=[5], dataset=file, tree_idx=2).make_task(1)
        with pytest.raises(DecodeError, match="the width of speculative_replay is its template's"):
            Request("speculative_replay", dataset=file, max_width=3)

    def test_a_run_that_was_cut_off_gives_way_to_the_next_whole_one(self, tmp_path):
        from deft_lab.builders.look_alike import reasoning_template_like

        whole = [reasoning_template_like("set", seed).to_item() for seed in range(2)]
        file = tmp_path / "runs.json"
        cut = {"incompleted": True, "prompt": "", "data": {}}
        file.write_text(json.dumps([cut, cut, whole[0], whole[1], cut]))
        items = [Request("reasoning", prompt=[5], dataset=file, tree_idx=i).item for i in range(6)]
        assert items == [2, 2, 2, 3, 4, 5]
        Request("reasoning", prompt=[5], dataset=file).make_task(1)
        for item, words in ((4, "is marked 'incompleted'"), (5, "no such item")):
            with pytest.raises(DeftLabError, match=words):
                Request("reasoning", prompt=[5], dataset=file, tree_idx=item).make_task(1)

    def test_the_runners_default_width_is_fifty(self):
        assert Request(prompt=[1]).width == 4
        said = call("decode", "--device", "cpu", "--Branch_controller", "Simple_Tree", "--max-seq-len", 29)
        assert "... and 40 more" in said

    def test_methods_are_known_by_both_names(self):
        assert Request(method=("node", "paged")).method == ("node", "paged")
        with pytest.raises(PlanError, match="no method for"):
            Request(method=("flatten", "unpaged"))


def test_help_names_the_tasks_that_there_are():
    assert tuple(TASKS) == TASK_NAMES
