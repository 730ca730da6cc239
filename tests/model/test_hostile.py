"""Packages that somebody hostile made: a clear error each, and nothing left behind."""

import hashlib
import json
import os
import stat
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from millrace.core.errors import MillraceError
from millrace.core.policy import Actor
from millrace.core.workspace import Workspace
from millrace.stores.artifacts import Artifacts
from millrace.stores.jobs import Jobs
from tests.support import models

Files = dict[str, bytes]
LISTING, MANIFEST = "export.json", "manifest.json"
CALM = {"invalid_input", "limit_reached", "conflict", "not_found"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def ws(home: Path) -> Any:
    with Workspace.open(home / "ws", {"durability": "normal", "threads": 1}) as found:
        yield found


@pytest.fixture(scope="module")
def good(ws: Workspace, home: Path) -> Files:
    """The files of a package that is in order."""
    from millrace.core.context import Context

    ctx = Context(workspace=ws)
    models.train(ctx, models.people(60), "buys", "buyer", ("age", "member"), ("linear",))
    call(ws, "model.export", model="buyer", path=str(home / "good"), format="folder")
    return {path.name: path.read_bytes() for path in (home / "good").iterdir()}


def call(ws: Workspace, op: str, **params: Any) -> Any:
    return ws.use(Jobs).call(op, params, Actor())


def zipped(path: Path, files: Files) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return path


def listed(files: Files, **changes: Any) -> Files:
    """Write the listing anew, so that its hashes agree with the files."""
    listing = json.loads(files[LISTING])
    listing["files"] = {
        name: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        for name, data in files.items()
        if name != LISTING
    }
    return {**files, LISTING: json.dumps({**listing, **changes}).encode()}


def manifest(files: Files, **changes: Any) -> Files:
    text = json.dumps({**json.loads(files[MANIFEST]), **changes}).encode()
    return listed({**files, MANIFEST: text})


def member(files: Files, **changes: Any) -> Files:
    found = json.loads(files[MANIFEST])["members"]
    return manifest(files, members=[{**found[0], **changes}])


def refused(ws: Workspace, op: str, path: Path, **more: Any) -> MillraceError:
    """Check that a call fails calmly and leaves nothing; return its error."""
    known = {name: _stamp(name) for name in _outside(path.parent)}
    before = len(ws.use(Artifacts).list("model"))
    params = {"path": str(path), "name": "taken", **more}
    with pytest.raises(MillraceError) as caught:
        call(ws, op, **params)
    error = caught.value
    assert error.code in CALM, error
    assert error.hint
    assert len(ws.use(Artifacts).list("model")) == before
    assert {name: _stamp(name) for name in _outside(path.parent)} == known
    assert not list(ws.folder("tmp").iterdir())
    return error


def _outside(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def _stamp(path: Path) -> int:
    return path.lstat().st_mtime_ns


def test_a_package_in_order_is_taken(ws: Workspace, good: Files, tmp_path: Path) -> None:
    made = call(ws, "model.import", path=str(zipped(tmp_path / "p.zip", good)), name="fine")
    assert made.model == "model:fine@1"
    folder = tmp_path / "folder"
    folder.mkdir()
    for name, data in good.items():
        (folder / name).write_bytes(data)
    again = call(ws, "model.import", path=str(folder), name="fine")
    assert again.model == "model:fine@2"


CHANGED: dict[str, Callable[[Files], Files]] = {
    "traversal": lambda f: listed({**f, "../evil.txt": b"x"}),
    "traversal inside": lambda f: listed({**f, "a/../../evil.txt": b"x"}),
    "absolute": lambda f: listed({**f, "/tmp/evil.txt": b"x"}),
    "backslash": lambda f: listed({**f, "..\\evil.txt": b"x"}),
    "drive": lambda f: listed({**f, "C:evil.txt": b"x"}),
    "dot": lambda f: listed({**f, "./manifest.json": b"x"}),
    "folder in it": lambda f: listed({**f, "sub/linear.txt": b"x"}),
    "folder entry": lambda f: {**f, "sub/": b""},
    "pickle beside it": lambda f: listed({**f, "model.pkl": b"cos\nsystem\n."}),
    "code beside it": lambda f: listed({**f, "setup.py": b"import os"}),
    "unlisted file": lambda f: {**f, "preprocessing.safetensors": b"x"},
    "missing member": lambda f: listed({k: v for k, v in f.items() if "linear" not in k}),
    "missing manifest": lambda f: listed({k: v for k, v in f.items() if k != MANIFEST}),
    "missing listing": lambda f: {k: v for k, v in f.items() if k != LISTING},
    "only a listing": lambda f: {LISTING: f[LISTING]},
    "nothing": lambda f: {},
    "another byte": lambda f: {**f, "linear.safetensors": f["linear.safetensors"][:-1] + b"\1"},
    "listing is text": lambda f: {**f, LISTING: b"hello"},
    "listing is a list": lambda f: {**f, LISTING: b"[]"},
    "listing is not UTF-8": lambda f: {**f, LISTING: b"\xff\xfe{}"},
    "listing is deep": lambda f: {**f, LISTING: b"[" * 200_000 + b"]" * 200_000},
    "listing is huge": lambda f: {**f, LISTING: b" " * 5_000_000 + f[LISTING]},
    "hash is no hash": lambda f: {**f, LISTING: f[LISTING].replace(b'"sha256"', b'"sha1"')},
    "newer": lambda f: listed(f, format=99),
    "format is a text": lambda f: listed(f, format="one"),
    "name leads outside": lambda f: listed(f, name="../../x", version=-1),
    "metrics not finite": lambda f: listed(f, metrics={"accuracy": float("nan")}),
    "metrics too large": lambda f: {
        **f,
        LISTING: listed(f)[LISTING].replace(b'"metrics": {', b'"metrics": {"a": 1e999, ', 1),
    },
    "manifest is text": lambda f: listed({**f, MANIFEST: b"hello"}),
    "manifest is deep": lambda f: listed(
        {**f, MANIFEST: b'{"a":' * 100_000 + b"1" + b"}" * 100_000}
    ),
    "manifest has more": lambda f: manifest(f, code="import os"),
    "manifest is newer": lambda f: manifest(f, format=99),
    "no members": lambda f: manifest(f, members=[]),
    "best member absent": lambda f: manifest(f, single="other"),
    "member leads outside": lambda f: member(f, name="../linear"),
    "member without name": lambda f: member(f, name=""),
    "member with a null": lambda f: member(f, name="a\0b"),
    "member of code": lambda f: member(f, kind="pickle"),
    "member is the preprocessing": lambda f: listed(
        {
            **{k: v for k, v in member(f, name="preprocessing").items() if "linear" not in k},
            "preprocessing.safetensors": f["linear.safetensors"],
        }
    ),
    "member is empty": lambda f: listed({**f, "linear.safetensors": b""}),
    "member is damaged": lambda f: listed({**f, "linear.safetensors": b"\xff" * 100}),
    "member is a pickle": lambda f: listed({**f, "linear.safetensors": b"\x80\x04cos\nsystem\n."}),
}


@pytest.mark.parametrize("case", CHANGED)
def test_changed_packages_are_refused(
    ws: Workspace, good: Files, tmp_path: Path, case: str
) -> None:
    refused(ws, "model.import", zipped(tmp_path / "p.zip", CHANGED[case](good)))


FLAT = [case for case in CHANGED if not any(m in case for m in ("traversal", "absolute", "folder"))]


@pytest.mark.parametrize("case", [c for c in FLAT if c not in {"dot", "backslash", "drive"}])
def test_the_same_as_folders_are_refused(
    ws: Workspace, good: Files, tmp_path: Path, case: str
) -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    for name, data in CHANGED[case](good).items():
        (folder / name).write_bytes(data)
    refused(ws, "model.import", folder)


def _linked(archive: zipfile.ZipFile, name: str, to: str, kind: int = stat.S_IFLNK) -> None:
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = (kind | 0o777) << 16
    archive.writestr(info, to)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFDIR])
