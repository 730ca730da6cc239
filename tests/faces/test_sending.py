"""Files and tables of a caller reach a server whole, once, under their own name, and come back."""

import io
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pytest

import millrace
from millrace.core import catalog
from millrace.core.errors import Conflict, InvalidInput, NotAllowed, NotFound, Unavailable
from millrace.core.events import Event
from millrace.faces.backend import fetching, paths, sending
from millrace.faces.backend.choose import open_backend
from millrace.faces.backend.remote import Remote
from millrace.faces.cli.main import run
from millrace.faces.python.client import Client
from millrace.faces.sidecar import Sidecar
from tests.support.server import Server, start

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("sending")]
PEOPLE = "name,age\nAnn,31\nBob,44\nЕва,27\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    found = start(tmp_path_factory.mktemp("sending") / "ws")
    try:
        yield found
    finally:
        found.stop()


@pytest.fixture
def away(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[millrace.Client]:
    """A client in a folder of its own, which is not the server's."""
    monkeypatch.chdir(tmp_path)
    with millrace.open(server.url, token=server.token) as found:
        yield found


def rows(ws: Any, dataset: str) -> list[dict[str, Any]]:
    return [{k: v for k, v in row.items() if k != "_id"} for row in ws.dataset.rows(dataset).rows]


def test_a_file_here_is_imported_there_under_its_name(away: Any) -> None:
    Path("people.csv").write_text(PEOPLE, encoding="utf-8")
    seen: list[Event] = []
    made = away.dataset.import_("people.csv", on_event=seen.append)
    assert made.dataset == "dataset:people@1"
    assert [row["name"] for row in rows(away, made.dataset)] == ["Ann", "Bob", "Ева"]
    assert [event.data["note"] for event in seen if event.kind == "progress"][0] == "sending"
    Path("people.csv").write_text(PEOPLE + "Dan,9\n", encoding="utf-8")
    assert away.dataset.import_("./people.csv").dataset == "dataset:people@2"
    assert len(rows(away, "people")) == 4


def test_the_same_content_is_sent_once_and_a_key_is_kept(away: Any, server: Server) -> None:
    Path("once.csv").write_text(PEOPLE, encoding="utf-8")
    first = away.dataset.import_("once.csv", key="nightly")
    assert away.dataset.import_(str(Path("once.csv").resolve()), key="nightly") == first
    found = list((server.home / "uploads").glob("sent-*/once.csv"))
    assert [one.read_text(encoding="utf-8") for one in found] == [PEOPLE]


def test_the_command_line_sends_too(
    server: Server, away: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("by-cli.csv").write_text(PEOPLE, encoding="utf-8")
    monkeypatch.setenv("MILLRACE_URL", server.url)
    monkeypatch.setenv("MILLRACE_TOKEN", server.token)
    assert run(["dataset", "preview", "by-cli.csv", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"][0]["name"] == "Ann"
    assert run(["dataset", "import", "by-cli.csv", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["dataset"] == "dataset:by-cli@1"


def test_a_folder_of_images_and_a_model_package_are_sent(away: Any) -> None:
    from tests.web.test_folder import png

    for number, kind in enumerate(("cats", "cats", "dogs")):
        place = Path("pets") / kind
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number}.png").write_bytes(png(number))
    (Path("pets") / ".DS_Store").write_bytes(b"odd")
    os.symlink("/etc/passwd", Path("pets") / "cats" / "link.png")
    made = away.dataset.import_("pets")
    assert made.dataset == "dataset:pets@1"
    assert [row["label"] for row in rows(away, "pets")] == ["cats", "cats", "dogs"]
    Path("odd.zip").write_bytes(b"no zip")
    with pytest.raises(InvalidInput, match="zip"):
        away.model.import_("odd.zip")


def test_what_is_not_here_is_the_servers(away: Any, server: Server) -> None:
    there = server.upload("there.csv", PEOPLE.encode())
    assert away.dataset.import_(there).dataset == "dataset:there@1"
    with pytest.raises(NotFound, match="no file 'nowhere.csv'"):
        away.dataset.import_("nowhere.csv")


def test_an_export_lands_here(away: Any, server: Server) -> None:
    Path("out.csv").write_text(PEOPLE, encoding="utf-8")
    away.dataset.import_("out.csv", name="lands")
    with pytest.raises(Conflict, match=r"out.csv' exists"):
        away.dataset.export("lands", "out.csv")
    Path("out.csv").unlink()
    made = away.dataset.export("lands", "out.csv")
    assert Path(made.path) == Path("out.csv").absolute()
    assert Path("out.csv").read_text(encoding="utf-8").replace('"', "") == PEOPLE
    assert away.dataset.export("lands", "out.csv", overwrite=True).rows == 3
    with pytest.raises(InvalidInput, match="folder of .* does not exist"):
        away.dataset.export("lands", "nowhere/out.csv")
    there = str(server.home.resolve() / "exports" / "kept.csv")
    assert away.dataset.export("lands", there).path == there
    assert sorted(one.name for one in Path().iterdir()) == ["out.csv"]


def test_what_a_job_writes_comes_down_or_stays_below_exports(away: Any, server: Server) -> None:
    Path("job.csv").write_text(PEOPLE, encoding="utf-8")
    away.dataset.import_("job.csv")
    asked = {"op": "dataset.export", "params": {"dataset": "job", "path": "by-sidecar.csv"}}
    lines = json.dumps({"type": "call", "id": 1, "key": "k", **asked}).encode()
    output = io.BytesIO()
    Sidecar(open_backend(server.url, token=server.token), output).run(io.BytesIO(lines))
    said = json.loads(output.getvalue().splitlines()[-1])
    assert said["result"]["path"] == str(Path("by-sidecar.csv").absolute())
    assert Path("by-sidecar.csv").is_file()
    job = away.submit("dataset.export", dataset="job", path="nobody-waits.csv")
    assert Path(job.params["path"]).parent == server.home.resolve() / "exports"


def test_a_large_body_that_is_refused_says_why(server: Server) -> None:
    wrong = Remote(server.url, "wrong")
    for _ in range(5):
        with pytest.raises(NotAllowed, match="token is missing or wrong"):
            wrong.submit("sample.note", {"name": "x" * 8_000_000})


def test_nothing_is_sent_for_params_that_are_wrong(away: Any, server: Server) -> None:
    Path("wrong.csv").write_text(PEOPLE + "wrong,1\n", encoding="utf-8")
    before = list((server.home / "uploads").iterdir())
    with pytest.raises(InvalidInput, match="has no field 'nme'"):
        away.dataset.import_("wrong.csv", nme="x")
    assert list((server.home / "uploads").iterdir()) == before


def test_a_model_goes_out_and_in(away: Any) -> None:
    lines = "".join(f"{n},{n % 7},{'yes' if n % 7 > 3 else 'no'}\n" for n in range(60))
    Path("small.csv").write_text("id,x,y\n" + lines, encoding="utf-8")
    away.dataset.import_("small.csv")
    away.automl.train(dataset="small", target="y", budget=5, name="small")
    packed = away.model.export("small", path="small.zip")
    assert packed.path == str(Path("small.zip").absolute())
    folder = away.model.export("small", path="taken", format="folder")
    assert folder.path == str(Path("taken").absolute())
    assert {one.name for one in Path("taken").iterdir()} >= {"manifest.json"}
    assert away.model.import_("small.zip", name="again").model == "model:again@1"
    assert away.model.import_("taken", name="again").model == "model:again@2"
    card = away.model.card("small", path="card.html")
    assert card.path == str(Path("card.html").absolute())
    assert "<html" in Path("card.html").read_text(encoding="utf-8")


def test_a_worker_finds_what_was_named_from_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path / "mine")
    Path("later.csv").write_text(PEOPLE, encoding="utf-8")
    here: Any = open_backend(tmp_path / "ws", flags={"durability": "normal", "threads": 1})
    ws: Any = Client(here)
    with ws:
        read = ws.submit("dataset.import", path="later.csv")
        monkeypatch.chdir(tmp_path)
        assert here.finish(read).dataset == "dataset:later@1"
        monkeypatch.chdir(tmp_path / "mine")
        written = ws.submit("dataset.export", dataset="later", path="later.jsonl")
        monkeypatch.chdir(tmp_path)
        assert here.finish(written).path == str(tmp_path / "mine" / "later.jsonl")


@pytest.mark.parametrize("kind", ["polars", "pandas", "duckdb", "pyarrow", "batches"])
def test_tables_in_memory_are_read_as_files(away: Any, tmp_path: Path, kind: str) -> None:
    frame = pl.DataFrame({"n": [1, 2, None], "word": ["a", "b", "ю"]})
    arrow = frame.to_arrow()
    duck = duckdb.connect()
    makers: dict[str, Callable[[], Any]] = {
        "polars": lambda: frame,
        "pandas": lambda: pytest.importorskip("pandas").DataFrame(arrow.to_pydict()),
        "duckdb": lambda: duck.from_arrow(arrow),
        "pyarrow": lambda: arrow,
        "batches": lambda: arrow.to_reader(),
    }
    local = millrace.open(tmp_path / "ws", durability="normal", threads=1)
    with local:
        for ws in (local, away):
            made = ws.dataset.import_(makers[kind](), name=f"frame-{kind}")
            assert rows(ws, made.dataset) == frame.to_dicts()
        assert list((tmp_path / "ws" / "uploads").glob(".table*")) == []


def test_a_table_that_no_file_holds_is_refused(away: Any) -> None:
    with pytest.raises(InvalidInput, match="The table in 'path' cannot be written"):
        away.dataset.import_(pa.chunked_array([[1, 2]]))
    with pytest.raises(InvalidInput, match="not plain JSON"):
        away.dataset.rows(pl.DataFrame({"a": [1]}))


class Wire:
    """A server of uploads in memory that loses connections and answers."""

    def __init__(self, fails: list[str]) -> None:
        self.fails = fails
        self.data = bytearray()
        self.asked: list[str] = []
        self.shelf = ""

    def __call__(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
        self.asked.append(method)
        fault = self.fails.pop(0) if self.fails and method == "PATCH" else ""
        if fault == "lost":
            raise Unavailable("gone", "wait")
        if method == "GET":
            return []
        if method == "PATCH":
            offset = int(headers["Upload-Offset"])
            if offset != len(self.data):
                raise Conflict("no", "go on", offset=len(self.data))
            self.data += body
            if fault == "unheard":
                raise Unavailable("gone", "wait")
            return {"offset": len(self.data)}
        if path.endswith("/finish"):
            return {"path": f"/there/{self.shelf}"}
        self.shelf = body["name"] if path == "/uploads" else ""
        return {"id": "up-1", "chunk": 8}


def test_lost_connections_and_answers_double_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "PAUSE", 0.0)
    file = tmp_path / "a.csv"
    file.write_bytes(bytes(range(50)))
    wire = Wire(["lost", "", "unheard", "lost", "unheard"])
    assert sending.send(wire, file) == f"/there/{wire.shelf}/a.csv"
    assert bytes(wire.data) == bytes(range(50))


def test_what_cannot_be_sent_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "PAUSE", 0.0)
    file = tmp_path / "a.csv"
    file.write_bytes(b"x" * 20)
    wire = Wire(["lost"] * sending.TRIES)
    with pytest.raises(Unavailable):
        sending.send(wire, file)
    assert wire.asked[-1] == "DELETE"
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "secret.txt").write_text("s", encoding="utf-8")
    asked = len(wire.asked)
    with pytest.raises(InvalidInput, match="holds no images and no model"):
        sending.send(wire, tmp_path / "empty")
    assert len(wire.asked) == asked


@pytest.mark.parametrize("odd", ["../{}", "{}/../../up", "{}/", "other", "/etc/{}", "{0}/a/{0}/.."])
def test_a_server_that_lies_writes_nowhere_else(tmp_path: Path, odd: str) -> None:
    (tmp_path / "here").mkdir()

    def ask(method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
        name = path.rpartition("=")[2]
        listed = [{"name": odd.format(name), "size": 1, "path": "/x"}] if "contains" in path else []
        return {"workspace": "/ws"} if path == "/about" else listed

    def download(path: str) -> Any:
        raise AssertionError(f"asked for {path}")

    op = catalog.find("dataset.export")
    given = {"dataset": "a", "path": str(tmp_path / "here" / "a.csv")}
    assert op.result is not None
    wishes = fetching.wanted(ask, op, given, None)
    with pytest.raises(NotFound, match="wrote no file or too many"):
        fetching.fetch(ask, download, wishes, op.result.model_construct(path=wishes[0].path))
    assert [one.name for one in tmp_path.rglob("*")] == ["here"]


@pytest.mark.parametrize("odd", ["", "a\0b", "~nobody-of-this-name/x", "x" * 5000, None, 7, "/dev"])
def test_odd_values_are_left_to_the_op(odd: Any) -> None:
    assert paths.to_read(odd) is None or odd == "/dev"
    assert paths.to_read("s3://bucket/key") is None
