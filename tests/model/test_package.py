import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from millrace.core.errors import Conflict, InvalidInput, LimitReached, MillraceError
from millrace.model.engine import package
from millrace.model.engine.package import Limits, Listing, entries
from millrace.services.predictor.manifest import Feature, Manifest, MemberInfo

MANIFEST = Manifest(
    task="regression",
    target="y",
    features=[Feature(name="x", type="number", source="number", rows=3)],
    members=[MemberInfo(name="one", kind="linear", learner="linear", weight=1.0)],
    single="one",
    chosen="single",
)


def model_folder(root: Path) -> Path:
    folder = root / "model"
    folder.mkdir()
    (folder / "manifest.json").write_text(MANIFEST.model_dump_json(), encoding="utf-8")
    (folder / "one.safetensors").write_bytes(b"weights" * 100)
    return folder


def listing(folder: Path) -> Listing:
    return Listing(name="m", version=3, created_at=1.5, files=entries(folder))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return model_folder(tmp_path)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    made = tmp_path / "work"
    made.mkdir()
    return made


def test_a_zip_comes_back_as_it_was(folder: Path, work: Path, tmp_path: Path) -> None:
    target = tmp_path / "out" / "m.zip"
    size = package.write_zip(target, folder, listing(folder))
    assert size == target.stat().st_size
    opened = package.open_package(target, work, Limits())
    assert opened.listing == listing(folder)
    assert entries(opened.folder) == entries(folder)
    assert (opened.files, opened.size) == (2, sum(e.size for e in entries(folder).values()))


def test_a_folder_comes_back_as_it_was(folder: Path, work: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    package.write_folder(target, folder, listing(folder))
    opened = package.open_package(target, work, Limits())
    assert entries(opened.folder) == entries(folder)
    assert opened.manifest == MANIFEST


def test_equal_models_make_equal_bytes(folder: Path, tmp_path: Path) -> None:
    made = [tmp_path / f"{at}.zip" for at in range(2)]
    for path in made:
        os.utime(folder / "one.safetensors", (1, 1))
        package.write_zip(path, folder, listing(folder))
    assert made[0].read_bytes() == made[1].read_bytes()


@pytest.mark.parametrize("write", [package.write_zip, package.write_folder])
def test_nothing_is_overwritten_and_nothing_left_behind(
    folder: Path, tmp_path: Path, write: Callable[..., int]
) -> None:
    target = tmp_path / "there"
    target.write_text("mine", encoding="utf-8")
    with pytest.raises(Conflict, match="exists already"):
        write(target, folder, listing(folder))
    assert target.read_text(encoding="utf-8") == "mine"
    broken = listing(folder)
    broken.files["gone.txt"] = broken.files["manifest.json"]
    with pytest.raises(InvalidInput, match="cannot be written"):
        write(tmp_path / "new", folder, broken)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "there"]


def test_a_bare_folder_needs_no_listing(folder: Path, work: Path) -> None:
    opened = package.open_bare(folder, work, Limits())
    assert opened.listing is None
    assert opened.files == 2


