"""The command line in this process: words, output, errors, exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest

from millrace.core.errors import KINDS
from millrace.core.settings import Settings
from millrace.core.workspace import Workspace
from millrace.faces.cli.complete import artifact_names
from millrace.faces.cli.main import run
from millrace.faces.cli.options import Options, remember
from millrace.faces.cli.text import cell, clean, table
from millrace.faces.cli.tree import folders
from millrace.stores.jobs import Jobs
from tests.support.stage import FLAGS

SET = [word for name, value in FLAGS.items() for word in ("--set", f"{name}={value}")]


class Shell:
    """Types commands on one workspace."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.home = home
        self.capsys = capsys
        self.code = 0
        self.err = ""

    def __call__(self, *words: str) -> str:
        self.capsys.readouterr()
        self.code = run([*SET, "-w", str(self.home), *words])
        captured = self.capsys.readouterr()
        self.err = captured.err
        return captured.out

    def json(self, *words: str) -> Any:
        return json.loads(self("--json", *words))


@pytest.fixture
def shell(home: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(home, capsys)


@pytest.mark.parametrize(
    "words",
    [
        ["sample", "add", "3", "--second", "4"],
        ["sample", "add", "--second=4", "3"],
        ["sample", "add", "--params", '{"first": 3, "second": 9}', "--second", "4"],
        ["add-up", "3", "--second", "4"],
        ["--json", "sample", "add", "3", "--second", "4"],
    ],
)
def test_ways_to_type_one_call(shell: Shell, words: list[str]) -> None:
    assert json.loads(shell(*words, "--json")) == {"value": 7.0, "words": "3 + 4"}
    assert shell.code == 0


def test_json_may_stand_before_the_command(shell: Shell) -> None:
    assert json.loads(shell("--json", "sample", "add", "3"))["value"] == 4.0


def test_people_read_pairs_and_tables(shell: Shell) -> None:
    assert shell("sample", "add", "3") == "value  4\nwords  3 + 1\n"
    said = shell("sample", "echo-back", "--names", "a", "--names", "b")
    assert "names    a, b\n" in said
    assert "rows\nwidth  is open\n    1       no\n    1       no\n" in said
    assert shell("deployment", "list") == "no deployments\n"
    assert shell("jobs", "list") == "no jobs\n"
    assert shell("runs", "list") == "no runs\nsource  database\n"
    shell("sample", "note", "x")
    assert shell("jobs", "list", "--state", "failed") == "no jobs\n\nstates\n  done  1\n"
    assert shell("label", "list-sets") == "no sets\n"


def test_what_has_a_place_may_be_given_by_its_name(shell: Shell) -> None:
    assert shell("sample", "add", "--first", "3") == shell("sample", "add", "3")
    assert "--first" not in shell("sample", "add", "--help")
    shell("sample", "add", "3", "--first", "3")
    assert shell.code == 2
    assert "'first' is given twice, by its place and as '--first'" in shell.err


@pytest.mark.parametrize("code", sorted(KINDS))
def test_every_kind_of_error_has_its_exit_code(shell: Shell, code: str) -> None:
    assert shell("sample", "fail", "--code", code) == ""
    assert shell.code == KINDS[code].exit
    assert shell.err == f"Error: This is '{code}'.\n  Next: Do it otherwise.\n"
    body = shell.json("sample", "fail", "--code", code)
    assert body == KINDS[code](f"This is '{code}'.", "Do it otherwise.", number=7).body()
    assert shell.err == ""


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["sample", "add"], 2, "Op 'sample.add' needs 'first'."),
        (["sample", "add", "x"], 2, "Field 'first' of 'sample.add' is 'x'"),
        (["sample", "add", "1", "2"], 2, "Got unexpected extra argument"),
        (["sample", "add", "1", "--third", "2"], 2, "No such option: --third."),
        (["sample", "add", "1", "--second"], 2, "Option '--second' requires an argument."),
        (["sample", "sub"], 3, "There is no op 'sample.sub'."),
        (["smaple", "add"], 3, "There is no op 'smaple.add'."),
        (["smaple"], 3, "There is no command 'smaple'."),
        (["--set", "threads", "ops"], 2, "'threads' after '--set' has no '='."),
        (["--set", "threads=x", "jobs", "list"], 2, "Setting 'threads' from flag is not valid"),
        (["--set", "nope=1", "jobs", "list"], 2, "Setting 'nope' in flag is unknown."),
        (["tools", "--style", "x"], 2, "There is no tool style 'x'."),
    ],
)
def test_wrong_words(shell: Shell, words: list[str], code: int, said: str) -> None:
    assert shell(*words) == ""
    assert shell.code == code
    assert said in shell.err
    assert "\n  Next: " in shell.err
    body = shell.json(*words)
    assert said in body["problem"]


