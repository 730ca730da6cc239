"""What a stage stands on: the newest version there is, and the newest that is visible."""

import base64
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, Row, func, select

from millrace.core.errors import Conflict
from millrace.stores.tables import artifact, job_stage

ID = "_id"


class Outdated(Conflict):
    """Another version was published meanwhile; the job starts over on top of it."""

    retryable = True


@dataclass
class Base:
    """What a stage stands on, kept in SQL from its first moment."""

    lance_version: int
    next_id: int = 0
    rows: int = 0
    cursor: Any = None
    batches: int = 0
    state: str = "staging"
    schema: pa.Schema | None = None
    said: dict[str, Any] = field(default_factory=lambda: {"parents": [], "meta": {}})


def stage_of(connection: Connection, job: str, name: str) -> Row[Any] | None:
    """Return what is recorded of a stage."""
    query = select(job_stage).where(job_stage.c.job == job, job_stage.c.name == name)
    return connection.execute(query).first()


def standing_of(row: Row[Any], batches: int) -> Base:
    """Return what a recorded stage stands on."""
    meta = row.meta or {}
    schema = unpacked(meta["schema"]) if meta.get("schema") else None
    base = Base(row.base, row.next_id, row.rows, row.cursor, batches, row.state, schema)
    base.said = meta.get("said", base.said)
    return base


def newest(connection: Connection, project: str, name: str) -> dict[str, Any] | None:
    """Return the facts of the newest version ever, deleted ones included."""
    return connection.execute(
        select(artifact.c.meta)
        .where(
            artifact.c.project == project,
            artifact.c.kind == "dataset",
            artifact.c.name == name,
        )
        .order_by(artifact.c.version.desc())
        .limit(1)
    ).scalar()


def free_id(connection: Connection, project: str, name: str) -> int:
    """Return the first row id that no version, deleted ones included, has ever given out."""
    return (
        connection.execute(
            select(func.max(artifact.c.meta["next_id"].as_integer())).where(
                artifact.c.project == project,
                artifact.c.kind == "dataset",
                artifact.c.name == name,
            )
        ).scalar()
        or 0
    )


def visible(connection: Connection, project: str, name: str, upto: int) -> int:
    """Return the Lance version of the newest version that is not deleted; 0: all are.

    Versions newer than `upto`, the base of a stage, do not count: they are other writers',
    and the stage's commit fails on them.
    """
    found = artifact.c.meta["lance_version"].as_integer()
    return (
        connection.execute(
            select(found)
            .where(
                artifact.c.project == project,
                artifact.c.kind == "dataset",
                artifact.c.name == name,
                artifact.c.deleted_at.is_(None),
                found <= upto,
            )
            .order_by(artifact.c.version.desc())
            .limit(1)
        ).scalar()
        or 0
    )


def packed(schema: pa.Schema) -> str:
    """Return a schema as text."""
    return base64.b64encode(schema.serialize().to_pybytes()).decode()


def unpacked(text: str) -> pa.Schema:
    """Return the schema that a text holds."""
    return pa.ipc.read_schema(pa.py_buffer(base64.b64decode(text)))