def test_links_and_devices_in_a_zip_are_refused(
    ws: Workspace, good: Files, tmp_path: Path, kind: int
) -> None:
    path = tmp_path / "p.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in good.items():
            if name != "linear.safetensors":
                archive.writestr(zipfile.ZipInfo(name), data)
        _linked(archive, "linear.safetensors", "/etc/passwd", kind)
    refused(ws, "model.import", path)


def test_an_entry_twice_is_refused(ws: Workspace, good: Files, tmp_path: Path) -> None:
    path = zipped(tmp_path / "p.zip", good)
    with warnings.catch_warnings(), zipfile.ZipFile(path, "a") as archive:
        warnings.simplefilter("ignore")
        archive.writestr(MANIFEST, good[MANIFEST])
    refused(ws, "model.import", path)


def test_odd_compression_and_encryption_are_refused(
    ws: Workspace, good: Files, tmp_path: Path
) -> None:
    path = tmp_path / "p.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        for name, data in good.items():
            archive.writestr(name, data)
    refused(ws, "model.import", path)
    data = bytearray(zipped(tmp_path / "q.zip", good).read_bytes())
    for mark, at in ((b"PK\1\2", 8), (b"PK\3\4", 6)):
        start = -1
        while (start := data.find(mark, start + 1)) >= 0:
            data[start + at] |= 1
    (tmp_path / "q.zip").write_bytes(bytes(data))
    refused(ws, "model.import", tmp_path / "q.zip")


def test_bombs_are_refused(ws: Workspace, good: Files, tmp_path: Path) -> None:
    bomb = listed({**good, "linear.safetensors": bytes(30_000_000)})
    refused(ws, "model.import", zipped(tmp_path / "p.zip", bomb))
    error = refused(ws, "model.import", zipped(tmp_path / "q.zip", good), max_bytes=1024)
    assert error.code == "limit_reached"


