"""Children forked from one process that has imported everything: a start takes milliseconds.

Such a child is killed, stopped and judged like any other process; it shares only Python's start
and the imports, which were most of what the crash suites did. The process that is forked has one
thread, no workspace and no setting. A test that wants a whole start uses `subprocess`.
"""

import atexit
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

REPO = Path(__file__).parents[2]
RUN_JOB = "tests.support.forks:run_job"
STORES = (
    *("lance", "alembic.command", "psycopg", "sqlalchemy.dialects.sqlite"),
    *("millrace.stores.datasets", "millrace.stores.jobs.workers"),
)
LEARNING = (*STORES, "sklearn.linear_model", "lightgbm")
Task = Callable[[], None]


class Child:
    """A forked process with the words of `subprocess.Popen`."""

    def __init__(self, nursery: "Nursery", pid: int) -> None:
        self._nursery = nursery
        self.pid = pid

    def poll(self) -> int | None:
        """Return how it ended, negative for a signal; None while it lives."""
        return self._nursery.ended(self.pid, 0)

    def wait(self, timeout: float = 180) -> int:
        """Wait for its end."""
        code = self._nursery.ended(self.pid, timeout)
        if code is None:
            raise subprocess.TimeoutExpired(f"child {self.pid}", timeout)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


class Nursery:
    """The process that is forked, and what it says of its children."""

    def __init__(self) -> None:
        asked, self._ask = os.pipe()
        self._told, telling = os.pipe()
        path = f"{REPO}{os.pathsep}{REPO / 'src'}"
        one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.forks", str(asked), str(telling)],
            cwd=REPO,
            env={**os.environ, **one, "PYTHONPATH": path},
            pass_fds=(asked, telling),
        )
        os.close(asked)
        os.close(telling)
        self._rest = b""
        self._codes: dict[int, int] = {}
        self._started: list[int] = []

    def start(
        self,
        target: str,
        arguments: Sequence[Any],
        env: dict[str, str],
        log: Path,
        preload: Sequence[str],
    ) -> Child:
        """Fork a child that calls `module:function` with arguments that JSON can say."""
        said = {"target": target, "arguments": arguments, "env": env}
        said |= {"log": str(log), "preload": preload}
        os.write(self._ask, json.dumps(said).encode() + b"\n")
        end = time.monotonic() + 120
        while not self._started:
            assert time.monotonic() < end, "the process that is forked does not answer"
            self._listen(1)
        return Child(self, self._started.pop())

    def ended(self, pid: int, timeout: float) -> int | None:
        """Return the exit status of a child, waiting for it so long [s]."""
        end = time.monotonic() + timeout
        self._listen(0)
        while pid not in self._codes and (left := end - time.monotonic()) > 0:
            self._listen(left)
        return self._codes.get(pid)

    def _listen(self, seconds: float) -> None:
        while select.select([self._told], [], [], seconds)[0]:
            data = os.read(self._told, 65536)
            assert data, "the process that is forked has died"
            *lines, self._rest = (self._rest + data).split(b"\n")
            for line in lines:
                pid, code = json.loads(line)
                if code is None:
                    self._started.append(pid)
                else:
                    self._codes[pid] = code
            seconds = 0

    def close(self) -> None:
        """End it; it leaves when nobody can ask it any more."""
        os.close(self._ask)
        self._process.wait(30)
        os.close(self._told)


@cache
def nursery() -> Nursery:
    """Return the one of this test process, started on first use."""
    made = Nursery()
    atexit.register(made.close)
    return made


def start(
    target: str,
    arguments: Sequence[Any],
    log: Path,
    *,
    failpoint: str = "",
    preload: Sequence[str] = STORES,
) -> Child:
    """Start a child that calls `module:function`; both its outputs are appended to `log`."""
    env = {name: value for name, value in os.environ.items() if name != "MILLRACE_FAILPOINT"}
    if failpoint:
        env["MILLRACE_FAILPOINT"] = failpoint
    return nursery().start(target, arguments, env, log, preload)


def run_job(root: str, job: str, flags: dict[str, Any]) -> None:
    """Run a job to its end; what most children are asked to do."""
    from millrace.core.workspace import Workspace
    from millrace.stores.jobs import Jobs

    with Workspace.open(Path(root), flags) as workspace:
        workspace.use(Jobs).run(job)


def _serve(asked: int, telling: int) -> Task | None:
    """Fork for each line; return None in the parent at its end, in a child what it is to do."""
    children: dict[int, int] = {}
    with os.fdopen(asked, "rb", buffering=0) as stream:
        while True:
            for ready in select.select([stream, *children], [], [])[0]:
                if ready is not stream:
                    pid = children.pop(ready)
                    os.close(ready)
                    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                    _tell(telling, pid, code)
                    continue
                line = stream.readline()
                if not line:
                    return None
                said = json.loads(line)
                for module in said["preload"]:
                    importlib.import_module(module)
                assert len(_threads()) == 1, f"threads do not survive a fork: {_threads()}"
                pid = os.fork()
                if not pid:
                    return _born(said, [telling, *children])
                children[os.pidfd_open(pid)] = pid
                _tell(telling, pid, None)


def _threads() -> list[str]:
    """Return the threads there are, less jemalloc's own, which it starts again after a fork."""
    names = [path.read_text("utf-8").strip() for path in Path("/proc/self/task").glob("*/comm")]
    return [name for name in names if name != "jemalloc_bg_thd"]


def _tell(telling: int, pid: int, code: int | None) -> None:
    os.write(telling, json.dumps([pid, code]).encode() + b"\n")


def _born(said: dict[str, Any], foreign: list[int]) -> Task:
    """Let go of what is the parent's, and take on the surroundings that were asked for."""
    for number in foreign:
        os.close(number)
    log = os.open(said["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for number in (1, 2):
        os.dup2(log, number)
    os.close(log)
    os.environ.clear()
    os.environ.update(said["env"])
    module, function = said["target"].split(":")
    return lambda: getattr(importlib.import_module(module), function)(*said["arguments"])


if __name__ == "__main__":
    # Lance says so at every fork; what is not safe is to fork after it was used.
    warnings.filterwarnings("ignore", "lance is not fork-safe")
    task = _serve(int(sys.argv[1]), int(sys.argv[2]))
    if task is not None:
        task()  # at the top of the program, so that it ends as a program ends
