"""One op as one command: flags from its params, help from its docstring."""

import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from typer.core import TyperCommand

from millrace.core.errors import InvalidInput
from millrace.core.registry import Op
from millrace.faces.cli.fields import Flag, collect, flags_of
from millrace.faces.cli.options import Options

COMMON = "common"  # prefix that keeps our own options apart from the op's fields


def command_of(op: Op, run: Callable[[Op, dict[str, Any], Options], None]) -> TyperCommand:
    """Return the command of an op; `run` gets the op, its raw params and the options."""
    flags = flags_of(op.params)
    own = _common()
    by_name = {i: f for i, f in enumerate(flags) if f.positional and f.path[0] not in own}

    def go(**values: Any) -> None:
        common = {name: values[f"{COMMON}_{name}"] for name in own}
        options = Options.merge(common)
        pairs = [(flag, values[f"p{i}"]) for i, flag in enumerate(flags)]
        pairs += [(flag, values[f"o{i}"]) for i, flag in by_name.items()]
        run(op, collect(pairs, read_params(common["params"])), options)

    parameters = [_parameter(f"p{i}", _hint(flag)) for i, flag in enumerate(flags)]
    parameters += [_parameter(f"o{i}", _named(flag)) for i, flag in by_name.items()]
    parameters += [_parameter(f"{COMMON}_{name}", hint) for name, hint in own.items()]
    go.__signature__ = inspect.Signature(parameters)  # pyright: ignore[reportFunctionMemberAccess] -- typer reads it
    go.__name__ = op.verb
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(op.verb.replace("_", "-"), help=_unwrapped(op.doc))(go)
    return cast(TyperCommand, typer.main.get_command(app))


def _parameter(name: str, hint: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=hint)


def _unwrapped(doc: str) -> str:
    """Mark every paragraph but the first so that the help keeps its line breaks."""
    head, *rest = doc.split("\n\n")
    return "\n\n".join([head, *("\b\n" + part for part in rest)])


def _hint(flag: Flag) -> Any:
    completion = _completion(flag)
    if flag.positional:
        shown = typer.Argument(
            metavar=flag.path[0].upper(),
            help=flag.help(),
            show_default=False,
            autocompletion=completion,
        )
        return Annotated[list[str] | None if flag.many else str | None, shown]
    if flag.kind == "switch":
        both = f"{flag.option}/--no-{flag.option[2:]}"
        return Annotated[bool | None, typer.Option(both, help=flag.help(), show_default=False)]
    shown = typer.Option(
        flag.option,
        metavar=_metavar(flag),
        help=flag.help(),
        show_default=False,
        autocompletion=completion,
    )
    return Annotated[list[str] | None if flag.many else str | None, shown]


def _named(flag: Flag) -> Any:
    """Let what has a place be given by its name too, as every other face has it."""
    shown = typer.Option(flag.option, hidden=True, autocompletion=_completion(flag))
    return Annotated[list[str] | None if flag.many else str | None, shown]


def _metavar(flag: Flag) -> str:
    word = {"number": "NUMBER", "json": "JSON", "choice": "CHOICE"}.get(flag.kind)
    return (word or (flag.port or "TEXT").upper()) + ("..." if flag.many else "")


def _completion(flag: Flag) -> Callable[..., list[str]] | None:
    if flag.choices:
        return lambda incomplete: [c for c in flag.choices if c.startswith(incomplete)]
    if flag.port:
        port = flag.port

        def names(incomplete: str) -> list[str]:
            from millrace.faces.cli.complete import artifact_names

            return artifact_names(port, incomplete)

        return names
    return None


def _common() -> dict[str, Any]:
    """Return the options every op command has."""
    return {
        "json": Annotated[
            bool | None, typer.Option("--json", help="print the result as JSON", show_default=False)
        ],
        "workspace": Annotated[
            str | None,
            typer.Option("--workspace", "-w", metavar="FOLDER", help="folder of the workspace"),
        ],
        "project": Annotated[
            str | None, typer.Option("--project", metavar="NAME", help="project to work in")
        ],
        "params": Annotated[
            str | None,
            typer.Option("--params", metavar="JSON", help="params as JSON, or @file; flags win"),
        ],
        "dry_run": Annotated[
            bool | None,
            typer.Option("--dry-run", help="check the params, say what would happen"),
        ],
        "background": Annotated[
            bool | None,
            typer.Option("--background", help="hand the work to the workers of 'millrace up'"),
        ],
        "key": Annotated[
            str | None,
            typer.Option(
                "--key", metavar="TEXT", help="a repeat under the same key returns the first result"
            ),
        ],
        "verbose": Annotated[
            bool | None, typer.Option("--verbose", "-v", help="print every event on stderr")
        ],
    }


OWN_FLAGS = frozenset(
    {
        *("json", "workspace", "project", "params", "dry-run", "background", "key", "verbose"),
        "help",
    }
)


def read_params(text: str | None) -> dict[str, Any]:
    """Read `--params`: JSON text, `@file`, or `@-` for standard input.

    Errors: invalid_input, no such file, not JSON, or not an object.
    """
    if not text:
        return {}
    source = "--params"
    if text.startswith("@"):
        source = text[1:]
        text = _file(source)
    try:
        found = json.loads(text)
    except ValueError as error:
        raise InvalidInput(
            f"The params in '{source}' are not valid JSON: {error}.",
            "Write one JSON object, as in '{\"name\": 1}'.",
            field="params",
        ) from error
    if not isinstance(found, dict):
        raise InvalidInput(
            f"The params in '{source}' are not a JSON object.",
            "Write one JSON object, as in '{\"name\": 1}'.",
            field="params",
        )
    return found


def _file(name: str) -> str:
    if name == "-":
        return typer.get_text_stream("stdin").read()
    try:
        return Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"The params file '{name}' cannot be read: {error}.",
            "Name a readable UTF-8 file after '@'.",
            field="params",
        ) from error
