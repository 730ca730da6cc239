"""A workspace that processes are started on and killed in."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from millrace.core.workspace import Workspace
from millrace.kinds.job import FINAL, Job
from millrace.stores.jobs import Jobs
from tests.support import forks
from tests.support.forks import Child

FLAGS: dict[str, Any] = {"heartbeat": 0.2, "lease": 1.5, "durability": "full", "log_level": "info"}
REPO = Path(__file__).parents[2]
MAIN = "tests.drivers.crash_ops:main"


class World:
    """One workspace on SQLite or Postgres, and the processes on it."""

    def __init__(self, root: Path, database: str) -> None:
        self.root = root / "ws"
        self.log = root / "log"
        self.database = database
        self.started: list[Child | subprocess.Popen[bytes]] = []
        self.said = root / "said"
        with self.workspace() as workspace:
            workspace.use(Jobs).last_event()

    def workspace(self) -> Workspace:
        return Workspace.open(self.root, {**FLAGS, "database": self.database or None})

    def start(self, mode: str, what: str, failpoint: str = "") -> Child:
        """Start a process that runs a job, works, or ticks so many times."""
        words = [str(self.root), self.database, mode, what]
        child = forks.start(MAIN, words, self.said, failpoint=failpoint)
        self.started.append(child)
        return child

    def start_worker(self) -> subprocess.Popen[bytes]:
        """Start a worker as `millrace up` starts it."""
        flags = json.dumps({**FLAGS, "database": self.database or None})
        with self.said.open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "millrace.faces.up.worker", str(self.root), flags],
                cwd=REPO,
                env={**os.environ, "PYTHONPATH": str(REPO / "src")},
                stdout=log,
                stderr=log,
            )
        self.started.append(child)
        return child

    def job(self, id: str) -> Job:
        with self.workspace() as workspace:
            return workspace.use(Jobs).get(id)

    def ended(self, id: str) -> bool:
        return self.job(id).state in FINAL

    def until(self, what: Callable[[], bool], seconds: float = 120) -> None:
        end = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < end, self.said.read_text("utf-8")[-3000:]
            time.sleep(0.1)

    def close(self) -> None:
        for child in self.started:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            child.wait()