def test_a_lie_about_a_size_is_refused(ws: Workspace, good: Files, tmp_path: Path) -> None:
    path = zipped(tmp_path / "p.zip", {**good, "linear.safetensors": bytes(3_000_000)})
    data = bytearray(path.read_bytes())
    at = data.rfind(b"linear.safetensors")  # its name in the central directory
    data[at - 46 + 24 : at - 46 + 28] = struct.pack("<I", len(good["linear.safetensors"]))
    path.write_bytes(bytes(data))
    refused(ws, "model.import", path)


def test_a_crowd_of_entries_is_refused(ws: Workspace, good: Files, tmp_path: Path) -> None:
    crowd = {**good, **{f"member-{at}.txt": b"" for at in range(3000)}}
    refused(ws, "model.import", zipped(tmp_path / "p.zip", crowd))


def test_every_cut_and_flipped_byte_is_calm(ws: Workspace, good: Files, tmp_path: Path) -> None:
    """Cut at 12 places and flipped at 12: an error, or the very same files."""
    whole = zipped(tmp_path / "p.zip", good).read_bytes()
    step = max(1, len(whole) // 12)
    for at in range(0, len(whole) - 1, step):
        path = tmp_path / "cut.zip"
        path.write_bytes(whole[:at])
        refused(ws, "model.import", path)
    for at in range(11, len(whole), step):
        path = tmp_path / "flipped.zip"
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        try:
            call(ws, "model.import", path=str(path), name="flipped")
        except MillraceError as error:
            assert error.code in CALM, (at, error)  # noqa: PT017  either way is right


def test_links_pipes_and_folders_in_a_folder_are_refused(
    ws: Workspace, good: Files, tmp_path: Path
) -> None:
    def folder(name: str) -> Path:
        made = tmp_path / name
        made.mkdir()
        for file, data in good.items():
            if file != "linear.safetensors":
                (made / file).write_bytes(data)
        return made

    secret = tmp_path / "secret"
    secret.write_bytes(good["linear.safetensors"])
    (folder("link") / "linear.safetensors").symlink_to(secret)
    refused(ws, "model.import", tmp_path / "link")
    refused(ws, "model.register", tmp_path / "link")
    os.mkfifo(folder("pipe") / "linear.safetensors")
    refused(ws, "model.import", tmp_path / "pipe")
    (folder("loop") / "linear.safetensors").symlink_to(tmp_path / "loop")
    refused(ws, "model.import", tmp_path / "loop")
    deep = folder("deep") / "a" / "b" / "c" / "d"
    deep.mkdir(parents=True)
    refused(ws, "model.import", tmp_path / "deep")


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null", "/proc/self/mem", "/nowhere", "a\0b"])
@pytest.mark.parametrize("op", ["model.import", "model.register"])
def test_places_that_hold_no_model_are_refused(ws: Workspace, op: str, path: str) -> None:
    with pytest.raises(MillraceError) as caught:
        call(ws, op, path=path, name="taken")
    assert caught.value.code in CALM


def test_what_is_no_zip_is_refused(ws: Workspace, good: Files, tmp_path: Path) -> None:
    for name, data in (("empty.zip", b""), ("page.zip", b"%PDF-1.7"), ("end.zip", b"PK\5\6")):
        (tmp_path / name).write_bytes(data)
        refused(ws, "model.import", tmp_path / name)
        refused(ws, "model.register", tmp_path / name)


def test_a_bare_folder_is_registered_and_a_strange_one_refused(
    ws: Workspace, good: Files, tmp_path: Path
) -> None:
    folder = tmp_path / "bare"
    folder.mkdir()
    for name in (MANIFEST, "linear.safetensors"):
        (folder / name).write_bytes(good[name])
    if "preprocessing.safetensors" in good:
        (folder / "preprocessing.safetensors").write_bytes(good["preprocessing.safetensors"])
    assert call(ws, "model.register", path=str(folder), name="bare").model == "model:bare@1"
    (folder / "run.sh").write_text("rm -rf ~", encoding="utf-8")
    assert "run.sh" in str(refused(ws, "model.register", folder))


def test_a_tree_that_would_kill_its_reader_is_refused(
    ws: Workspace, home: Path, tmp_path: Path
) -> None:
    from millrace.core.context import Context

    ctx = Context(workspace=ws)
    models.train(ctx, models.people(60), "buys", "grown", ("age",), ("lightgbm",))
    call(ws, "model.export", model="grown", path=str(home / "grown"), format="folder")
    files = {path.name: path.read_bytes() for path in (home / "grown").iterdir()}
    wrong = files["lightgbm.txt"].replace(b"\nleft_child=", b"\nleft_child=99999 ", 1)
    path = zipped(tmp_path / "p.zip", listed({**files, "lightgbm.txt": wrong}))
    assert "'lightgbm.txt' is damaged" in str(refused(ws, "model.import", path))
