"""The commands `speculate`, `dynasurge` and `compare-builders`, and what they are made of."""

import json

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from test_cli_decode import call  # noqa: E402
from typer.testing import CliRunner  # noqa: E402

from deft_lab.bench.speculation.compare import error_of, influence, mark_ties  # noqa: E402
from deft_lab.bench.speculation.plot import draw_tau  # noqa: E402
from deft_lab.cli import app  # noqa: E402
from deft_lab.cli_speculate import parse_options  # noqa: E402
from deft_lab.errors import DraftError, TreeError  # noqa: E402
from deft_lab.speculative.dynasurge import chains, choose_way, read_prompts  # noqa: E402
from deft_lab.token_tree import read_growmap, write_growmap  # noqa: E402

ON_CPU = ("--device", "cpu")


def test_speculate_prints_the_text_the_trees_and_the_metrics(tmp_path):
    file = tmp_path / "out.json"
    said = call(
        "speculate",
        "--budget",
        4,
        "--max-new-tokens",
        60,
        "--seed",
        1,
        "--verbose",
        "--output",
        file,
        *ON_CPU,
    )
    for words in ("done 1 2 3 4 6 7 8 9", "round 1: ", "✓", "(tau)", "alpha", "SWI", "plain", "lossless"):
        assert words in said, words
    written = json.loads(file.read_text())
    assert written["lossless"] and written["reason"] == "eos" and written["setting"]["builder"] == "chain"
    assert written["metrics"]["rounds"] == len(written["rounds"])
    committed = [*(r["tokens"][n] for r in written["rounds"] for n in r["path"])]
    assert set(committed) <= set(written["tokens"]) and written["card"]["device"] == "cpu"


def test_options_of_a_builder_are_read():
    assert parse_options(["k=3", "merge=true", "file-name=a.json"]) == {
        "k": 3, "merge": True, "file_name": "a.json"
    }  # fmt: skip
    with pytest.raises(DraftError, match="--option 'k' has no value; write it as name=value"):
        parse_options(["k"])


def test_dynasurges_plain_mode_and_its_prompts(tmp_path):
    lines = tmp_path / "prompts.jsonl"
    lines.write_text('{"prompt": "sort 3 1 2 4 by 4\\n"}\n"sort 2 1 by 4\\n"\n{"text": "copy a b\\n"}\n')
    assert read_prompts(str(lines), 1, 3) == ["sort 2 1 by 4\n", "copy a b\n"]
    assert len(read_prompts("workbook", 2, 5)) == 3
    said = call("dynasurge", "--mode", "auto", "--dataset", lines, "--end", 1, "--T", 0, *ON_CPU)
    assert "tokens" in said and "plain" in said
    with pytest.raises(DraftError, match="holds no prompts"):
        read_prompts(str(tmp_path / "nothing.jsonl"))
    try:
        import datasets  # noqa: F401
    except ImportError:
        with pytest.raises(DraftError, match="needs the package datasets: pip install datasets"):
            read_prompts("cnn")


def test_a_growmap_gives_its_shape(tmp_path):
    for ending in ("json", "pt"):
        write_growmap(tmp_path / f"2x2.{ending}", chains(2, 2))
        way = choose_way("sTree", growmap=tmp_path / f"2x2.{ending}")
        assert (way.name, way.budget) == ("2x2", 4)
    assert read_growmap(tmp_path / "2x2.json") == chains(2, 2)
    assert chains(4, 8).count(-1) == 4 and len(chains(4, 8)) == 32
    (tmp_path / "bad.json").write_text("[]")
    with pytest.raises(TreeError, match="a growmap has the keys"):
        choose_way("sTree", growmap=tmp_path / "bad.json")


def test_dynasurges_modes_are_ours_or_are_refused(tmp_path):
    with pytest.raises(DraftError, match="no mode 'tree'; choose one of auto, sTree, dTree"):
        choose_way("tree")
    with pytest.raises(DraftError, match="name one with --growmap"):
        choose_way("sTree")
    write_growmap(tmp_path / "2x1.json", (-1, -1))
    way = choose_way("sTree", growmap=tmp_path / "2x1.json")
    assert way.budget == 2 and way.builder.children == "without replacement"
    assert choose_way("dTree", 8, use_bfs=True).verifier == "etv"
    said = call(
        "dynasurge", "--mode", "dTree", "--B", 4, "--end", 1, "--M", 200, "--vocab", 176, "--use_bfs", *ON_CPU
    )
    assert "lossy" in said


def test_the_sweep_has_a_row_for_each_way_and_says_what_it_leaves_out(tmp_path, monkeypatch):
    from deft_lab.speculative import dynasurge

    ways, left_out = dynasurge.grid()
    assert len(ways) + len(left_out) == 15  # plain, and seven ways with and without ETV
    monkeypatch.setattr(dynasurge, "grid", lambda: (ways[:2], left_out))
    file = tmp_path / "out.json"
    call("speculate", "sweep", "--prompts", 1, "--temperatures", "0.9", "--M", 240, "--output", file, *ON_CPU)
    rows = json.loads(file.read_text())["rows"]
    assert [row["way"] for row in rows] == [way.name for way in ways[:2]]
    assert rows[0]["tokens per target call"] == 1.0


def test_compare_builders_writes_a_table_a_file_and_a_picture(tmp_path):
    file, page = tmp_path / "out.json", tmp_path / "out.html"
    said = call(
        "compare-builders", "--builders", "chain", "--budgets", "2,4", "--rounds", 8,
        "--output", file, "--plot", page, *ON_CPU,
    )  # fmt: skip
    assert "4 drafted nodes a round at most" in said and "plain decoding" in said
    written = json.loads(file.read_text())
    assert [row["budget"] for row in written["rows"]] == [2, 4]
    row = written["rows"][0]
    assert row["rounds"] >= 8 and 1 <= row["tau"] <= 3 and row["attention_us"] > 0
    assert written["card"]["hardware"] == "h200" and page.read_text().startswith("<!doctype html>")
    call("bench", "plot", file, "--output", tmp_path / "again.html")
    with pytest.raises(DraftError, match="no token builder 'oak'"):
        CliRunner().invoke(app, ["compare-builders", "--builders", "oak", *ON_CPU], catch_exceptions=False)


def made_up(name, tau, texts):
    return {
        "subject": name, "budget": 8, "verifier": "naive", "rounds": 4, "tau": tau, "tau_error": 0.1,
        "kv_bytes": {"unique": 1000}, "texts": texts,
    }  # fmt: skip


def test_gaps_below_two_standard_errors_are_marked():
    # 2 and 4 tokens a round, two rounds each: each text moves the mean, 3, by a half
    assert influence({0: (4, 2), 1: (8, 2)}) == {0: -0.5, 1: 0.5}
    assert error_of({0: -0.5, 1: 0.5}) == 1.0 and error_of({0: 0.5}) is None
    best = made_up("best", 3.5, [[0, 5, 2], [1, 9, 2]])
    steady = made_up("steady", 3.0, [[0, 4, 2], [1, 8, 2]])  # behind by as much on each text
    erratic = made_up("erratic", 3.0, [[0, 8, 2], [1, 4, 2]])
    mark_ties(rows := [best, steady, erratic])
    assert [row["behind"] for row in rows] == [0.0, 0.5, 0.5]
    assert [row["could_be_chance"] for row in rows] == [False, False, True]
    assert "best 3.50, steady 3.00, erratic 3.00" in draw_tau(rows, 1.0).alt
