"""Entry of the command line: parse, run, and turn every error into words and an exit code."""

import json
import os
import sys
from typing import NoReturn

from millrace.core.errors import Cancelled, Internal, InvalidInput, MillraceError
from millrace.kinds import interrupt

COMPLETING = "_MILLRACE_COMPLETE"  # set by the shell that asks for completions
STOPPED = Cancelled("The work was cancelled.", "Run the same command again.")


def main(args: list[str] | None = None) -> NoReturn:
    """Run the command line and leave with the exit code of the error, or 0."""
    # Before any OpenMP library is loaded: idle threads that spin take the CPU from the others.
    # Servers and workers that this process starts inherit it.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    for name in ("stdout", "stderr"):  # None where the caller closed it
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 -- to the end
    given = sys.argv[1:] if args is None else args
    interrupt.end_at_once(STOPPED.exit, lambda: _write(STOPPED, _wants_json(given)))
    code = run(given)
    interrupt.forget()
    sys.exit(code)


def run(args: list[str]) -> int:
    """Run one command and return its exit code."""
    from typer import Abort, Exit, TyperException

    machine = _wants_json(args)
    try:
        from millrace.faces.cli.tree import root

        outcome = root().main(args, prog_name="millrace", standalone_mode=False)
        return outcome if isinstance(outcome, int) else 0
    except Exit as done:
        return done.exit_code
    except (KeyboardInterrupt, Abort):
        return _tell(STOPPED, machine)
    except MillraceError as error:
        return _tell(error, machine)
    except TyperException as error:
        said = error.format_message().rstrip(".")
        shown = getattr(getattr(error, "ctx", None), "command_path", "millrace")
        problem = InvalidInput(f"{said}.", f"Run '{shown} --help' to see what it takes.")
        return _tell(problem, machine)
    except Exception as error:  # noqa: BLE001 -- the edge of this face: logged with an id
        return _tell(STOPPED if interrupt.asked() else _bug(error), machine)


def _wants_json(args: list[str]) -> bool:
    return "--json" in (args[: args.index("--")] if "--" in args else args)


def _write(error: MillraceError, machine: bool) -> None:
    """Print an error from a signal handler, past every buffer and import."""
    body = json.dumps(error.body(), ensure_ascii=False)
    text = body if machine else f"Error: {error.problem}\n  Next: {error.hint}"
    os.write(1 if machine else 2, f"{text}\n".encode())


def _tell(error: MillraceError, machine: bool) -> int:
    """Print an error: the body on stdout for machines, two lines on stderr for people."""
    if COMPLETING in os.environ:  # a key press is no place for words
        return error.exit
    if machine:
        print(json.dumps(error.body(), ensure_ascii=False, default=str), flush=True)
    else:
        from millrace.faces.cli.text import clean

        print(f"Error: {clean(error.problem)}", file=sys.stderr)
        if error.hint:
            print(f"  Next: {clean(error.hint)}", file=sys.stderr)
    return error.exit


def _bug(error: Exception) -> Internal:
    import traceback

    from millrace.core.ids import new_id

    number = new_id("bug")
    if os.environ.get("MILLRACE_LOG_LEVEL") == "debug":
        traceback.print_exception(error)
    return Internal(
        f"{type(error).__name__}: this is a bug in Millrace ({number}).",
        "Run it again with MILLRACE_LOG_LEVEL=debug to see where, and report it.",
        id=number,
    )
