"""Commands that tell about this installation: ops, settings, plug-ins, schemas, version."""

import json as codec
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel, Field

from millrace.core import catalog
from millrace.faces.backend.place import location
from millrace.faces.cli.builtin import JSON, WORKSPACE
from millrace.faces.cli.options import Options
from millrace.faces.cli.text import say, show


class OpLine(BaseModel):
    """One op."""

    name: str = Field(description="folder.verb")
    effect: str = Field(description="read, write, spend, external or destructive")
    summary: str = Field(description="its first line")


class OpList(BaseModel):
    """Every op."""

    ops: list[OpLine] = Field(description="ops by name")


class SettingLine(BaseModel):
    """One setting."""

    name: str = Field(description="name in millrace.toml; MILLRACE_<NAME> in the environment")
    value: Any = Field(description="value in force")
    source: str = Field(description="default, a file, an environment variable or flag")
    meaning: str = Field(description="what it does")


class Config(BaseModel):
    """Every setting."""

    workspace: str = Field(description="folder the settings are for")
    settings: list[SettingLine] = Field(description="settings by name")


class PluginLine(BaseModel):
    """One plug-in."""

    name: str = Field(description="name of the entry point")
    module: str = Field(description="module that holds the ops")
    package: str = Field(description="package and version that brought it")
    ops: list[str] = Field(description="ops it registers")
    problem: str | None = Field(default=None, description="why it cannot be loaded")


class PluginList(BaseModel):
    """Every plug-in."""

    plugins: list[PluginLine] = Field(description="plug-ins by name")


class Version(BaseModel):
    """Which Millrace this is."""

    version: str = Field(description="version of the package")


def ops(json: JSON = None) -> None:
    """List every op with its first line."""
    lines = [OpLine(name=n, effect=s.effect, summary=s.summary) for n, s in catalog.scan().items()]
    if catalog.plugins():
        known = catalog.scan()
        lines += [
            OpLine(name=op.name, effect=op.effect, summary=op.summary)
            for op in _plugin_ops()
            if op.name not in known
        ]
    show(OpList(ops=sorted(lines, key=lambda line: line.name)), as_json=_json(json))


def _plugin_ops() -> list[Any]:
    from millrace.core.registry import OPS

    catalog.load_plugins()
    return list(OPS.values())


def config(json: JSON = None, workspace: WORKSPACE = None) -> None:
    """Show each setting, its value and where it came from."""
    from millrace.core.settings import Settings, resolve

    options = Options.merge({"workspace": workspace})
    root = Path(location(options.workspace)).expanduser().absolute()
    found = resolve(root, options.settings)
    lines = [
        SettingLine(
            name=name,
            value=_shown(getattr(found.settings, name)),
            source=found.sources[name],
            meaning=info.description or "",
        )
        for name, info in Settings.model_fields.items()
    ]
    show(Config(workspace=str(root), settings=lines), as_json=_json(json))


def _shown(value: Any) -> Any:
    """Hide a password inside a URL."""
    if not (isinstance(value, str) and "://" in value and "@" in value):
        return value
    from urllib.parse import urlsplit

    parts = urlsplit(value)
    if parts.password is None:
        return value
    return value.replace(f":{parts.password}@", ":***@", 1)


def plugins(json: JSON = None) -> None:
    """List installed plug-ins and the ops they bring."""
    lines = [_plugin(point) for point in catalog.plugins()]
    show(PluginList(plugins=lines), as_json=_json(json))


def _plugin(point: Any) -> PluginLine:
    from millrace.core.registry import OPS

    package = f"{point.dist.name} {point.dist.version}" if point.dist else "unknown"
    problem = None
    try:
        point.load()
    except Exception as error:  # noqa: BLE001 -- the plug-in edge: any fault of theirs is shown
        problem = f"{type(error).__name__}: {error}"
    names = [n for n, o in OPS.items() if o.function.__module__.startswith(point.module)]
    return PluginLine(
        name=point.name, module=point.module, package=package, ops=sorted(names), problem=problem
    )


def version(json: JSON = None) -> None:
    """Print the version."""
    from millrace import __version__

    show(Version(version=__version__), as_json=_json(json))


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
