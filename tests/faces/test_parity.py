"""One example of every op, and one wrong input, through five faces: equal results and errors."""

from pathlib import Path
from typing import Any

import pytest

from tests.faces.ways import WAYS
from tests.support.collect import examples
from tests.support.examples import Example
from tests.support.stage import Stage, stage_of, together


@pytest.mark.parametrize("example", together(examples()))
def test_faces_agree(
    example: Example,
    template: Path,
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if "parity" in example.skip:
        pytest.skip(f"{example.op} opts out of 'parity': {example.skip['parity']}")
    stage = stage_of(example, tmp_path_factory, template)
    seen: dict[str, Any] = {}
    for name, way in WAYS.items():
        with stage.world() as world:
            outcome = way(world.workspace, example.op, stage.params, capsys)
            seen[name] = {kind: example.mask(body, world) for kind, body in outcome.items()}
    assert seen["cli"] == seen["rest"] == seen["ndjson"] == seen["tool"] == seen["python"]
    if example.fails:
        assert seen["cli"]["error"]["code"] == example.fails
    else:
        assert "result" in seen["cli"]


WRONG = [
    ("sample.add", {}, "invalid_input"),
    ("sample.add", {"first": "many"}, "invalid_input"),
    ("sample.add", {"first": 101}, "invalid_input"),
    ("sample.add", {"first": 1, "third": 2}, "invalid_input"),
    ("sample.echo_back", {"color": "green"}, "invalid_input"),
    ("sample.echo_back", {"box": {"width": 0}}, "invalid_input"),
    ("sample.echo_back", {"search": {"kind": "lost"}}, "invalid_input"),
    ("sample.echo_back", {"names": ["a"] * 6}, "invalid_input"),
    ("sample.note", {"name": "No Spaces"}, "invalid_input"),
    ("sample.double", {"dataset": "nothing", "column": "x"}, "not_found"),
    ("sample.double", {"dataset": "model:x", "column": "x"}, "invalid_input"),
    ("jobs.show", {"id": "job-none"}, "not_found"),
    *[("sample.fail", {"code": code}, code) for code in ("conflict", "missing_extra", "cancelled")],
]


@pytest.mark.parametrize(("op", "params", "code"), WRONG)
def test_faces_agree_on_errors(
    op: str,
    params: dict[str, Any],
    code: str,
    template: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stage = Stage(Example(op, params), tmp_path, template)
    seen: dict[str, Any] = {}
    for name, way in WAYS.items():
        with stage.world() as world:
            seen[name] = stage.example.mask(way(world.workspace, op, params, capsys), world)
    assert seen["cli"] == seen["rest"] == seen["ndjson"] == seen["tool"] == seen["python"]
    assert seen["cli"]["error"]["code"] == code
