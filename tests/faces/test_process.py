"""The command line as a process: what it imports, what Ctrl-C leaves, a closed pipe."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import millrace
from tests.support.plugins import FOLDER

pytestmark = pytest.mark.slow

SOURCE = str(Path(millrace.__file__).parents[1])
HEAVY = {
    *("numpy", "scipy", "pyarrow", "lance", "sqlalchemy", "alembic", "sklearn", "lightgbm"),
    *("fastapi", "uvicorn", "dbos", "mlflow", "aiohttp", "duckdb", "polars", "onnxruntime"),
    *("optuna", "tokenizers", "rich.console"),
}


def environment(*, plugin: bool = True) -> dict[str, str]:
    path = os.pathsep.join([SOURCE, str(FOLDER)] if plugin else [SOURCE])
    kept = {k: v for k, v in os.environ.items() if not k.startswith("MILLRACE_")}
    return {**kept, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}


def modules_after(*words: str) -> set[str]:
    """Return the modules that a command has imported when it ends."""
    code = (
        "import sys; from millrace.faces.cli.main import run; "
        f"run({list(words)!r}); print('\\n' + ' '.join(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(plugin=False),
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stderr.split())


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["ops", "--json"],
        ["version"],
        ["jobs", "--help"],
        ["jobs", "list", "--help"],
        ["config", "--json"],
    ],
)
def test_light_commands_import_nothing_heavy(words: list[str]) -> None:
    assert not modules_after(*words) & HEAVY


@pytest.mark.parametrize("given", [None, "ACTIVE"])
def test_idle_threads_do_not_spin_unless_somebody_wants_it(given: str | None) -> None:
    known = {k: v for k, v in environment().items() if k != "OMP_WAIT_POLICY"}
    code = (
        "import atexit, os; from millrace.faces.cli import main; "
        "atexit.register(lambda: print(os.environ['OMP_WAIT_POLICY'])); main(['version'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**known, **({"OMP_WAIT_POLICY": given} if given else {})},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split()[-1] == (given or "PASSIVE")


def test_names_are_read_without_importing_ops() -> None:
    assert not {name for name in modules_after("ops", "--json") if name.endswith(".ops")}
    assert not {name for name in modules_after("--help") if name.endswith(".ops")}


def test_importing_millrace_is_light() -> None:
    code = "import sys, millrace; print(' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True
    )
    assert not set(done.stdout.split()) & {*HEAVY, "pydantic", "typer"}


# Python itself had not started yet.
BEFORE_US = ("Fatal Python error: init_", "Could not import runpy module")
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as shells do for what runs behind them
    signal.signal(signal.SIGINT, signal.default_int_handler)


def start(home: Path, *words: str) -> subprocess.Popen[str]:
    settings = ["--set", "durability=normal", "-w", str(home)]
    return subprocess.Popen(
        [sys.executable, "-m", "millrace", *settings, *words],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_to_end(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    process = start(home, *words)
    out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(words, process.returncode, out, err)


def test_ctrl_c_leaves_a_job_that_can_be_resumed(home: Path) -> None:
    with start(home, "sample", "count", "--upto", "60", "--pause", "0.05", "-v", "--json") as run:
        assert run.stderr is not None
        # the first checkpoint is stored when the second is announced
        next(line for line in run.stderr if line.startswith("checkpoint done=2"))
        run.send_signal(signal.SIGINT)
        out, _ = run.communicate(timeout=30)
    assert run.returncode == 130
    error = json.loads(out)
    assert error["code"] == "cancelled"
    listed = json.loads(run_to_end(home, "jobs", "list", "--json").stdout)["jobs"]
    assert [(job["op"], job["state"]) for job in listed] == [("sample.count", "paused")]
    assert listed[0]["id"] in error["problem"]
    ended = json.loads(run_to_end(home, "jobs", "resume", listed[0]["id"], "--json").stdout)
    assert (ended["state"], ended["result"]["last"]) == ("done", 60)
    assert ended["result"]["resumed_at"] >= 1


SWALLOWED = """
import os, signal, sys, time
from millrace.kinds import interrupt
from millrace.core.workspace import Workspace
from millrace.stores.jobs import Jobs

interrupt.end_at_once(130, lambda: print("said", flush=True))
if sys.argv[1] == "early":
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(30)
with Workspace.open(sys.argv[2], {"durability": "normal"}) as workspace:
    jobs = workspace.use(Jobs)
    interrupt.remember()
    try:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(30)
    except KeyboardInterrupt:
        pass  # as an import may do
    try:
        jobs.call("sample.count", {"upto": 3})
    except KeyboardInterrupt:
        print([job.state for job in jobs.list()])
"""


@pytest.mark.parametrize(
    ("when", "code", "said"), [("early", 130, "said"), ("late", 0, "['paused']")]
)
def test_ctrl_c_that_something_swallows_still_counts(
    home: Path, when: str, code: int, said: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SWALLOWED, when, str(home)],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (code, said), done.stderr


@pytest.mark.parametrize("wait", [0.05, 0.15, 0.3, 0.6])
def test_ctrl_c_at_any_moment_leaves_a_usable_workspace(home: Path, wait: float) -> None:
    with start(home, "sample", "count", "--upto", "40", "--pause", "0.02") as run:
        time.sleep(wait)
        run.send_signal(signal.SIGINT)
        _, err = run.communicate(timeout=30)
    if not any(words in err for words in BEFORE_US):
        assert run.returncode in {130, -signal.SIGINT}, err
    listed = json.loads(run_to_end(home, "jobs", "list", "--json").stdout)["jobs"]
    assert all(job["state"] in {"paused", "queued", "running"} for job in listed)


def test_a_reader_that_goes_away_is_no_error(home: Path) -> None:
    with start(home, "openapi") as run:
        assert run.stdout is not None
        assert run.stderr is not None
        run.stdout.close()
        assert run.stderr.read() == ""
    assert run.returncode == 0


def test_a_bug_is_told_with_an_id(home: Path) -> None:
    done = run_to_end(home, "sample", "fail", "--code", "none")
    assert done.returncode == 1
    first, second = done.stderr.splitlines()
    assert first == "Error: 'sample.fail' broke: RuntimeError."
    number = second.split("'")[1]
    log = (home / "logs" / "millrace.log").read_text(encoding="utf-8")
    assert number in log
    assert "RuntimeError: a bug of the plug-in" in log
