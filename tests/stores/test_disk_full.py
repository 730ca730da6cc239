"""A disk that is full while Lance writes: nothing is published, and a retry goes through."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from millrace.core.context import Context
from millrace.core.workspace import Workspace
from millrace.stores.datasets import Datasets

TOLD, OTHER = 8, 9
WRITER = f"""
import sys
import pyarrow as pa
from millrace.core.context import Context
from millrace.core.errors import Unavailable
from millrace.core.workspace import Workspace
from millrace.stores.datasets import Datasets

with Workspace.open(sys.argv[1], {{"durability": "normal"}}) as workspace:
    ctx = Context(workspace=workspace)
    try:
        ctx.use(Datasets).write(ctx, "x", pa.table({{"n": range(200_000)}}))
    except Unavailable as error:
        sys.exit({TOLD} if "Free some disk space" in str(error) else {OTHER})
"""


def written(root: Path, before: list[str]) -> int:
    env = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parents[2] / "src"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [*before, sys.executable, "-c", WRITER, str(root)]
    return subprocess.run(command, env=env, timeout=120, check=False).returncode


@pytest.fixture
def root(tmp_path: Path) -> Path:
    with Workspace.open(tmp_path / "ws", {"durability": "normal"}) as workspace:
        ctx = Context(workspace=workspace)
        ctx.use(Datasets).write(ctx, "x", pa.table({"n": [1, 2, 3]}))
    return tmp_path / "ws"


def check(root: Path) -> None:
    """What was there still is, nothing else is, and the next try goes through."""
    with Workspace.open(root, {"durability": "normal"}) as workspace:
        assert workspace.use(Datasets).info("x").ref == "dataset:x@1"
        assert workspace.use(Datasets).read("x").column("n").to_pylist() == [1, 2, 3]
    assert written(root, []) == 0
    with Workspace.open(root, {"durability": "normal"}) as workspace:
        assert workspace.use(Datasets).info("x").ref == "dataset:x@2"
        assert workspace.use(Datasets).info("x").rows == 200_000


@pytest.mark.crash
def test_a_disk_that_is_full_of_rows_is_told(root: Path) -> None:
    """The folder of data files is a real, small disk that runs full."""
    data = root / "datasets" / "default" / "x.lance" / "data"
    mount = f"mount -t tmpfs -o size=200k none '{data}' && exec \"$@\""
    small = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh"]
    if subprocess.run([*small, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine gives no mount namespaces")
    assert written(root, small) == TOLD
    check(root)


@pytest.mark.crash
@pytest.mark.parametrize("call", ["write", "linkat"])
def test_a_call_that_finds_no_space_is_told(root: Path, call: str) -> None:
    """`linkat` shows a version; without `write` not even a thread wakes, and Lance panics."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed: system-call faults are not tested")
    inject = ["-e", f"trace={call}", "-e", f"inject={call}:error=ENOSPC"]
    assert written(root, ["strace", "-f", "-qq", "-o", "/dev/null", *inject]) == TOLD
    check(root)