def repacked(folder: Path, target: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    files = {name: (folder / name).read_bytes() for name in entries(folder)}
    files["export.json"] = listing(folder).model_dump_json().encode()
    change(files)
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return target


CHANGES: list[tuple[Callable[[dict[str, bytes]], object], str]] = [
    (lambda files: files.pop("export.json"), "holds no export.json"),
    (lambda files: files.pop("one.safetensors"), "lacks one.safetensors"),
    (lambda files: files.update({"run.py": b"x"}), "no part of a model: run.py"),
    (lambda files: files.update({"one.safetensors": b"other"}), "is not what export.json says"),
    (lambda files: files.update({"../evil": b"x"}), "path outside itself"),
    (lambda files: files.update({"/etc/evil": b"x"}), "path outside itself"),
    (lambda files: files.update({"a\\b": b"x"}), "path outside itself"),
    (lambda files: files.update({"C:evil": b"x"}), "path outside itself"),
    (lambda files: files.update({"folder/": b""}), "path outside itself or a folder"),
    (lambda files: files.update({"export.json": b"{"}), "cannot be read"),
    (lambda files: files.update({"export.json": b"[" * 100_000}), "cannot be read"),
    (lambda files: files.update({"export.json": b'{"format": 1, "name": "m"}'}), "cannot be read"),
]


@pytest.mark.parametrize(("change", "said"), CHANGES)
def test_a_changed_package_is_refused(
    folder: Path,
    work: Path,
    tmp_path: Path,
    change: Callable[[dict[str, bytes]], None],
    said: str,
) -> None:
    path = repacked(folder, tmp_path / "bad.zip", change)
    with pytest.raises(InvalidInput, match=said):
        package.open_package(path, work, Limits())
    assert not (tmp_path / "evil").exists()


def test_a_newer_package_says_so(folder: Path, work: Path, tmp_path: Path) -> None:
    newer = json.dumps({"format": 99, "stranger": True}).encode()
    path = repacked(folder, tmp_path / "new.zip", lambda f: f.update({"export.json": newer}))
    with pytest.raises(Conflict, match="format 99"):
        package.open_package(path, work, Limits())


def test_links_are_refused_in_folders_and_zips(folder: Path, work: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s", encoding="utf-8")
    (folder / "preprocessing.safetensors").symlink_to(tmp_path / "secret")
    with pytest.raises(InvalidInput, match="no plain file"):
        package.open_bare(folder, work, Limits())
    linked = tmp_path / "linked"
    linked.symlink_to(folder)
    with pytest.raises(InvalidInput, match="neither a folder nor a plain file"):
        package.open_bare(linked, work, Limits())
    path = tmp_path / "link.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("export.json")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(InvalidInput, match="no plain file"):
        package.open_package(path, work, Limits())
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidInput, match="neither a folder nor a plain file"):
        package.open_bare(tmp_path / "pipe", work, Limits())


def test_bombs_are_refused(folder: Path, work: Path, tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", b"0" * 30_000_000)
    with pytest.raises(InvalidInput, match="unpacks to far more"):
        package.open_bare(path, work, Limits())
    with pytest.raises(LimitReached, match="larger than 100 bytes"):
        package.open_bare(folder, work, Limits(100))
    whole = tmp_path / "m.zip"
    package.write_zip(whole, folder, listing(folder))
    with pytest.raises(LimitReached, match="larger than 100 bytes"):
        package.open_package(whole, work, Limits(100))
    many = tmp_path / "many.zip"
    with zipfile.ZipFile(many, "w") as archive:
        for at in range(501):
            archive.writestr(f"f{at}", b"")
    with pytest.raises(LimitReached, match="more than 500 files"):
        package.open_package(many, work, Limits())


def test_a_zip_that_lies_about_its_size_is_caught(folder: Path, work: Path, tmp_path: Path) -> None:
    path = tmp_path / "m.zip"
    package.write_zip(path, folder, listing(folder))
    data = bytearray(path.read_bytes())
    place = data.index(b"one.safetensors", data.rindex(b"PK\1\2")) - 46 + 24
    data[place] ^= 0x01
    path.write_bytes(data)
    with pytest.raises(InvalidInput):
        package.open_package(path, work, Limits())


def test_names_twice_and_odd_packing_are_refused(work: Path, tmp_path: Path) -> None:
    twice = tmp_path / "twice.zip"
    with zipfile.ZipFile(twice, "w") as archive:
        archive.writestr("export.json", b"{}")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("export.json", b"{}")
    with pytest.raises(InvalidInput, match="twice"):
        package.open_package(twice, work, Limits())
    packed = tmp_path / "lzma.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("export.json", b"{}")
    with pytest.raises(InvalidInput, match="unusual way"):
        package.open_package(packed, work, Limits())


@pytest.mark.parametrize(
    ("member", "said"),
    [({"kind": "forest"}, "member of kind 'forest'"), ({"name": "../one"}, "names a member")],
)
def test_a_manifest_cannot_name_other_code_or_paths(
    folder: Path, work: Path, member: dict[str, str], said: str
) -> None:
    changed = MANIFEST.model_dump()
    changed["members"][0].update(member)
    (folder / "manifest.json").write_text(json.dumps(changed), encoding="utf-8")
    with pytest.raises(InvalidInput, match=said):
        package.open_bare(folder, work, Limits())


def test_deep_folders_and_missing_paths_are_refused(
    folder: Path, work: Path, tmp_path: Path
) -> None:
    (folder / "a" / "b" / "c" / "d").mkdir(parents=True)
    with pytest.raises(InvalidInput, match="folders inside folders"):
        package.open_bare(folder, work, Limits())
    with pytest.raises(InvalidInput, match="There is no 'nothing'"):
        package.open_bare(tmp_path / "nothing", work, Limits())
    (tmp_path / "text").write_text("no zip", encoding="utf-8")
    with pytest.raises(InvalidInput, match="is not a zip file"):
        package.open_package(tmp_path / "text", work, Limits())


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_flipped_byte_never_gets_in(tmp_path: Path, data: st.DataObject) -> None:
    home = tmp_path / "once"
    if not home.exists():
        home.mkdir()
        folder = model_folder(home)
        package.write_zip(home / "m.zip", folder, listing(folder))
    good = (home / "m.zip").read_bytes()
    place = data.draw(st.integers(0, len(good) - 1))
    bad = bytearray(good)
    bad[place] ^= data.draw(st.integers(1, 255))
    path = home / "bad.zip"
    path.write_bytes(bad)
    target = Path(os.path.join(home, f"work{os.urandom(4).hex()}"))
    target.mkdir()
    try:
        opened = package.open_package(path, target, Limits())
    except MillraceError:
        return
    # Bytes that carry nothing (times, padding) may change; the files themselves may not.
    assert entries(opened.folder) == entries(home / "model")
