"""Odd names, files that change and answers that lie, on the way to a server and back."""

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

import millrace
from millrace.core import catalog
from millrace.core.errors import Conflict, Internal, InvalidInput, MillraceError, Unavailable
from millrace.faces.backend import fetching, sending


class Shelf:
    """A server of uploads and exports in memory; `says` replaces what it answers."""

    def __init__(self, **says: Any) -> None:
        self.says = says
        self.asked: list[tuple[str, str, Any]] = []
        self.data = bytearray()
        self.exports: dict[str, bytes] = {}
        self.cuts = 0
        self.shelf = ""

    def __call__(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
        self.asked.append((method, path, body))
        if (method, path) == ("POST", "/uploads"):
            self.shelf = body["name"]
        kind = path.split("?")[0].rsplit("/", 1)[-1] if method != "PATCH" else "piece"
        if kind in self.says:
            return self.says[kind]
        if kind == "exports":
            part = path.rpartition("=")[2] if "contains" in path else ""
            return [{"name": n, "size": len(d)} for n, d in self.exports.items() if part in n]
        if kind == "piece":
            self.data += body
            return {"offset": len(self.data)}
        answers: dict[str, Any] = {
            "about": {"workspace": "/ws"},
            "finish": {"path": f"/there/{self.shelf}"},
            "up-1": None,
        }
        found = [] if kind == "uploads" and method == "GET" else {"id": "up-1", "chunk": 8}
        return answers.get(kind, found)

    def download(self, path: str) -> Any:
        data = self.exports[path.rsplit("/", 1)[-1]]
        if self.cuts:
            self.cuts -= 1
            return Cut(data[:1])
        return io.BytesIO(data)

    def sent(self) -> list[str]:
        """Return the names that were announced."""
        bodies = [body for _, _, body in self.asked if isinstance(body, dict)]
        return [one["path"] for body in bodies for one in body.get("files", [])]


class Cut(io.BytesIO):
    """A download that breaks off."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell():
            raise ConnectionResetError("reset")
        return super().read(size)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "PAUSE", 0.0)


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("new\nline.csv", "new_line.csv"),
        ("back\\slash.csv", "back_slash.csv"),
        ("a\udcff.csv", "a_.csv"),
        (".hidden.csv", "_hidden.csv"),
        ("a b%#?é.csv", "a b%#?é.csv"),
    ],
)
def test_a_name_that_no_server_takes_is_made_plain(tmp_path: Path, name: str, there: str) -> None:
    file = tmp_path / name
    file.write_bytes(b"x" * 20)
    shelf = Shelf()
    assert sending.send(shelf, file) == f"/there/{shelf.shelf}/{there}"
    assert shelf.sent() == [there]


def test_a_folder_with_a_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pets").mkdir()
    (tmp_path / "pets" / "a\udcff.png").write_bytes(b"x")
    shelf = Shelf()
    with pytest.raises(InvalidInput, match="is no text"):
        sending.send(shelf, tmp_path / "pets")
    assert shelf.asked == []


def test_content_that_changes_on_its_way_gets_no_name(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(b"x" * 20)

    class Changing(Shelf):
        def __call__(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
            if (method, path) == ("POST", "/uploads"):
                file.write_bytes(b"y" * 20)
            return super().__call__(method, path, body, headers)

    shelf = Changing()
    with pytest.raises(InvalidInput, match="changed while it was sent"):
        sending.send(shelf, file)
    assert [path for _, path, _ in shelf.asked if path.endswith("finish")] == []
    assert shelf.asked[-1][0] == "DELETE"


def test_a_file_that_grows_is_sent_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "a.log"
    file.write_bytes(b"x" * 20)

    class Growing(Shelf):
        def __call__(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
            if method == "GET":
                file.write_bytes(b"x" * 20 + b"more")
            return super().__call__(method, path, body, headers)

    shelf = Growing()
    sending.send(shelf, file)
    assert bytes(shelf.data) == b"x" * 20


def test_the_same_file_sent_by_two_at_once_has_one_name(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(b"x" * 20)

    class Second(Shelf):
        """The other one has the name, and is not done at once."""

        def __call__(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
            found = super().__call__(method, path, body, headers)
            if path.endswith("finish"):
                return {"path": f"/ws/uploads/{self.shelf}-2"}
            if method == "GET" and len([1 for one, *_ in self.asked if one == "GET"]) == 3:
                return [{"path": f"/ws/uploads/{self.shelf}/a.csv"}]
            return found

    shelf = Second()
    sent = sending.send(shelf, file)
    assert sent == f"/ws/uploads/{shelf.shelf}/a.csv"


def test_what_cannot_be_read_is_our_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(b"x" * 20)

    def refused(*_: Any, **__: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refused)
    shelf = Shelf()
    with pytest.raises(InvalidInput, match="cannot be read: Permission denied"):
        sending.send(shelf, file)
    assert shelf.asked == []


@pytest.mark.parametrize(
    "says",
    [
        {"uploads": []},
        {"uploads": {"id": 5, "chunk": 8}},
        {"uploads": {"id": "up-1", "chunk": "8"}},
        {"piece": {"offset": 0}},
        {"piece": {"offset": 10**9}},
        {"piece": 7},
        {"finish": {}},
        {"finish": None},
    ],
)
def test_an_upload_to_a_server_that_lies_ends(tmp_path: Path, says: dict[str, Any]) -> None:
    (tmp_path / "a.csv").write_bytes(b"x" * 20)
    with pytest.raises(Internal):
        sending.send(Shelf(**says), tmp_path / "a.csv")


def test_a_call_still_held_by_a_lost_one_is_tried_again() -> None:
    tries: list[int] = []

    def busy() -> int:
        tries.append(1)
        if len(tries) < 3:
            raise Conflict("Somebody else is sending.", "Wait.")
        return 7

    assert sending.again(busy) == 7


def wish(shelf: Shelf, path: Path, key: str | None = None, **given: Any) -> fetching.Wanted:
    op = catalog.find("dataset.export")
    params = {"dataset": "a", "path": str(path), **given}
    return fetching.wanted(shelf, op, params, key)[0]


def fetch(shelf: Shelf, found: fetching.Wanted) -> Any:
    op = catalog.find("dataset.export")
    assert op.result is not None
    result = op.result.model_construct(path=found.path)
    return fetching.fetch(shelf, shelf.download, [found], result)


@pytest.mark.parametrize(
    "name", ["a" * 251 + ".csv", "a.b\nc", "a.b\\c", "a.\udcff", "a." + "b" * 200, "a.é", ".csv"]
)
def test_an_export_takes_any_name_here(tmp_path: Path, name: str) -> None:
    shelf = Shelf()
    found = wish(shelf, tmp_path / name)
    assert found.name.isascii()
    assert len(found.name) < 60
    assert found.name.replace(".", "").replace("-", "").isalnum()
    shelf.exports[found.name] = b"rows"
    assert fetch(shelf, found).path == str(tmp_path / name)
    assert os.listdir(tmp_path) == [name]
    assert (tmp_path / name).read_bytes() == b"rows"


def test_what_names_no_file_is_refused_before_the_work(tmp_path: Path) -> None:
    for path in (Path("/"), tmp_path / ".."):
        with pytest.raises(InvalidInput, match="names no file"):
            wish(Shelf(), path, overwrite=True)
    with pytest.raises(InvalidInput, match="does not exist"):
        wish(Shelf(), tmp_path / ("x" * 300) / "a.csv")


def test_an_export_repeated_with_its_key_is_the_same_call(tmp_path: Path) -> None:
    target, shelf = tmp_path / "a.csv", Shelf()
    first = wish(shelf, target, "nightly")
    shelf.exports[first.name] = b"rows"
    fetch(shelf, first)
    again = wish(shelf, target, "nightly")
    assert again == first
    assert fetch(shelf, again).path == str(target)
    target.write_bytes(b"mine")
    with pytest.raises(Conflict, match="exists"):
        fetch(shelf, again)
    assert target.read_bytes() == b"mine"
    with pytest.raises(Conflict, match="exists"):
        wish(shelf, target, "other")


def test_what_came_meanwhile_or_gets_an_ending_is_kept(tmp_path: Path) -> None:
    shelf = Shelf()
    found = wish(shelf, tmp_path / "a")
    shelf.exports[f"{found.name}.zip"] = b"packed"  # an op may add the ending of its kind
    (tmp_path / "a.zip").write_bytes(b"precious")
    with pytest.raises(Conflict, match=r"a.zip' exists.*the server has it as"):
        fetch(shelf, found)
    assert os.listdir(tmp_path) == ["a.zip"]
    assert (tmp_path / "a.zip").read_bytes() == b"precious"


def test_a_download_that_breaks_is_begun_again(tmp_path: Path) -> None:
    shelf = Shelf()
    found = wish(shelf, tmp_path / "a.csv")
    shelf.exports[found.name] = b"rows"
    shelf.cuts = 2
    fetch(shelf, found)
    assert (tmp_path / "a.csv").read_bytes() == b"rows"
    found = wish(shelf, tmp_path / "b.csv")
    shelf.exports[found.name] = b"rows"
    shelf.cuts = 99
    with pytest.raises(Unavailable, match="cut short"):
        fetch(shelf, found)
    assert os.listdir(tmp_path) == ["a.csv"]


@pytest.mark.parametrize("says", [{"a": 1}, 7, [7], [{"name": 1, "size": 1}], [{"name": "x"}]])
def test_odd_lists_of_exports_are_our_errors(tmp_path: Path, says: Any) -> None:
    shelf = Shelf()
    found = wish(shelf, tmp_path / "a.csv")
    with pytest.raises(MillraceError):
        fetch(Shelf(exports=says), found)
    with pytest.raises(Internal):
        wish(Shelf(about=says), tmp_path / "a.csv")


def failing(error: Exception) -> Callable[[], pa.RecordBatchReader]:
    def rows() -> Any:
        yield pa.record_batch({"a": [1]})
        raise error

    return lambda: pa.RecordBatchReader.from_batches(pa.schema([("a", pa.int64())]), rows())


class NoStream:
    """Something that only says it is a table."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return 5


@pytest.mark.parametrize(
    "table",
    [failing(OSError("disk")), failing(ValueError("boom")), NoStream, lambda: pl.Series([1])],
)
def test_a_table_that_fails_is_our_error(home: Path, table: Callable[[], Any]) -> None:
    with millrace.open(home, durability="normal", threads=1) as found:
        ws: Any = found
        with pytest.raises(InvalidInput, match="The table in 'path' cannot be written") as caught:
            ws.dataset.preview(table())
        assert "Traceback" not in str(caught.value)