def test_dry_run_runs_nothing(shell: Shell) -> None:
    body = shell.json("sample", "note", "n", "--dry-run")
    assert body["writes"] == "one report."
    assert body["params"] == {"name": "n", "text": ""}
    assert shell.json("jobs", "list")["jobs"] == []
    assert shell("sample", "note", "Not A Name", "--dry-run") == ""
    assert shell.code == 2


def test_background_leaves_a_queued_job(shell: Shell) -> None:
    job = shell.json("sample", "count", "--background")
    assert job["state"] == "queued"
    assert shell.json("jobs", "show", job["id"])["state"] == "queued"


def test_a_key_gives_the_first_result(shell: Shell) -> None:
    first = shell.json("sample", "note", "n", "--key", "k")
    assert shell.json("sample", "note", "n", "--key", "k") == first
    assert shell.json("sample", "note", "m", "--key", "k")["code"] == "conflict"


def test_verbose_shows_events_on_stderr(shell: Shell) -> None:
    assert shell.json("sample", "count", "--upto", "2", "-v")["last"] == 2
    assert "number number=1\n" in shell.err
    assert "progress done=2 total=2 note=counting\n" in shell.err


def test_a_paused_job_is_resumed_here(shell: Shell, home: Path) -> None:
    with Workspace.open(home, FLAGS) as workspace:
        jobs = workspace.use(Jobs)
        job = jobs.submit("sample.count", {"upto": 4})

        def pause(event: Any) -> None:
            if event.kind == "number" and event.data["number"] == 2:
                jobs.pause(job.id)

        with pytest.raises(KINDS["cancelled"], match="is paused"):
            jobs.run(job.id, pause)
    ended = shell.json("jobs", "resume", job.id)
    assert (ended["state"], ended["result"]["last"]) == ("done", 4)
    assert ended["result"]["resumed_at"] >= 1


def test_watching_an_ended_job(shell: Shell) -> None:
    job = shell.json("sample", "count", "--upto", "2", "--background")
    shell("jobs", "cancel", job["id"])
    assert shell.json("jobs", "watch", job["id"], "-v")["state"] == "cancelled"
    assert "job state=cancelled" in shell.err


def test_every_folder_says_what_it_is_for() -> None:
    assert [name for name, line in folders().items() if not line] == []


@pytest.mark.parametrize("words", [["--help"], ["sample"], ["sample", "--help"]])
def test_help_lists_names_and_first_lines(shell: Shell, words: list[str]) -> None:
    said = shell(*words)
    assert shell.code == 0
    assert said.startswith("Usage: ")
    assert ("Write a note." in said) == bool(words[:1] == ["sample"])


def test_every_folder_of_ops_says_what_it_is_for() -> None:
    assert {"agent", "label", "pipeline", "schedule"} <= set(folders())
    assert [group for group, says in folders().items() if not says] == []


def test_nothing_typed_gives_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 0
    assert capsys.readouterr().out.startswith("Usage: ")


@pytest.mark.parametrize("command", ["ops", "config", "plugins", "version", "tools", "openapi"])
def test_json_may_stand_anywhere(shell: Shell, command: str) -> None:
    assert json.loads(shell(command, "--json")) == shell.json(command)


