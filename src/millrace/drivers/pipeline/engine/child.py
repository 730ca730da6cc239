"""The process that runs a person's code: started bare, limited before the code is read."""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

FILE_LIMIT = 8 * 2**30  # largest file it may write [bytes]


def limit(seconds: int, memory: int) -> None:
    """Limit CPU time and memory of this process, and end it with its parent (Linux).

    `memory` [bytes] comes on top of what Python and Arrow hold already.
    """
    try:
        import resource
    except ImportError:  # Windows has no such limits; the parent still keeps the time
        return
    soft = {
        resource.RLIMIT_CPU: seconds + 1,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: FILE_LIMIT,
        resource.RLIMIT_NOFILE: 256,
    }
    held = Path("/proc/self/statm")
    if held.exists():
        pages = int(held.read_text(encoding="ascii").split()[0])
        soft[resource.RLIMIT_AS] = pages * resource.getpagesize() + memory
    for name, value in soft.items():
        resource.setrlimit(name, (value, value))


def end_with_parent() -> None:
    """Ask Linux to kill this process when its parent dies."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, 9)


def line_of(error: BaseException) -> int | None:
    """Return the line of the person's code in which an error arose."""
    if isinstance(error, SyntaxError):
        return error.lineno
    found, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<block>":
            found = trace.tb_lineno
        trace = trace.tb_next
    return found


def main(seconds: int, memory: int) -> None:
    """Read rows.arrow, run code.py on them, write done.arrow or error.json."""
    end_with_parent()
    import pyarrow as pa

    importlib.import_module("pyarrow.compute")  # before memory is limited
    with pa.memory_map("rows.arrow") as stream:
        table = pa.ipc.open_file(stream).read_all()
    code = Path("code.py").read_text(encoding="utf-8")
    limit(seconds, memory)
    try:
        space: dict[str, Any] = {"__name__": "__block__"}
        exec(compile(code, "<block>", "exec"), space)  # the point of this process
        if not callable(space.get("run")):
            raise TypeError("the code defines no function 'run'")
        done = space["run"](table)
        if isinstance(done, pa.RecordBatch):
            done = pa.Table.from_batches([done])
        if not isinstance(done, pa.Table):
            raise TypeError(f"'run' returned {type(done).__name__} and no pyarrow.Table")
        with pa.OSFile("done.arrow", "wb") as sink, pa.ipc.new_file(sink, done.schema) as writer:
            writer.write_table(done)
    except MemoryError:
        _failed("MemoryError", "it needs more memory than it may use", None)
    except BaseException as error:  # noqa: BLE001  whatever the code raises is told to its author
        _failed(type(error).__name__, str(error), line_of(error))


def _failed(kind: str, said: str, line: int | None) -> None:
    facts = {"type": kind, "said": said[:500], "line": line}
    Path("error.json").write_text(json.dumps(facts), encoding="utf-8")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
