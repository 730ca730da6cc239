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

FLAGS: dict[str, Any] = {"heartbeat": 0.2, "lease": 1.5, "durability": "full", "log_level": "info"}
REPO = Path(__file__).parents[2]
CHILD = "import sys; from tests.drivers import crash_ops; crash_ops.main(*sys.argv[1:5])"


class World:
    """One workspace on SQLite or Postgres, and the processes on it."""

    def __init__(self, root: Path, database: str) -> None:
        self.root = root / "ws"
        self.log = root / "log"
        self.database = database
        self.started: list[subprocess.Popen[bytes]] = []
        self.said = root / "said"
        with self.workspace() as workspace:
            workspace.use(Jobs).last_event()

    def workspace(self) -> Workspace:
        return Workspace.open(self.root, {**FLAGS, "database": self.database or None})

    def start(self, mode: str, what: str, failpoint: str = "") -> subprocess.Popen[bytes]:
        env = {**os.environ, "PYTHONPATH": f"{REPO}{os.pathsep}{REPO / 'src'}"}
        env.pop("MILLRACE_FAILPOINT", None)
        if failpoint:
            env["MILLRACE_FAILPOINT"] = failpoint
        command = [sys.executable, "-c", CHILD, str(self.root), self.database, mode, what]
        if mode == "up":
            flags = json.dumps({**FLAGS, "database": self.database or None})
            module = "millrace.faces.up.worker"
            command = [sys.executable, "-m", module, str(self.root), flags]
        with self.said.open("ab") as log:
            child = subprocess.Popen(command, cwd=REPO, env=env, stdout=log, stderr=log)
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
