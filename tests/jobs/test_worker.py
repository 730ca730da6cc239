"""A worker process looks often for jobs while there are some, and seldom when there are none."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from millrace.core.workspace import Workspace
from millrace.stores.jobs import Jobs
from millrace.stores.jobs.workers import EAGER, QUEUES, SELDOM
from tests.faces.test_process import environment

FLAGS = {"durability": "normal"}


def intervals(root: Path) -> set[float]:
    try:
        with closing(sqlite3.connect(root / "dbos.db")) as connection:
            return {
                row[0]
                for row in connection.execute(
                    "select polling_interval_sec from queues where name in (?, ?, ?)", QUEUES
                )
            }
    except sqlite3.OperationalError:  # the worker has not made its tables yet
        return set()


@pytest.mark.slow
def test_an_idle_worker_looks_seldom_and_a_busy_one_often(tmp_path: Path) -> None:
    root = tmp_path / "ws"
    with Workspace.open(root, FLAGS) as workspace:
        jobs = workspace.use(Jobs)
        jobs.last_event()
        words = [sys.executable, "-m", "millrace.faces.up.worker", str(root), json.dumps(FLAGS)]
        worker = subprocess.Popen(words, env=environment(plugin=False))
        try:
            until(lambda: intervals(root) == {SELDOM})
            labels = [{"name": "a"}, {"name": "b"}]
            job = jobs.submit("label.create_set", {"name": "x", "labels": labels})
            until(lambda: jobs.get(job.id).state == "done")
            until(lambda: intervals(root) == {EAGER})
            until(lambda: intervals(root) == {SELDOM})
        finally:
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(30) == 0


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)
