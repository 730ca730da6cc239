"""What people take home or look at: files, reports, cells; and nothing beside them."""

import os
from pathlib import Path

import pyarrow as pa
import pytest

from millrace.core.context import Context
from millrace.core.workspace import Workspace
from millrace.services.report.document import Document, Section, Text
from millrace.services.report.html import to_html
from millrace.services.report.plots import theme
from millrace.stores.artifacts import Artifacts
from millrace.stores.datasets import Datasets
from millrace.stores.objects import Objects
from tests.faces.http import Caller

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>"


@pytest.fixture
def caller(opened: Workspace) -> Caller:
    return Caller(opened)


@pytest.fixture
def exports(opened: Workspace) -> Path:
    folder = opened.folder("exports")
    (folder / "a.csv").write_bytes(b"0123456789")
    (folder / "sub").mkdir()
    (folder / "sub" / "страница.html").write_bytes(b"<script>1</script>")
    (folder / ".hidden").write_bytes(b"hidden")
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff.csv")).write_bytes(b"a name that is no text")
    (folder / "link.csv").symlink_to(opened.root / "workspace.json")
    (folder / "out").symlink_to(opened.root)
    return folder


def test_files_are_listed(caller: Caller, exports: Path) -> None:
    found = {line["name"]: line for line in caller.get("/files/exports").json()}
    assert set(found) == {"a.csv", "sub/страница.html"}
    assert found["a.csv"]["size"] == 10
    assert found["a.csv"]["path"] == str(exports / "a.csv")
    assert [line["name"] for line in caller.get("/files/exports?contains=A.C").json()] == ["a.csv"]
    assert caller.get("/files/uploads").json() == []
    assert caller.get("/files/datasets").status == 422


def test_a_file_is_downloaded_and_never_shown(caller: Caller, exports: Path) -> None:
    answer = caller.get("/files/exports/sub/страница.html")
    assert (answer.status, answer.body) == (200, b"<script>1</script>")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment; filename*=utf-8''")
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    head = caller.send("HEAD", "/files/exports/a.csv")
    assert (head.status, head.headers["content-length"]) == (200, "10")


def test_parts_of_a_file(caller: Caller, exports: Path) -> None:
    answer = caller.get("/files/exports/a.csv", headers={"range": "bytes=2-4"})
    assert (answer.status, answer.body) == (206, b"234")
    assert answer.headers["content-range"] == "bytes 2-4/10"
    assert caller.get("/files/exports/a.csv", headers={"range": "bytes=-3"}).body == b"789"
    beyond = caller.get("/files/exports/a.csv", headers={"range": "bytes=50-"})
    assert beyond.status == 416


@pytest.mark.parametrize(
    "path",
    [
        "../workspace.json",
        "..%2fworkspace.json",
        "sub/../../workspace.json",
        "/etc/passwd",
        "link.csv",
        "out/workspace.json",
        ".hidden",
        "sub",
        "",
        "none.csv",
        "a.csv/",
        "..\\workspace.json",
        "x" * 900,
    ],
)
def test_nothing_beside_them_is_given_out(caller: Caller, exports: Path, path: str) -> None:
    answer = caller.get(f"/files/exports/{path}")
    assert (answer.status, answer.json()["code"]) == (404, "not_found")


def test_a_nul_in_an_address_is_refused(caller: Caller, exports: Path) -> None:
    answer = caller.get("/files/exports/a.csv\0")
    assert (answer.status, answer.json()["problem"]) == (400, "The address holds a NUL.")


def keep(opened: Workspace, body: bytes, **meta: str) -> None:
    stored = opened.use(Objects).put_bytes(body)
    facts = {"file": stored, "media": "text/html", **meta}
    opened.use(Artifacts).add(Context(workspace=opened), "report", "card", facts)


def test_a_report_is_shown_without_any_right(caller: Caller, opened: Workspace) -> None:
    page = to_html(Document("Card", sections=[Section("One", [Text("<b>text</b>")])]))
    keep(opened, page.encode())
    answer = caller.get("/reports/card@1")
    assert (answer.status, answer.body) == (200, page.encode())
    assert answer.headers["content-type"].startswith("text/html")
    rules = answer.headers["content-security-policy"]
    assert rules.startswith("sandbox; default-src 'none'; ")
    assert theme.style_source() in rules
    assert "frame-ancestors 'self'" in rules
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    assert answer.headers["cache-control"] == "private, max-age=600"
    assert caller.get("/reports/card").headers["cache-control"] == "no-store"
    assert caller.get("/reports/card@9").status == 404
    assert caller.get("/reports/card", token=None).status == 401


def test_a_report_of_an_older_theme_keeps_its_looks(caller: Caller, opened: Workspace) -> None:
    keep(opened, b"<style>p{}</style><style>b{}</style>")
    rules = caller.get("/reports/card").headers["content-security-policy"]
    assert rules.count("'sha256-") == 2
    keep(opened, b"no style")
    assert "style-src 'none'" in caller.get("/reports/card").headers["content-security-policy"]


def test_a_report_that_is_no_page_is_not_found(caller: Caller, opened: Workspace) -> None:
    keep(opened, b"{}", media="application/json")
    answer = caller.get("/reports/card")
    assert (answer.status, answer.json()["problem"]) == (
        404,
        "'report:card@1' was not stored as a page.",
    )


@pytest.fixture
def cells(opened: Workspace) -> list[int]:
    table = pa.table(
        {"image": pa.array([PNG, SVG, None], pa.large_binary()), "text": ["a", "b", "c"]}
    )
    store = opened.use(Datasets)
    ref = store.write(Context(workspace=opened), "photos", table)
    return store.read(ref, ["_id"]).column("_id").to_pylist()


def test_a_picture_is_shown(caller: Caller, cells: list[int]) -> None:
    answer = caller.get(f"/datasets/photos@1/rows/{cells[0]}/image")
    assert (answer.status, answer.body) == (200, PNG)
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert "content-disposition" not in answer.headers


def test_what_a_browser_could_run_is_downloaded(caller: Caller, cells: list[int]) -> None:
    answer = caller.get(f"/datasets/photos/rows/{cells[1]}/image")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == f'attachment; filename="{cells[1]}.bin"'
    assert answer.headers["cache-control"] == "no-store"


def test_cells_that_are_not_there(caller: Caller, cells: list[int]) -> None:
    for path, status in (
        (f"/datasets/photos/rows/{cells[2]}/image", 404),
        ("/datasets/photos/rows/99999/image", 404),
        (f"/datasets/photos/rows/{cells[0]}/text", 422),
        (f"/datasets/photos/rows/{cells[0]}/none", 422),
        ("/datasets/none/rows/1/image", 404),
        ("/datasets/photos/rows/x/image", 422),
        ("/datasets/photos/rows/-1/image", 422),
    ):
        assert caller.get(path).status == status, path
