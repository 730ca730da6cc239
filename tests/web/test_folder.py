"""A folder of images goes from the disk into a dataset: dropped, chosen, interrupted, stopped."""

import struct
import zlib
from pathlib import Path
from typing import Any

import pytest

from tests.support.browser import Watch
from tests.support.server import Server
from tests.web.conftest import Visit

COVER = """() => document.body.append(Object.assign(document.createElement("div"), {
  id: "cover", style: "position: fixed; inset: 0; z-index: 9999",
}))"""
LOST = "ERR_FAILED|ERR_INTERNET_DISCONNECTED|Failed to load resource"


def png(red: int) -> bytes:
    """Return a picture of 8 x 8 pixels in one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        whole = kind + data
        return struct.pack(">I", len(data)) + whole + struct.pack(">I", zlib.crc32(whole))

    head = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    rows = (b"\0" + bytes([red, 80, 160]) * 8) * 8
    parts = (chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.fixture
def pets(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A folder of 130 pictures in two folders, and what a Mac puts beside them."""
    folder = tmp_path / f"pets-{request.node.name[5:12]}"
    for number in range(130):  # a browser reads a folder a hundred entries at a time
        kind = folder / ("кошки" if number < 110 else "dogs & co")
        kind.mkdir(parents=True, exist_ok=True)
        (kind / f"{number}.png").write_bytes(png(number))
    (folder / ".DS_Store").write_bytes(b"odd")
    return folder


def drag(page: Any, folder: Path, *steps: str) -> None:
    """Hold a folder from outside over the page, as a file manager does, and maybe let it go."""
    devtools = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(folder)], "dragOperationsMask": 1}
    for kind in steps:
        devtools.send("Input.dispatchDragEvent", {"type": kind, "x": 600, "y": 400, "data": data})


def drop(page: Any, folder: Path) -> None:
    drag(page, folder, "dragEnter", "dragOver", "drop")


def imported(page: Any, server: Server, folder: Path) -> None:
    """Look at the preview, import it, and compare the dataset with the folder."""
    page.get_by_role("heading", name=f"Import {folder.name}").wait_for()
    table = page.get_by_role("region", name="The rows as they would be read")
    table.get_by_text("dogs & co").first.wait_for()
    page.get_by_role("button", name="Import", exact=True).click()
    page.wait_for_url(f"**/data/{folder.name}**", timeout=30_000)
    page.get_by_role("table", name="Rows").get_by_role("row").nth(1).wait_for()
    found = server.call("dataset.rows", dataset=folder.name, limit=200)["rows"]
    labels = [row["label"] for row in found]
    assert (labels.count("кошки"), labels.count("dogs & co")) == (110, 20)


def test_a_dropped_folder_becomes_a_dataset(visit: Visit, server: Server, pets: Path) -> None:
    page = data(visit)
    drop(page, pets)
    imported(page, server, pets)


def test_a_chosen_folder_goes_on_after_a_reload(
    visit: Visit, server: Server, pets: Path, watch: Watch
) -> None:
    watch.allow(LOST)
    page = visit("/data")
    page.route("**/uploads/up-*", lambda route: route.abort())
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a folder of images").first.click()
    chooser.value.set_files(str(pets))
    page.get_by_text("130 files: Connection lost at").wait_for()
    page.unroute_all()
    page.reload()
    unfinished = page.get_by_test_id("unfinished").filter(has_text=pets.name)
    with page.expect_file_chooser() as chooser:
        unfinished.get_by_role("button", name="Choose the folder").click()
    chooser.value.set_files(str(pets))
    imported(page, server, pets)


def test_a_folder_on_its_way_is_stopped(
    visit: Visit, server: Server, pets: Path, watch: Watch
) -> None:
    watch.allow(LOST)
    page = visit("/data")
    page.route("**/uploads/up-*", lambda route: route.abort())
    page.get_by_role("button", name="Choose a folder of images").first.wait_for()
    drop(page, pets)
    page.get_by_text("130 files: Connection lost at").wait_for()
    page.unroute_all()
    with page.expect_response(lambda answer: answer.request.method == "DELETE"):
        page.get_by_role("button", name=f"Stop the upload of {pets.name}").click()
    page.get_by_test_id("upload").wait_for(state="detached")
    assert pets.name not in [one["name"] for one in server.json("GET", "/uploads")]


def table(folder: Path, name: str) -> Path:
    """Return the folder with one small table in it."""
    (folder / name).write_text("a,b\n1,2\n", encoding="utf-8")
    return folder


def data(visit: Visit) -> Any:
    """Return the page of data, ready to take a folder."""
    page = visit("/data")
    page.get_by_role("button", name="Choose a folder of images").first.wait_for()
    return page


def test_a_folder_without_images_gives_its_files_one_by_one(visit: Visit, tmp_path: Path) -> None:
    page = data(visit)
    drop(page, table(tmp_path, "one-table.csv"))
    page.get_by_role("heading", name="Import one-table").wait_for()


def test_what_is_under_a_held_folder_may_change(visit: Visit, tmp_path: Path) -> None:
    folder = table(tmp_path, "held-table.csv")
    page = data(visit)
    page.evaluate(COVER)
    drag(page, folder, "dragEnter")
    page.evaluate("document.getElementById('cover').remove()")
    page.get_by_test_id("drop").wait_for(state="detached")  # nothing says any more that it is held
    drag(page, folder, "dragOver", "drop")  # enters what stands there now
    page.get_by_role("heading", name="Import held-table").wait_for()
