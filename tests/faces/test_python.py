"""The Python face on a folder: keywords, models, typed stub."""

import inspect
import pydoc
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from millrace_sample import AddParams, Sum

import millrace
from millrace.core import catalog
from millrace.core.errors import Conflict, InvalidInput, NotFound
from millrace.faces.backend.choose import open_backend
from millrace.faces.backend.place import location
from millrace.faces.python import stub
from millrace.faces.python.client import Client, method, method_name, spoken

FLAGS: dict[str, Any] = {"durability": "normal", "threads": 1}


@pytest.fixture
def ws(home: Path) -> Any:
    with millrace.open(home, **FLAGS) as found:
        yield found


def test_params_as_keywords_model_or_dict(ws: Any) -> None:
    expected = Sum(value=5.0, words="3 + 2")
    assert ws.sample.add(first=3, second=2) == expected
    assert ws.sample.add(AddParams(first=3, second=2)) == expected
    assert ws.sample.add({"first": 3}, second=2) == expected
    assert ws.sample.add(AddParams(first=3), second=2) == expected
    assert ws.run("sample.add", first=3, second=2) == expected
    assert isinstance(ws.sample.add(first=1), Sum)


def test_events_key_and_submit(ws: Any) -> None:
    seen: list[str] = []
    ws.sample.count(upto=2, on_event=lambda event: seen.append(event.kind))
    assert seen.count("number") == 2
    assert ws.sample.note(name="n", key="k") == ws.sample.note(name="n", key="k")
    assert ws.submit("sample.count", upto=2).state == "queued"


def test_errors_are_our_classes(ws: Any) -> None:
    with pytest.raises(InvalidInput, match="needs 'first'"):
        ws.sample.add()
    with pytest.raises(InvalidInput, match="has no field 'third'"):
        ws.sample.add(first=1, third=2)
    with pytest.raises(InvalidInput, match="has no field 'frist'"):
        ws.sample.add(frist=1)
    with pytest.raises(NotFound, match="no op 'sample.none'"):
        ws.run("sample.none")


@pytest.mark.parametrize("place", ["folder", "http://127.0.0.1:1"])
def test_a_closed_client_takes_no_calls(home: Path, place: str) -> None:
    ws: Any = millrace.open(home if place == "folder" else place, **FLAGS)
    ws.close()
    ws.close()
    for call in (lambda: ws.sample.add(first=1), lambda: ws.submit("sample.count", upto=2)):
        with pytest.raises(Conflict, match="is closed"):
            call()
    assert "sample" in dir(ws)


def test_a_path_is_given_as_text(ws: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    assert (
        ws.dataset.preview(tmp_path / "a.csv").rows
        == ws.dataset.preview(str(tmp_path / "a.csv")).rows
    )


def test_what_the_command_line_takes_without_a_name_needs_none_here(ws: Any) -> None:
    assert ws.sample.add(3, second=2) == ws.sample.add(first=3, second=2)
    with pytest.raises(InvalidInput, match="'sample.add' takes .* without a name; 3 values"):
        ws.sample.add(3, 2, 1)
    with pytest.raises(InvalidInput, match="'first' of 'sample.add' is given twice"):
        ws.sample.add(3, first=3)


def test_what_a_notebook_shows_says_where_and_what(ws: Any, home: Path) -> None:
    assert repr(ws) == f"<Millrace at {home}>"
    assert "echo_back" in repr(ws.sample)
    assert not hasattr(ws.sample, "_repr_html_")


def test_names_that_are_not_there(ws: Any) -> None:
    with pytest.raises(AttributeError, match="no folder of ops 'nothing'"):
        _ = ws.nothing
    with pytest.raises(AttributeError, match="no op 'sample.none'"):
        _ = ws.sample.none
    assert "sample" in dir(ws)
    assert "echo_back" in dir(ws.sample)
    assert not hasattr(ws, "__wrapped__")


def test_help_shows_params_and_docstring(ws: Any) -> None:
    method = ws.sample.add
    assert inspect.signature(method).parameters["second"].default == 1
    assert method.__doc__.startswith("Add two whole numbers.")
    shown = pydoc.plain(pydoc.render_doc(method))
    assert "add(first: int, *, second: int = 1" in shown
    assert "    first: " in shown


def test_every_signature_is_plain(ws: Any) -> None:
    for op in catalog.load_all().values():
        assert "Annotated" not in str(inspect.signature(method(ws, op))), op.name


@pytest.mark.parametrize("verb", ["import", "list", "class", "show"])
def test_keywords_get_an_underscore(verb: str) -> None:
    assert spoken(method_name(verb)) == verb
    assert method_name(verb).isidentifier()


def test_no_folder_hides_a_method_of_the_client() -> None:
    own = {name for name in vars(Client) if not name.startswith("_")}
    assert not own & {name.split(".")[0] for name in catalog.scan()}


def test_settings_are_checked(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="Setting 'nope' in flag is unknown"):
        millrace.open(tmp_path / "x", nope=1)


def test_where_a_workspace_is_looked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert location() == ".millrace"
    monkeypatch.setenv("MILLRACE_WORKSPACE", "/w")
    assert (location(), location("/given")) == ("/w", "/given")
    monkeypatch.setenv("MILLRACE_URL", "ftp://x")
    with millrace.open(tmp_path / "named", **FLAGS):
        pass  # a place that is named wins over MILLRACE_URL
    assert (tmp_path / "named" / "workspace.json").is_file()
    monkeypatch.setenv("MILLRACE_URL", "http://127.0.0.1:1")
    backend = open_backend()
    assert type(backend).__name__ == "Remote"


def test_stub_is_current() -> None:
    assert stub.TARGET.read_text(encoding="utf-8") == stub.stub(), "run 'make docs'"


@pytest.mark.slow
def test_stub_types_a_call(tmp_path: Path) -> None:
    wrong = tmp_path / "uses.py"
    wrong.write_text(
        "import millrace\n\n"
        "ws = millrace.open('x')\n"
        "job = ws.jobs.show(id='a')\n"
        "print(job.state)\n"
        "ws.jobs.show(ident='a')\n"
        "print(job.nothing)\n",
        encoding="utf-8",
    )
    source = Path(millrace.__file__).parents[1]
    config = tmp_path / "pyrightconfig.json"
    config.write_text(f'{{"extraPaths": ["{source}"]}}', encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--project", str(config), "--pythonpath", sys.executable],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    errors = [line for line in done.stdout.splitlines() if " error: " in line]
    assert len(errors) == 2, done.stdout
    assert "uses.py:6:" in errors[0]
    assert "uses.py:7:" in errors[1]
