"""What stands in a workspace, as plain values that two moments can be compared by."""

import hashlib
from pathlib import Path
from typing import Any

from sqlalchemy import select

from millrace.core.workspace import Workspace
from millrace.stores import tables
from millrace.stores.datasets import Datasets
from millrace.stores.sql import Database


def artifacts(workspace: Workspace) -> list[tuple[Any, ...]]:
    """Return every artifact that is visible, and the job that made it."""
    table = tables.artifact
    query = (
        select(table.c.kind, table.c.name, table.c.version, table.c.job)
        .where(table.c.deleted_at.is_(None))
        .order_by(table.c.kind, table.c.name, table.c.version)
    )
    with workspace.use(Database).read() as connection:
        return [tuple(row) for row in connection.execute(query)]


def rows(workspace: Workspace) -> dict[str, str]:
    """Return a fingerprint of the rows of every dataset version."""
    found: dict[str, str] = {}
    datasets = workspace.use(Datasets)
    for kind, name, version, _ in artifacts(workspace):
        if kind == "dataset":
            table = datasets.read(f"{name}@{version}")
            text = repr(table.schema.names) + repr(table.to_pylist())
            found[f"{name}@{version}"] = hashlib.sha256(text.encode()).hexdigest()
    return found


def files(folder: Path) -> dict[str, str]:
    """Return a fingerprint of every file of a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
