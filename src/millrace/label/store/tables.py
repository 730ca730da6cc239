"""Tables of labelling: items in a queue, leases, annotations that are only ever added."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ColumnElement,
    Float,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
)

from millrace.stores.sql import metadata

ANNOTATOR = 128  # longest annotator name [characters]


def _scope() -> tuple[Column[Any], Column[Any]]:
    return (
        Column("project", String(64), primary_key=True),
        Column("labelset", String(64), primary_key=True),
    )


# `open` is 1 while answers + leases < wanted and nobody flagged or adjudicated it. `returned`
# is 1 when it came free behind some annotator's cursor.
item = Table(
    "label_item",
    metadata,
    *_scope(),
    Column("item", BigInteger, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    Column("wanted", Integer, nullable=False),
    Column("answers", Integer, nullable=False, default=0),
    Column("leases", Integer, nullable=False, default=0),
    Column("skips", Integer, nullable=False, default=0),
    Column("flags", Integer, nullable=False, default=0),
    Column("adjudicated", Integer, nullable=False, default=0),
    Column("open", Integer, nullable=False, default=1),
    Column("returned", Integer, nullable=False, default=0),
    Column("suggestion", JSON),
    Column("confidence", Float),
    Column("uncertainty", Float),
    Index("label_item_next", "project", "labelset", "open", "returned", "position"),
)

lease = Table(
    "label_lease",
    metadata,
    *_scope(),
    Column("item", BigInteger, primary_key=True, autoincrement=False),
    Column("annotator", String(ANNOTATOR), primary_key=True),
    Column("expires_at", Float, nullable=False),
    Index("label_lease_expiry", "project", "labelset", "expires_at"),
    Index("label_lease_annotator", "project", "labelset", "annotator"),
)

cursor = Table(
    "label_cursor",
    metadata,
    *_scope(),
    Column("annotator", String(ANNOTATOR), primary_key=True),
    Column("position", BigInteger, nullable=False),
)

# One row a change, never edited but for `superseded_by` and `undone_by`. `state` and `value` are
# what holds after the change; the current row of (item, annotator) has no `superseded_by`.
# `value` is JSON: one label now, a list when a set lets an item have several.
annotation = Table(
    "label_annotation",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("project", String(64), nullable=False),
    Column("labelset", String(64), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("item", BigInteger, nullable=False),
    Column("annotator", String(ANNOTATOR), nullable=False),
    Column("version", Integer, nullable=False),
    Column("action", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("value", JSON),
    Column("note", Text, nullable=False, default=""),
    Column("actor", String(128), nullable=False),
    Column("job", String(64)),
    Column("at", Float, nullable=False),
    Column("superseded_by", Integer),
    Column("undone_by", Integer),
    UniqueConstraint(
        "project", "labelset", "item", "annotator", "version", name="label_annotation_version"
    ),
    Index("label_annotation_annotator", "project", "labelset", "annotator", "id"),
    Index("label_annotation_job", "job"),
    sqlite_autoincrement=True,
)

TABLES = (item, lease, cursor, annotation)


@dataclass(frozen=True)
class Scope:
    """One label set of one project."""

    project: str
    name: str

    def of(self, table: Table) -> ColumnElement[bool]:
        """Return the condition that keeps to this label set."""
        return and_(table.c.project == self.project, table.c.labelset == self.name)

    @property
    def columns(self) -> dict[str, Any]:
        """Return the two columns as values to insert."""
        return {"project": self.project, "labelset": self.name}

    @property
    def lock(self) -> str:
        """Return the name of the lock that serialises writers of this set."""
        return f"label:{self.project}:{self.name}"
