"""An import killed between its two datasets, at every stage: all rows once, or none."""

import signal
from pathlib import Path

import pytest

from millrace.core.errors import NotFound
from millrace.core.workspace import Workspace
from millrace.stores.artifacts import Artifacts
from millrace.stores.datasets import Datasets
from millrace.stores.jobs import Jobs
from tests.support import forks

pytestmark = pytest.mark.crash
FLAGS = {"heartbeat": 0.1, "lease": 0.5, "durability": "normal"}
ROWS, BAD = 3000, {700: "x,y,z", 701: "oops,k", 2600: "1,2,3"}
# The rows set aside of a block are staged before its good rows, and published before them.
KILLS = (
    "batch.recorded:1:kill",  # the bad rows of the first block are staged, its good ones not
    "publish.recorded:1:kill",  # the bad rows are published, the good ones not
)


def test_killed_between_the_good_and_the_bad_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    lines = [BAD.get(i, f"{i},name {i % 7}") for i in range(ROWS)]
    path.write_text("n,name\n" + "\n".join(lines) + "\n", encoding="utf-8")
    root = tmp_path / "ws"
    with Workspace.open(root, FLAGS) as workspace:
        params = {"path": str(path), "name": "a", "max_record": 8192}
        job = workspace.use(Jobs).submit("dataset.import", params).id
    for kill in KILLS:
        assert child(root, job, kill) == -signal.SIGKILL
        with Workspace.open(root, FLAGS) as workspace, pytest.raises(NotFound):
            workspace.use(Datasets).info("a")
    assert child(root, job) == 0
    with Workspace.open(root, FLAGS) as workspace:
        datasets, artifacts = workspace.use(Datasets), workspace.use(Artifacts)
        good = datasets.read("a").column("n").to_pylist()
        bad = datasets.read("a-quarantine").column("line").to_pylist()
        assert good == [i for i in range(ROWS) if i not in BAD]
        assert bad == [i + 2 for i in BAD]
        assert [len(artifacts.versions("dataset", name)) for name in ("a", "a-quarantine")] == [
            1,
            1,
        ]
        assert workspace.use(Jobs).run(job).quarantined == 3


def child(root: Path, job: str, failpoint: str = "") -> int:
    words = [str(root), job, FLAGS]
    log = root.parent / "log"
    return forks.start(forks.RUN_JOB, words, log, failpoint=failpoint).wait(120)
