"""Reading folders of images."""

import os
import struct
from pathlib import Path

import pytest

from millrace.core.errors import InvalidInput, LimitReached
from millrace.dataset.engine import images
from millrace.dataset.engine.convert import Parsed
from millrace.dataset.types import Options

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 30, 20) + b"\x08\x02\0\0\0"
GIF = b"GIF89a" + struct.pack("<HH", 7, 9) + b"\0\0\0"
BMP = b"BM" + b"\0" * 16 + struct.pack("<ii", 11, -12) + b"\0" * 10
JPEG = (
    b"\xff\xd8\xff\xe0\x00\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0"
    b"\xff\xff\xc0\x00\x11\x08" + struct.pack(">HH", 50, 60) + b"\x03" + b"\0" * 9
)
VP8 = b"RIFF\0\0\0\0WEBPVP8 " + b"\0" * 10 + struct.pack("<HH", 100, 80)
VP8L = b"RIFF\0\0\0\0WEBPVP8L" + b"\0" * 4 + b"\x2f" + struct.pack("<I", (40 - 1) | (30 - 1) << 14)
VP8X = b"RIFF\0\0\0\0WEBPVP8X" + b"\0" * 8 + b"\x0f\0\0\x09\0\0"


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (PNG, ("png", 30, 20)),
        (GIF, ("gif", 7, 9)),
        (BMP, ("bmp", 11, 12)),
        (JPEG, ("jpeg", 60, 50)),
        (VP8, ("webp", 100, 80)),
        (VP8L, ("webp", 40, 30)),
        (VP8X, ("webp", 16, 10)),
    ],
)
def test_headers(data: bytes, found: tuple[str, int, int]) -> None:
    header = images.header(data)
    assert header is not None
    assert (header.format, header.width, header.height) == found


@pytest.mark.parametrize(
    "data", [b"", b"hello", PNG[:20], JPEG[:12], VP8[:20], b"RIFF\0\0\0\0WAVE", b"\xff\xd8\xff\x00"]
)
def test_what_is_no_image_has_no_header(data: bytes) -> None:
    assert images.header(data) is None


def read(root: Path, **asked: object) -> Parsed:
    options = Options(**asked)  # pyright: ignore[reportArgumentType]  test shorthand
    plan = images.plan(root, options)
    names = [column.name for column in plan.columns]
    [part] = images.blocks(root, options.max_files, 0, images.Tally())
    return images.chosen(part, names)


def place(root: Path, path: str, data: bytes) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_bytes(data)


def test_labels_and_splits_come_from_folders(tmp_path: Path) -> None:
    place(tmp_path, "train/hat/b.png", PNG)
    place(tmp_path, "train/hat/a.png", PNG)
    place(tmp_path, "test/shoe/c.gif", GIF)
    found = read(tmp_path)
    rows = found.table.drop_columns(["image"]).to_pylist()
    assert [(r["path"], r["label"], r["split"], r["width"]) for r in rows] == [
        ("test/shoe/c.gif", "shoe", "test", 7),
        ("train/hat/a.png", "hat", "train", 30),
        ("train/hat/b.png", "hat", "train", 30),
    ]
    assert found.table.column("image")[0].as_py() == GIF


def test_a_flat_folder_has_neither_label_nor_split(tmp_path: Path) -> None:
    place(tmp_path, "a.png", PNG)
    assert read(tmp_path).table.column_names == [
        "path",
        "format",
        "width",
        "height",
        "bytes",
        "image",
    ]


def test_links_and_other_files_are_set_aside(tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(PNG)
    root = tmp_path / "root"
    place(root, "hat/a.png", PNG)
    place(root, "hat/notes.txt", b"hello")
    place(root, "hat/bomb.png", PNG[:16] + struct.pack(">II", 60_000, 60_000) + PNG[24:])
    (root / "hat/link.png").symlink_to(secret)
    (root / "linked").symlink_to(tmp_path)
    os.mkfifo(root / "pipe")
    found = read(root)
    assert found.table.column("path").to_pylist() == ["hat/a.png"]
    reasons = {bad.raw: bad.reason for bad in found.bad}
    assert set(reasons) == {"hat/notes.txt", "hat/bomb.png", "hat/link.png", "linked", "pipe"}
    assert "not followed" in reasons["hat/link.png"]
    assert "not followed" in reasons["linked"]
    assert "not a PNG" in reasons["hat/notes.txt"]
    assert "pixels" in reasons["hat/bomb.png"]


def test_a_link_is_refused_even_when_it_appears_after_the_listing(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    place(tmp_path, "real/a.png", PNG)
    (tmp_path / "root").mkdir()
    (tmp_path / "root/hat").symlink_to(tmp_path / "real")
    with pytest.raises(OSError, match="Not a directory|symbolic"):
        images.read_inside(tmp_path / "root", "hat/a.png")


def test_limits(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="holds no images"):
        read(tmp_path)
    for number in range(5):
        place(tmp_path, f"{number}.png", PNG)
    with pytest.raises(LimitReached, match="more than 4 files"):
        read(tmp_path, max_files=4)


def test_the_digest_covers_names_and_bytes(tmp_path: Path) -> None:
    place(tmp_path, "a.png", PNG)

    def digest() -> str:
        tally = images.Tally()
        list(images.blocks(tmp_path, 10, 1, tally))
        return tally.hash.hexdigest()

    first = digest()
    assert digest() == first
    place(tmp_path, "a.png", PNG + b"x")
    assert digest() != first


def test_real_photos(data: Path) -> None:
    root = data / "image" / "clothing10-full"
    found = list(images.blocks(root, 1000, 0, images.Tally()))
    sides = [
        min(row["width"], row["height"])
        for part in found
        for row in part.table.select(["width", "height"]).to_pylist()
    ]
    assert {bad.raw for part in found for bad in part.bad} <= {"LICENSE"}
    assert sides == [400] * 40


def test_a_folder_of_other_things_is_refused_before_it_is_read(tmp_path: Path) -> None:
    place(tmp_path, "empty.png", b"")
    for number in range(1002):
        place(tmp_path, f"{number:04}.txt", b"text")
    place(tmp_path, "z/last.png", PNG)
    with pytest.raises(InvalidInput, match="no images among its first 1,000 files"):
        read(tmp_path)
    place(tmp_path, "0500.png", PNG)
    assert images.plan(tmp_path, Options()).format == "images"
