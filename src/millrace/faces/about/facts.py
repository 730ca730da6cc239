"""Settings, plug-ins, ops and versions of this installation."""

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, Field

from millrace.core import catalog
from millrace.core.settings import Settings, resolve

PACKAGES = (
    *("fastapi", "uvicorn", "sqlalchemy", "dbos", "pylance", "pyarrow", "duckdb", "numpy"),
    *("scikit-learn", "lightgbm", "onnxruntime", "mlflow-skinny"),
)


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


def op_list() -> OpList:
    """Return every op with its first line; modules are imported for plug-ins only."""
    known = catalog.scan()
    lines = [OpLine(name=n, effect=s.effect, summary=s.summary) for n, s in known.items()]
    if catalog.plugins():
        from millrace.core.registry import OPS

        catalog.load_plugins()
        lines += [
            OpLine(name=op.name, effect=op.effect, summary=op.summary)
            for op in OPS.values()
            if op.name not in known
        ]
    return OpList(ops=sorted(lines, key=lambda line: line.name))


def config_of(root: Path, flags: dict[str, Any] | None = None) -> Config:
    """Return each setting of a workspace, its value and where it came from."""
    found = resolve(root, flags)
    return settings_of(root, found.settings, found.sources)


def settings_of(root: Path, settings: Settings, sources: dict[str, str]) -> Config:
    """Return each of the settings in force; passwords inside URLs are hidden."""
    lines = [
        SettingLine(
            name=name,
            value=shown(getattr(settings, name)),
            source=sources[name],
            meaning=info.description or "",
        )
        for name, info in Settings.model_fields.items()
    ]
    return Config(workspace=str(root), settings=lines)


def shown(value: Any) -> Any:
    """Return a setting's value with the password of a URL hidden."""
    if not (isinstance(value, str) and "://" in value and "@" in value):
        return value
    parts = urlsplit(value)
    if parts.password is None:
        return value
    return value.replace(f":{parts.password}@", ":***@", 1)


def plugin_list() -> PluginList:
    """Return installed plug-ins and the ops they bring; one that cannot be loaded says why."""
    return PluginList(plugins=[_plugin(point) for point in catalog.plugins()])


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


def packages() -> dict[str, str]:
    """Return the versions of the libraries that a fault most often hangs on."""
    found: dict[str, str] = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
