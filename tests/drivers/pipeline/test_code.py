"""A person's code runs apart from us, within limits, only where it is allowed."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from millrace.core.context import Context
from millrace.core.errors import Cancelled, InvalidInput, LimitReached, NotAllowed
from millrace.core.policy import Actor
from millrace.core.workspace import Workspace
from millrace.drivers.pipeline.engine import code
from millrace.stores.artifacts import Artifacts
from millrace.stores.datasets import Datasets
from millrace.stores.jobs import Jobs

TABLE = pa.table({"x": [1, 2, 3], "word": ["a", "b", None]})
HEAD = "import os, pyarrow as pa\ndef run(table):\n"


def go(body: str, timeout: float = 20, memory: int = 512, check: Any = lambda: None) -> pa.Table:
    lines = "".join(f"    {line}\n" for line in body.split("\n"))
    return code.run(HEAD + lines, TABLE, timeout, memory, check)


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    with Workspace.open(tmp_path / "ws", {"durability": "normal", "allow_code": True}) as found:
        found.use(Datasets).write(Context(workspace=found), "numbers", TABLE)
        yield found.use(Jobs)


def test_rows_go_through_the_code_and_come_back() -> None:
    made = go("import pyarrow.compute as pc\nreturn table.filter(pc.field('x') > 1)")
    assert made.column("x").to_pylist() == [2, 3]
    assert go("return table.to_batches()[0]").num_rows == 3


def test_the_code_sees_nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLRACE_TOKEN", "secret-of-the-test")
    shown = "return pa.table({'k': list(os.environ), 'cwd': [os.getcwd()] * len(os.environ)})"
    made = go(shown)
    assert not [name for name in made.column("k").to_pylist() if "MILLRACE" in name]
    where = made.column("cwd").to_pylist()[0]
    assert "millrace-code-" in where
    assert not Path(where).exists()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return table.foo", "AttributeError at line 3"),
        ("return 3", "returned int and no pyarrow.Table"),
        ("retrun 3", "SyntaxError at line 3"),
        ("raise SystemExit(3)", "SystemExit at line 3"),
    ],
)
def test_an_error_names_the_line_of_the_code(body: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        go(body)
    with pytest.raises(InvalidInput, match="no function 'run'"):
        code.run("x = 1\n", TABLE, 20, 512, lambda: None)


def test_memory_is_limited() -> None:
    with pytest.raises(LimitReached, match="memory"):
        go("data = bytearray(700 * 2**20)\nreturn table")


def test_a_process_that_dies_is_told() -> None:
    with pytest.raises(LimitReached, match="ended with -9"):
        go("os.kill(os.getpid(), 9)")


def test_time_is_limited_and_nothing_is_left_running(tmp_path: Path) -> None:
    told = tmp_path / "pids"
    body = (
        f"import subprocess, sys, time\n"
        f"child = subprocess.Popen(['sleep', '60'])\n"
        f"open({str(told)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}')\n"
        f"time.sleep(60)"
    )
    with pytest.raises(LimitReached, match="longer than 3 s"):
        go(body, timeout=3)
    for pid in map(int, told.read_text("utf-8").split()):
        assert not _runs(pid)


def test_a_cancel_kills_it(tmp_path: Path) -> None:
    told = tmp_path / "pid"

    def check() -> None:
        if told.exists() and told.read_text("utf-8"):
            raise Cancelled("The work was cancelled.")

    body = f"import time\nopen({str(told)!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)"
    with pytest.raises(Cancelled):
        go(body, check=check)
    assert not _runs(int(told.read_text("utf-8")))


def _runs(pid: int) -> bool:
    for _ in range(50):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
        if stat.rsplit(")", 1)[1].split()[0] == "Z":
            return False
        time.sleep(0.1)
    return True


def test_a_broken_file_is_refused() -> None:
    body = "open('done.arrow', 'wb').write(b'ARROW1' + bytes(100))\nos._exit(0)"
    with pytest.raises(InvalidInput, match="not valid Arrow"):
        go(body)


def test_it_is_refused_until_the_owner_allows_it(ctx: Context) -> None:
    ctx.use(Datasets).write(ctx, "numbers", TABLE)
    params = {"dataset": "numbers", "code": "def run(table):\n    return table\n"}
    with pytest.raises(NotAllowed, match="not allowed in this workspace") as caught:
        ctx.use(Jobs).call("pipeline.python", params)
    assert "MILLRACE_ALLOW_CODE" in caught.value.hint


def test_the_result_is_a_version_with_lineage(jobs: Jobs) -> None:
    params = {"dataset": "numbers", "code": "def run(t):\n    return t.slice(1)\n", "output": "few"}
    made = jobs.call("pipeline.python", params)
    assert (made.dataset, made.rows_in, made.rows) == ("dataset:few@1", 3, 2)
    assert made.columns == ["x", "word"]
    artifacts = jobs.workspace.use(Artifacts)
    assert artifacts.lineage("dataset:few@1") == [("dataset:numbers@1", "dataset:few@1")]
    with pytest.raises(InvalidInput, match="returned no rows"):
        jobs.call("pipeline.python", {**params, "code": "def run(t):\n    return t.slice(9)\n"})
    with pytest.raises(NotAllowed):
        jobs.call("pipeline.python", params, Actor(name="ed", role="editor"))
