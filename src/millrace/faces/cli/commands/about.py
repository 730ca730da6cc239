"""Commands that tell about this installation: ops, settings, plug-ins, schemas, version."""

import json as codec
from pathlib import Path
from typing import Annotated

import typer

from millrace.faces.about import facts
from millrace.faces.backend.place import location
from millrace.faces.cli.builtin import JSON, PROJECT, WORKSPACE
from millrace.faces.cli.options import Options
from millrace.faces.cli.text import say, show


def ops(json: JSON = None) -> None:
    """List every op with its first line."""
    show(facts.op_list(), as_json=_json(json))


def config(json: JSON = None, workspace: WORKSPACE = None, project: PROJECT = None) -> None:
    """Show each setting, its value and where it came from."""
    options = Options.merge({"workspace": workspace, "project": project})
    root = Path(location(options.workspace)).expanduser().absolute()
    show(facts.config_of(root, options.flags), as_json=_json(json))


def plugins(json: JSON = None) -> None:
    """List installed plug-ins and the ops they bring."""
    show(facts.plugin_list(), as_json=_json(json))


def version(json: JSON = None) -> None:
    """Print the version."""
    from millrace import __version__

    show(facts.Version(version=__version__), as_json=_json(json))


def tools(
    style: Annotated[
        str, typer.Option(help="plain, openai, anthropic or mcp", metavar="STYLE")
    ] = "plain",
    json: JSON = None,
) -> None:
    """Print tool schemas for agents."""
    del json  # it is JSON anyhow
    from millrace.faces.tools import tool_schemas

    say(codec.dumps(tool_schemas(style), indent=2, ensure_ascii=False))


def openapi(json: JSON = None) -> None:
    """Print the OpenAPI document of the server."""
    del json  # it is JSON anyhow
    from millrace.faces.api.app import document

    say(codec.dumps(document(), indent=2, ensure_ascii=False))


def _json(after: bool | None) -> bool:
    return Options.merge({"json": after}).json