@pytest.mark.parametrize("words", [["--version"], ["--json", "--version"], ["--version", "--json"]])
def test_the_version_is_an_option_too(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert run(words) == 0
    said = capsys.readouterr().out
    assert run(["version", *(["--json"] if "--json" in words else [])]) == 0
    assert said == capsys.readouterr().out


def test_help_of_one_command_keeps_units_and_lines(shell: Shell) -> None:
    said = shell("sample", "echo-back", "--help")
    assert "how far [km] [default: 1.0]" in said
    assert "Writes: one report." in shell("sample", "note", "--help")
    assert "[required]" in shell("sample", "add", "--help")


@pytest.mark.parametrize("shell_name", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: Shell, shell_name: str, monkeypatch: Any) -> None:
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    with pytest.raises(SystemExit) as done:
        run(["--show-completion", shell_name])
    assert done.value.code == 0


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("millrace sam", ["sample"]),
        ("millrace sample ec", ["echo-back"]),
        ("millrace sample echo-back --color ", ["red", "blue"]),
        ("millrace sample echo-back --box-w", ["--box-width"]),
    ],
)
def test_completion(
    typed: str, offered: list[str], monkeypatch: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_MILLRACE_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", typed)
    monkeypatch.setenv("COMP_CWORD", str(len(typed.split(" ")) - 1))
    with pytest.raises(SystemExit):
        run([])
    assert capsys.readouterr().out.split() == offered


def test_names_of_artifacts_are_completed(shell: Shell, home: Path) -> None:
    shell("sample", "note", "alpha")
    shell("sample", "note", "al_pine")
    remember(Options(workspace=str(home)))
    assert artifact_names("report", "al") == ["al_pine", "alpha"]
    assert artifact_names("report", "report:al_") == ["al_pine"]
    assert artifact_names("dataset", "") == []
    assert all(name.startswith("job-") for name in artifact_names("job", "job-"))
    assert len(artifact_names("job", "")) == 2
    remember(Options(workspace=str(home / "none")))
    assert artifact_names("report", "") == []
    remember(Options())


def test_config_says_where_values_come_from(shell: Shell, monkeypatch: Any, home: Path) -> None:
    (home / "millrace.toml").write_text('threads = 3\nproject = "file"', encoding="utf-8")
    monkeypatch.setenv("MILLRACE_PROJECT", "env")
    monkeypatch.setenv("MILLRACE_DATABASE", "postgresql+psycopg://me:hunter2@db/x")
    body = shell.json("--set", "port=9", "config")
    found = {line["name"]: line for line in body["settings"]}
    assert set(found) == set(Settings.model_fields)
    assert found["project"]["value"] == "env"
    assert found["project"]["source"] == "MILLRACE_PROJECT"
    assert found["port"]["source"] == "flag"
    assert found["body_limit"]["source"] == "default"
    assert "hunter2" not in json.dumps(body)


def test_about_this_installation(shell: Shell) -> None:
    names = [line["name"] for line in shell.json("ops")["ops"]]
    assert names == sorted(names)
    assert {"sample.add", "jobs.list"} <= set(names)
    plugin = shell.json("plugins")["plugins"][0]
    assert (plugin["package"], plugin["problem"]) == ("millrace-sample 1.0", None)
    assert "sample.add" in plugin["ops"]
    assert shell.json("version")["version"]
    assert json.loads(shell("openapi"))["openapi"].startswith("3.")
    assert json.loads(shell("tools"))[0]["name"]


def test_doctor_looks_at_everything(shell: Shell) -> None:
    body = shell.json("doctor")
    checks = {line["check"] for line in body["findings"]}
    assert {"python", "torch", "workspace", "disk", "database", "encoder"} <= checks
    assert body["healthy"] == (shell.code == 0)


@pytest.mark.parametrize(
    ("encoder", "verdict", "found"),
    [
        ("hashed-1024", "ok", "built in"),
        ("bge-small-en-v1.5", "note", "no weights here"),
        ("no-such-encoder", "bad", "no-such-encoder"),
    ],
)
def test_doctor_says_which_encoder_is_used(
    shell: Shell, monkeypatch: Any, tmp_path: Path, encoder: str, verdict: str, found: str
) -> None:
    monkeypatch.setenv("MILLRACE_ENCODER", encoder)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "nothing"))
    lines = {line["check"]: line for line in shell.json("doctor")["findings"]}
    assert lines["encoder"]["verdict"] == verdict
    assert found in lines["encoder"]["found"]
    assert bool(lines["encoder"]["next"]) == (verdict != "ok")


def test_doctor_on_a_folder_that_is_no_workspace(tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"x")
    assert run(["doctor", "--json", "-w", str(tmp_path)]) == 1
    body = json.loads(capsys.readouterr().out)
    assert body["healthy"] is False
    assert "not empty" in next(f["found"] for f in body["findings"] if f["check"] == "workspace")


@pytest.mark.parametrize(
    "hostile", ["\x1b[31mred", "\x9b2J", "\x07", "a\x00b", "\u202egnp.exe", "x\rOK", "\x1b]0;t\x07"]
)
def test_data_cannot_drive_the_terminal(hostile: str) -> None:
    for shown in (clean(hostile), cell(hostile), table([{hostile: hostile}])):
        assert not any(ord(c) < 32 and c != "\n" for c in shown)
        assert "\x9b" not in shown
        assert "\u202e" not in shown


def test_tables_keep_identifiers_whole_and_name_what_has_no_room() -> None:
    row = {"id": f"job-{'a' * 40}", "says": "long words " * 9, "empty": None, "x": "y" * 60}
    said = table([{**row, "z": "v" * 60}])
    assert row["id"] in said
    assert "empty" not in said
    assert said.endswith("(--json also has: z)")


def test_objects_and_sentences_are_read_by_people() -> None:
    assert cell({"low_est": 1.5, "of": {"a": [1, 2]}}) == "low est 1.5, of a 1, 2"
    assert cell([{"name": "x", "n": 1}, {"name": "y", "n": None}]) == "x 1; y -"


def test_tables_show_markup_as_it_is() -> None:
    assert "[bold]x[/bold]" in table([{"[red]a": "[bold]x[/bold]"}])
