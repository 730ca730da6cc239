"""Commands that are no ops: each a function imported when it is asked for."""

import importlib
import json as codec
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from millrace.core.errors import InvalidInput
from millrace.faces.cli.options import Options, remember


@dataclass(frozen=True)
class Command:
    """A command's first line and where its function stands."""

    line: str
    module: str
    function: str

    def build(self) -> Any:
        """Import the function and return it as a command."""
        found = getattr(
            importlib.import_module(f"millrace.faces.cli.commands.{self.module}"), self.function
        )
        app = typer.Typer(add_completion=False, rich_markup_mode=None)
        app.command(self.function.replace("_", "-"))(found)
        return typer.main.get_command(app)


COMMANDS = {
    "config": Command("Show each setting, its value and where it came from.", "about", "config"),
    "doctor": Command("Check that this machine can run Millrace.", "doctor", "doctor"),
    "openapi": Command("Print the OpenAPI document of the server.", "about", "openapi"),
    "ops": Command("List every op with its first line.", "about", "ops"),
    "plugins": Command("List installed plug-ins and the ops they bring.", "about", "plugins"),
    "sidecar": Command("Serve ops as NDJSON on stdin and stdout.", "serve", "sidecar"),
    "tools": Command("Print tool schemas for agents.", "about", "tools"),
    "up": Command("Start the server and its workers.", "serve", "up"),
    "version": Command("Print the version.", "about", "version"),
}

WORKSPACE = Annotated[
    str | None, typer.Option("--workspace", "-w", metavar="FOLDER", help="folder of the workspace")
]
PROJECT = Annotated[
    str | None, typer.Option("--project", metavar="NAME", help="project to work in")
]
JSON = Annotated[bool | None, typer.Option("--json", help="print the result as JSON")]


EARLY = Annotated[  # read before --version, wherever it stands, since that one shows
    bool | None, typer.Option("--json", is_eager=True, help="print the result as JSON")
]


def _version(ctx: typer.Context, asked: bool) -> None:
    """Print the version and leave, as `millrace version` does."""
    if not asked or ctx.resilient_parsing:
        return
    from millrace import __version__
    from millrace.faces.about.facts import Version
    from millrace.faces.cli.text import show

    show(Version(version=__version__), as_json=bool(ctx.params.get("json")))
    raise typer.Exit


def before(
    workspace: WORKSPACE = None,
    project: PROJECT = None,
    json: EARLY = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="set a setting for this run"),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, help="print the version and leave")
    ] = False,
) -> None:
    """Keep the options that stand before the command."""
    del version  # its callback has left already
    given = read_settings(settings or [])
    remember(Options(json=bool(json), workspace=workspace, project=project, settings=given))


def read_settings(words: list[str]) -> dict[str, Any]:
    """Read `--set name=value`; a value that begins with `{` is JSON.

    Errors: invalid_input, no equals sign or broken JSON.
    """
    found: dict[str, Any] = {}
    for word in words:
        name, mark, value = word.partition("=")
        if not mark:
            raise InvalidInput(
                f"'{word}' after '--set' has no '='.", "Write '--set name=value', as in threads=4."
            )
        try:
            found[name.strip()] = codec.loads(value) if value.startswith("{") else value
        except ValueError as error:
            raise InvalidInput(
                f"The value of '--set {name}' is not valid JSON: {error}.",
                "Quote the whole value for the shell.",
            ) from error
    return found
