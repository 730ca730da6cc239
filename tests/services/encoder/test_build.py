import logging
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from millrace.core.errors import InvalidInput
from millrace.services.encoder import build
from millrace.services.encoder.spec import DEFAULT, find
from millrace.services.encoder.weights import describe, in_folder
from tests.services.encoder.reference import tiny

# Builds and loads one encoder in a process of its own and prints the start of one vector.
PROGRAM = """
import sys
from pathlib import Path
from millrace.services.encoder import build, weights
from millrace.services.encoder.spec import find
folder, home, precision, name = sys.argv[1:]
found = weights.in_folder(Path(folder))
spec = weights.describe(found) if name == "local" else find(name)
mark = build.fingerprint(spec, found, weights.sha256(found.path("model.safetensors")), precision)
runtime = build.load(spec, found, mark, precision, [Path(home)], 1)
print(mark, runtime.embed(["The red fox runs.", "dog"])[0, :4].tolist())
"""


def _start(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "error", "-c", PROGRAM, *map(str, arguments)]
    surroundings = {name: value for name, value in os.environ.items() if name != "CI"}
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=surroundings)


def _load(folder: Path, home: Path, precision="fp32"):
    found = in_folder(folder)
    return build.load(describe(found), found, "mark", precision, [home], 1)


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_two_processes_may_build_at_once(tmp_path, precision):
    folder, home = tiny.write(tmp_path / "tiny"), tmp_path / "home"
    both = [_start(folder, home, precision, "local") for _ in range(2)]
    said = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert said[0] == said[1]
    (path,) = [path for path in home.rglob("*") if path.is_file()]
    assert path == home / said[0][0].split()[0] / "model.onnx"
    assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_onnx_runtime_has_no_warning_on_the_real_graph(minilm, own_cache, precision):
    home = own_cache / "millrace" / "encoders"
    process = _start(minilm.folder, home, precision, DEFAULT)
    out, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (0, "")
    assert out
    assert not list(own_cache.rglob("deviceid")), "ONNX Runtime's telemetry is on"


def test_a_warning_would_have_been_seen(tmp_path):
    folder, home = tiny.write(tmp_path / "tiny"), tmp_path / "home"
    _start(folder, home, "fp32", "local").communicate(timeout=60)
    (path,) = home.rglob("model.onnx")
    model = onnx.load(path)
    unused = onnx.numpy_helper.from_array(np.zeros(3, np.float32), "unused")
    model.graph.initializer.append(unused)
    onnx.save(model, path)
    _, errors = _start(folder, home, "fp32", "local").communicate(timeout=60)
    assert "Removing initializer 'unused'" in errors


def test_a_graph_is_built_once_and_again_when_broken(tmp_path, caplog):
    folder, home = tiny.write(tmp_path / "tiny"), tmp_path / "home"
    before = _load(folder, home).embed(["dog"])
    path = home / "mark" / "model.onnx"
    made = path.stat().st_mtime_ns
    _load(folder, home)
    assert path.stat().st_mtime_ns == made
    path.write_bytes(path.read_bytes()[:-5000])
    np.testing.assert_array_equal(_load(folder, home).embed(["dog"]), before)
    assert "is built again" in caplog.text


def test_without_a_writable_home_the_graph_stays_in_memory(tmp_path, caplog):
    folder, home = tiny.write(tmp_path / "tiny"), tmp_path / "home"
    home.write_text("a file where the folder should be")
    assert _load(folder, home).embed(["dog"]).shape == (1, tiny.HIDDEN)
    assert "no folder for encoder graphs can be written to" in caplog.text
    second = tmp_path / "second"
    found = in_folder(folder)
    build.load(describe(found), found, "mark", "fp32", [home, second], 1)
    assert (second / "mark" / "model.onnx").is_file()


def test_a_full_disk_leaves_no_half_graph(tmp_path, caplog):
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")
    home = tmp_path / "home" / "mark"
    home.mkdir(parents=True)
    draft = f".model.onnx.{os.getpid()}.{build.threading.get_ident()}"
    (home / draft).symlink_to("/dev/full")
    assert _load(tiny.write(tmp_path / "tiny"), home.parent).embed(["dog"]).shape[0] == 1
    assert "stays in memory" in caplog.text
    assert list(home.iterdir()) == []


def test_int8_that_loses_too_much_is_refused(tmp_path):
    folder, home = tiny.write(tmp_path / "tiny"), tmp_path / "home"
    tensors = tiny.weights()
    # One channel a thousand times the others, and unused: at 8 bits nothing is left of those.
    for number in range(tiny.LAYERS):
        tensors[f"encoder.layer.{number}.intermediate.dense.bias"][3] = 5000
        tensors[f"encoder.layer.{number}.output.dense.weight"] *= 3
        tensors[f"encoder.layer.{number}.output.dense.weight"][:, 3] = 0
    tiny.write_safetensors(folder / "model.safetensors", tensors)
    assert _load(folder, home).embed(["dog"]).shape == (1, tiny.HIDDEN)
    with pytest.raises(InvalidInput, match=r"loses too much at int8.*at least 0\.99") as caught:
        _load(folder, tmp_path / "other", "int8")
    assert caught.value.facts["cosine_mean"] < 0.99
    assert not (tmp_path / "other").exists()


def test_the_gate_is_written_into_the_graph(tmp_path):
    _load(tiny.write(tmp_path / "tiny"), tmp_path, "int8")
    model = onnx.load(tmp_path / "mark" / "model.onnx")
    props = {prop.key: float(prop.value) for prop in model.metadata_props}
    assert 0.99 <= props["cosine_mean"] <= 1
    assert props["cosine_min"] <= props["cosine_mean"]


def test_the_fingerprint_follows_all_that_changes_vectors(tmp_path):
    found = in_folder(tiny.write(tmp_path))
    spec = describe(found)
    marks = {
        build.fingerprint(spec, found, "a", "fp32"),
        build.fingerprint(spec, found, "b", "fp32"),
        build.fingerprint(spec, found, "a", "int8"),
        build.fingerprint(find(DEFAULT), found, "a", "fp32"),
    }
    (tmp_path / "tokenizer.json").write_text("{}")
    marks.add(build.fingerprint(spec, found, "a", "fp32"))
    assert len(marks) == 5


def test_weights_of_another_size_than_the_name_says_are_refused(tmp_path):
    found = in_folder(tiny.write(tmp_path))
    with pytest.raises(InvalidInput, match="have 32 dimensions, and encoder 'gte-small' has 384"):
        build.load(find("gte-small"), found, "mark", "fp32", [], 1)


def test_equal_graphs_are_opened_once(tmp_path, caplog):
    folder = tiny.write(tmp_path / "tiny")
    _load(folder, tmp_path / "home")
    with caplog.at_level(logging.INFO, "millrace.encoder"):
        _load(folder, tmp_path / "home")
    assert "encoder runs on" not in caplog.text
