"""Entry of the command line: parse, run, and turn every error into words and an exit code."""

import json
import os
import sys
from typing import NoReturn

from typer import Abort, Exit, TyperException

from millrace.core.errors import Cancelled, Internal, InvalidInput, MillraceError


def main(args: list[str] | None = None) -> NoReturn:
    """Run the command line and leave with the exit code of the error, or 0."""
    # Before any OpenMP library is loaded: idle threads that spin take the CPU from the others.
    # Servers and workers that this process starts inherit it.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    sys.exit(run(sys.argv[1:] if args is None else args))


def run(args: list[str]) -> int:
    """Run one command and return its exit code."""
    machine = "--json" in args[: args.index("--")] if "--" in args else "--json" in args
    try:
        from millrace.faces.cli.tree import root

        outcome = root().main(args, prog_name="millrace", standalone_mode=False)
        return outcome if isinstance(outcome, int) else 0
    except Exit as done:
        return done.exit_code
    except (KeyboardInterrupt, Abort):
        return _tell(Cancelled("The work was cancelled.", "Run the same command again."), machine)
    except MillraceError as error:
        return _tell(error, machine)
    except TyperException as error:
        said = error.format_message().rstrip(".")
        shown = getattr(getattr(error, "ctx", None), "command_path", "millrace")
        problem = InvalidInput(f"{said}.", f"Run '{shown} --help' to see what it takes.")
        return _tell(problem, machine)
    except Exception as error:  # noqa: BLE001 -- the edge of this face: logged with an id
        return _tell(_bug(error), machine)


def _tell(error: MillraceError, machine: bool) -> int:
    """Print an error: the body on stdout for machines, two lines on stderr for people."""
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
