"""The commands, as a user types them."""

import http.server
import json
import shutil
import threading
from functools import partial
from importlib import import_module

import pytest
from typer.testing import CliRunner

from deft_lab import METHODS, cli, fetch
from deft_lab.bench.table17 import reproduce
from deft_lab.errors import DeftLabError

run = CliRunner().invoke


@pytest.fixture(autouse=True)
def no_templates(monkeypatch, tmp_path):
    monkeypatch.delenv("DEFT_LAB_TEMPLATES", raising=False)
    monkeypatch.setattr(fetch, "default_folder", lambda: tmp_path / "cache")


def test_replay_prints_the_few_shot_columns_and_how_to_get_the_others():
    done = run(cli.app, ["replay"])
    assert done.exit_code == 0 and "17.62" in done.stdout and "sorting" not in done.stdout
    assert "python -m deft_lab fetch-templates" in done.stdout


def test_replay_as_json_prints_our_numbers_alone():
    printed = json.loads(run(cli.app, ["replay", "--json"]).stdout)
    assert printed["kv_and_partials"]["radix"]["b20"] == list(reproduce()["radix"]["b20"])


def test_replay_finds_the_templates_by_option_and_by_variable(templates, monkeypatch):
    by_option = run(cli.app, ["replay", "--templates", str(templates)])
    monkeypatch.setenv("DEFT_LAB_TEMPLATES", str(templates))
    by_variable = run(cli.app, ["replay"])
    assert by_option.stdout == by_variable.stdout and "39.73" in by_option.stdout


@pytest.fixture
def server(templates, tmp_path):
    """A stand-in for the repository, on this machine."""
    root = tmp_path / "repository"
    for name in json.loads(fetch.data_path("templates.json").read_text())["files"]:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(templates / name.split("/")[1], root / name)
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield root, f"http://127.0.0.1:{httpd.server_address[1]}/"
        httpd.shutdown()


def test_fetching_downloads_and_checks_all_files(server, tmp_path):
    root, url = server
    target = fetch.fetch_templates(tmp_path / "got", url)
    assert sorted(p.name for p in target.iterdir()) == sorted(p.name for p in root.rglob("*.json"))
    assert len(reproduce(target)["radix"]) == 7


def test_a_file_that_is_not_the_expected_one_is_refused(server, tmp_path):
    root, url = server
    (root / "Reasoning" / "set128ToT.json").write_text("[]")
    with pytest.raises(
        DeftLabError, match="Reasoning/set128ToT.json from .* is not the file with SHA-256 b6b574"
    ):
        fetch.fetch_templates(tmp_path / "got", url)
    assert not (tmp_path / "got" / "set128ToT.json").exists()


def test_being_offline_is_said_with_the_way_out(tmp_path):
    with pytest.raises(DeftLabError, match="is this machine online.*set DEFT_LAB_TEMPLATES to it"):
        fetch.fetch_templates(tmp_path, "http://127.0.0.1:9/")


def test_an_error_about_the_input_is_one_line(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["deft-lab", "replay", "--templates", "nowhere"])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 2
    assert capsys.readouterr().err.splitlines() == [
        "deft-lab: --templates names 'nowhere', which is no folder; fetch it: python -m deft_lab "
        "fetch-templates"
    ]


def test_what_fetch_put_into_the_cache_is_found(tmp_path):
    (tmp_path / "cache").mkdir()
    names = [
        name.split("/")[1] for name in json.loads(fetch.data_path("templates.json").read_text())["files"]
    ]
    for name in names:
        assert fetch.find_templates() is None  # half a fetch is none
        (tmp_path / "cache" / name).write_text("[]")
    assert fetch.find_templates() == tmp_path / "cache"


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DeftLabError, match="cannot make the folder .*; name one that you may write"):
        fetch.fetch_templates(tmp_path / "file" / "below")


def test_bench_plan_writes_results_with_their_card(tmp_path, monkeypatch):
    from deft_lab.bench import plan

    monkeypatch.setattr(plan, "bench_plan", partial(plan.bench_plan, least=0.0))
    done = run(cli.app, ["bench", "plan", "--output", str(tmp_path / "out.json")])
    assert done.exit_code == 0, done.stdout
    result = json.loads((tmp_path / "out.json").read_text())
    assert {"cpu", "commit", "versions", "date"} <= set(result["card"])
    assert len(result["rows"]) == 6 * len(METHODS)
    for row in result["rows"]:
        assert row["step"]["repetitions"] >= 5
        assert row["step"]["q1_ms"] <= row["step"]["median_ms"] <= row["step"]["q3_ms"]
        assert (row["lists"] is not None) == (
            row["method"] in ("deft_node", "deft_node_chunk", "deft_flatten")
        )


def test_the_version_is_told():
    from deft_lab import __version__

    assert CliRunner().invoke(cli.app, ["--version"]).output == f"deft-lab {__version__}\n"


@pytest.mark.parametrize(
    ("command", "registry"),
    [("decode", "deft_lab.decode.tasks:TASKS"), ("decode", "deft_lab:METHODS"),
     ("speculate", "deft_lab.drafting:TOKEN_BUILDERS"), ("speculate", "deft_lab.verifying:VERIFIERS")],
)  # fmt: skip
def test_help_names_all_that_can_be_chosen(command, registry):
    if "decode" in registry:
        pytest.importorskip("transformers")
    module, _, names = registry.partition(":")
    told = CliRunner().invoke(cli.app, [command, "--help"], terminal_width=200, env={"COLUMNS": "200"}).output
    words = set("".join(c if c.isalnum() or c == "_" else " " for c in told).split())
    assert set(getattr(import_module(module), names)) <= words


def test_record_refuses_a_folder_that_it_cannot_write_before_it_runs(tmp_path, monkeypatch):
    (tmp_path / "few_shot.trace.jsonl").mkdir()
    monkeypatch.chdir(tmp_path)
    failed = CliRunner().invoke(cli.app, ["record"])
    assert "--record 'few_shot.trace.jsonl' is a folder" in str(failed.exception)
    assert "TASK.trace.jsonl" in CliRunner().invoke(cli.app, ["record", "--help"]).output
