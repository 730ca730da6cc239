"""Settings: file < environment < flags, each with the place it came from."""

import json
import os
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from millrace.core.errors import InvalidInput, choices, rule_of

FILE = "millrace.toml"
PREFIX = "MILLRACE_"


class Queue(BaseModel):
    """Limits of one job queue, held over all workers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    per_worker: int = Field(default=2, ge=1, le=256, description="jobs at once in one worker")
    concurrency: int | None = Field(default=None, ge=1, description="jobs at once in all")
    rate: int | None = Field(default=None, ge=1, description="jobs begun per period")
    period: float = Field(default=60.0, gt=0, description="length of the rate's period [s]")


class Settings(BaseModel):
    """Every setting, its default and its unit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    database: str = Field(
        default="", description="URL of the control plane; empty: SQLite in the workspace"
    )
    datasets: str = Field(
        default="", description="folder or s3:// URL of datasets; empty: in the workspace"
    )
    objects: str = Field(
        default="", description="folder or s3:// URL of files; empty: in the workspace"
    )
    mlflow: str = Field(
        default="", description="MLflow tracking URI; empty: SQLite in the workspace"
    )
    redis: str = Field(default="", description="redis:// URL of the shared cache tier; empty: none")
    project: str = Field(default="default", description="project that new artifacts belong to")
    durability: Literal["full", "normal"] = Field(
        default="full", description="full: acknowledged writes survive an OS crash; normal: a kill"
    )
    seed: int = Field(default=0, ge=0, le=2**31 - 1, description="seed of ops that are given none")
    threads: int = Field(default=2, ge=1, le=256, description="CPU threads one op may use")
    encoder: str = Field(
        default="all-minilm-l6-v2", description="text encoder used where none is named"
    )
    encoder_path: str = Field(
        default="", description="folder with model.safetensors and tokenizer.json"
    )
    s3_endpoint: str = Field(default="", description="endpoint of an S3-compatible store")
    host: str = Field(default="127.0.0.1", description="address the server listens on")
    port: int = Field(
        default=8321, ge=0, le=65535, description="port the server listens on; 0: any free"
    )
    workers: int = Field(default=1, ge=0, le=64, description="worker processes beside the server")
    servers: int = Field(default=1, ge=1, le=64, description="server processes sharing the port")
    body_limit: int = Field(
        default=32 * 2**20, ge=1024, description="largest request body accepted [bytes]"
    )
    upload_limit: int = Field(
        default=32 * 2**30, ge=1024, description="largest file taken by upload [bytes]"
    )
    rate_limit: float = Field(
        default=500.0,
        ge=0,
        description="requests one caller may send to a server process; 0: any number [1/s]",
    )
    deadline: float = Field(
        default=600.0, gt=0, le=86_400, description="time a call may take that waits [s]"
    )
    heartbeat: float = Field(
        default=1.0, gt=0, le=60, description="time between worker heartbeats [s]"
    )
    lease: float = Field(
        default=10.0, gt=0, le=600, description="silence after which a worker counts as dead [s]"
    )
    queues: dict[str, Queue] = Field(
        default_factory=dict[str, Queue],
        description="limits by queue (default, training, interactive); JSON in the environment",
    )
    allow_code: bool = Field(
        default=False,
        description="whether 'pipeline.python' may run code that people write into a pipeline",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="warning", description="least severe log line shown"
    )


class Resolved(BaseModel):
    """Settings with the source of each value."""

    settings: Settings
    sources: dict[str, str]


def _from_file(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"The settings file '{path}' is not valid TOML: {error}.", "Mend or remove it."
        ) from error


def _given(name: str) -> Any:
    text = os.environ[PREFIX + name.upper()]
    if name != "queues":
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        raise InvalidInput(
            f"{PREFIX}QUEUES is not JSON: {error}.", 'Write {"training": {"per_worker": 1}}.'
        ) from error


def resolve(root: Path, flags: dict[str, Any] | None = None) -> Resolved:
    """Merge defaults, `millrace.toml`, MILLRACE_* variables and flags, later ones winning.

    Errors: invalid_input, an unknown name in the file or a value out of range.
    """
    names = Settings.model_fields
    values: dict[str, Any] = {}
    sources = dict.fromkeys(names, "default")
    layers: list[tuple[str, dict[str, Any]]] = [
        (str(root / FILE), _from_file(root / FILE)),
        (
            "environment",
            {n: _given(n) for n in names if PREFIX + n.upper() in os.environ},
        ),
        ("flag", {k: v for k, v in (flags or {}).items() if v is not None}),
    ]
    for source, layer in layers:
        for name, value in layer.items():
            if name not in names:
                raise InvalidInput(
                    f"Setting '{name}' in {source} is unknown.",
                    f"The settings are {choices(list(names), 40)}.",
                )
            values[name] = value
            sources[name] = f"{PREFIX}{name.upper()}" if source == "environment" else source
    try:
        return Resolved(settings=Settings(**values), sources=sources)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        raise InvalidInput(
            f"Setting '{name}' from {sources[name]} is not valid: {rule_of(first)}.",
            "Run 'millrace config' to see every setting.",
            field=name,
        ) from error
