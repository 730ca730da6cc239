"""Run a person's code on a table in a process of its own."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa

from millrace.core.errors import InvalidInput, LimitReached

CHILD = Path(__file__).with_name("child.py")
POLL = 0.05  # time between two looks [s]
MIB = 2**20


def run(
    code: str, table: pa.Table, timeout: float, memory: int, check: Callable[[], None]
) -> pa.Table:
    """Return what the code's `run` makes of the table.

    The process gets no environment of ours, stands in an empty folder, and is killed with
    everything it started after `timeout` [s], or when `check` raises. `memory` is in MiB.
    Errors: invalid_input, the code is wrong; limit_reached, it took too long or too much.
    """
    with tempfile.TemporaryDirectory(prefix="millrace-code-") as folder:
        home = Path(folder)
        (home / "code.py").write_text(code, encoding="utf-8")
        sink = pa.OSFile(str(home / "rows.arrow"), "wb")
        with sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
        child = _start(home, timeout, memory)
        try:
            ended = _wait(child, timeout, check)
        finally:
            _kill(child)
        if not ended:
            raise LimitReached(
                f"The code ran longer than {timeout:g} s.", "Raise 'timeout' or do less."
            )
        return _result(home, child.returncode)


def _start(home: Path, timeout: float, memory: int) -> subprocess.Popen[bytes]:
    environment = {
        "PATH": os.defpath,
        "HOME": str(home),
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
        "OMP_NUM_THREADS": "1",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
    }
    if sys.platform == "win32":
        environment["SYSTEMROOT"] = os.environ["SYSTEMROOT"]
    command = [sys.executable, "-I", "-X", "utf8", str(CHILD), str(int(timeout)), str(memory * MIB)]
    return subprocess.Popen(
        command,
        cwd=home,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _wait(child: subprocess.Popen[bytes], timeout: float, check: Callable[[], None]) -> bool:
    """Wait for the end; False when the time is up."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            child.wait(POLL)
            return True
        except subprocess.TimeoutExpired:
            check()
        if time.monotonic() > deadline:
            return False


def _kill(child: subprocess.Popen[bytes]) -> None:
    """End the process and whatever it left running in its session."""
    if sys.platform == "win32":
        child.kill()
    else:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _result(home: Path, code: int) -> pa.Table:
    error = home / "error.json"
    if error.exists():
        raise _wrong(json.loads(error.read_text(encoding="utf-8")))
    made = home / "done.arrow"
    if code != 0 or not made.exists():
        raise LimitReached(
            f"The code's process ended with {code} and gave nothing back.",
            "It probably needs more time or memory: raise 'timeout' or 'memory'.",
        )
    try:
        table = pa.ipc.open_file(pa.BufferReader(made.read_bytes())).read_all()
        table.validate(full=True)
    except (pa.ArrowInvalid, OSError) as broken:
        raise InvalidInput("The code's rows are not valid Arrow.", "Check 'run'.") from broken
    return table


def _wrong(facts: dict[str, Any]) -> InvalidInput | LimitReached:
    if facts["type"] in ("MemoryError", "ArrowMemoryError"):
        return LimitReached("The code needs more memory than it may use.", "Raise 'memory'.")
    where = f" at line {facts['line']}" if facts["line"] else ""
    return InvalidInput(
        f"The code raised {facts['type']}{where}: {facts['said']}",
        "Mend the code; it gets a pyarrow.Table and returns one.",
        field="code",
        line=facts["line"],
    )
