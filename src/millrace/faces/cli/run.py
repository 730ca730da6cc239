"""Run one op for the command line: dry, in this process, on a server, or in the background."""

from typing import Any

from pydantic import BaseModel

from millrace.core.errors import Cancelled
from millrace.core.registry import Op
from millrace.faces.backend.choose import open_backend
from millrace.faces.backend.local import Local
from millrace.faces.backend.place import Backend
from millrace.faces.cli.options import Options
from millrace.faces.cli.progress import Watcher
from millrace.faces.cli.text import show
from millrace.kinds import interrupt
from millrace.kinds.dry import dry_run


def run_op(op: Op, raw: dict[str, Any], options: Options) -> None:
    """Run the op and print what came of it."""
    if options.dry_run:
        show(dry_run(op, raw), as_json=options.json)
        return
    backend = opened(options)
    try:
        result = _result(backend, op, raw, options)
    except KeyboardInterrupt as stop:
        said = " ".join(getattr(stop, "__notes__", [])) or "The work was stopped."
        raise Cancelled(said, "Nothing half-written is left.") from stop
    finally:
        backend.close()
    show(result, as_json=options.json)


def opened(options: Options) -> Backend:
    """Open what the options name; the log of a workspace here goes to its file.

    From then on Ctrl-C no longer ends the process at once: it stops the work.
    """
    backend = open_backend(options.workspace, flags=options.flags)
    if isinstance(backend, Local):
        from millrace.faces.about.logs import to_file

        to_file(backend.workspace)
        _ = backend.jobs  # the stores are imported while Ctrl-C may still end the process
    interrupt.remember()
    return backend


def _result(backend: Backend, op: Op, raw: dict[str, Any], options: Options) -> BaseModel:
    if options.background:
        return backend.submit(op.name, raw, key=options.key)
    with Watcher(op.name, verbose=options.verbose) as watcher:
        return backend.call(op.name, raw, key=options.key, on_event=watcher)
