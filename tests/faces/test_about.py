"""What an installation says of itself, on the command line and to the web app."""

import json

import pytest

from millrace.core.settings import Settings
from millrace.core.workspace import Workspace
from millrace.faces.about import findings
from millrace.faces.about.facts import settings_of, shown
from millrace.faces.about.storage import places
from millrace.faces.cli.main import run
from tests.faces.http import Caller
from tests.support.stage import FLAGS


def test_the_server_says_what_the_commands_say(
    opened: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    found = Caller(opened).get("/about").json()
    words = [word for name, value in FLAGS.items() for word in ("--set", f"{name}={value}")]

    def said(command: str) -> dict[str, object]:
        run([*words, "-w", str(opened.root), command, "--json"])
        return json.loads(capsys.readouterr().out)

    doctor, config, plugins = said("doctor"), said("config"), said("plugins")

    def steady(findings: object) -> list[object]:
        assert isinstance(findings, list)
        return [line for line in findings if line["check"] != "disk"]  # others write to it too

    assert steady(found["findings"]) == steady(doctor["findings"])
    assert found["healthy"] == doctor["healthy"]
    assert found["settings"] == config["settings"]
    assert found["plugins"] == plugins["plugins"]
    assert found["packages"]["numpy"]


def test_no_secret_is_shown(opened: Workspace) -> None:
    settings = Settings(
        database="postgresql://mill:hunter2@db/m",
        redis="redis://:hunter2@cache:6379/0",
        mlflow="https://user:hunter2@track.example/x",
    )
    sources = dict.fromkeys(Settings.model_fields, "default")
    text = settings_of(opened.root, settings, sources).model_dump_json()
    assert "hunter2" not in text
    assert "postgresql://mill:***@db/m" in text
    assert shown("plain@text") == "plain@text"
    assert shown(7) == 7


def test_places_have_sizes(opened: Workspace) -> None:
    opened.folder("exports").joinpath("a.bin").write_bytes(b"x" * 1000)
    found = {line.what: line for line in places(opened)}
    assert found["exports"].bytes == 1000
    assert found["exports"].files == 1
    assert (found["database"].bytes or 0) > 0
    assert found["database"].place.endswith("millrace.db")


def test_what_a_second_machine_would_not_see_is_told(opened: Workspace) -> None:
    def found(**settings: str) -> list[tuple[str, str]]:
        seen = opened.settings.model_copy(update=settings)
        other = Workspace(opened.root, seen, opened.sources)
        return [(line.verdict, line.found) for line in findings._spread(other)]  # pyright: ignore[reportPrivateUsage]

    away = "postgresql://db/name"
    assert found() == []
    assert found(database=away, datasets="s3://b/d") == [
        ("note", "on this machine alone: objects, mlflow")
    ]
    everything = {"datasets": "s3://b/d", "objects": "s3://b/o", "mlflow": away}
    assert found(database=away, **everything) == [("ok", "nothing is local")]
