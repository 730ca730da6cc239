"""Versioned datasets: read, scan, take, write, stage, tag, diff, maintain."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import lance
import pyarrow as pa

from millrace.core.context import Context
from millrace.core.errors import InvalidInput, choices
from millrace.core.ids import parse_ref
from millrace.core.workspace import Workspace
from millrace.stores.artifacts import Artifact, Artifacts
from millrace.stores.datasets.lake import Lake, translated
from millrace.stores.datasets.stage import ID, Stage
from millrace.stores.sql import Database

WRITE_ROWS = 65_536


@dataclass(frozen=True)
class Snapshot:
    """One frozen state of a dataset."""

    ref: str
    name: str
    version: int
    rows: int
    schema: pa.Schema
    lance_version: int
    meta: dict[str, Any]

    def need(self, *columns: str) -> None:
        """Raise `invalid_input` unless every column is there."""
        known = [name for name in self.schema.names if name != ID]
        for column in columns:
            if column not in self.schema.names:
                raise InvalidInput(
                    f"Column '{column[:80]}' is not in '{self.ref}'.",
                    f"Its columns are {choices(known)}.",
                    column=column[:80],
                )


@dataclass(frozen=True)
class Diff:
    """How one version differs from an older one, by row id."""

    added: int
    removed: int
    changed: int
    columns_added: list[str]
    columns_removed: list[str]
    columns_retyped: list[str]


class Datasets:
    """Every dataset of a workspace; a version, once published, never changes."""

    def __init__(self, database: Database, artifacts: Artifacts, lake: Lake) -> None:
        self.database = database
        self.artifacts = artifacts
        self.lake = lake

    @classmethod
    def open(cls, workspace: Workspace) -> Self:
        """Open the workspace's folder or the object store its settings name."""
        settings = workspace.settings
        options: dict[str, str] | None = None
        if settings.datasets.startswith("s3://") and settings.s3_endpoint:
            plain = settings.s3_endpoint.startswith("http://")
            options = {
                "aws_endpoint": settings.s3_endpoint,
                "allow_http": "true" if plain else "false",
            }
        root = settings.datasets or str(workspace.folder("datasets"))
        return cls(workspace.use(Database), workspace.use(Artifacts), Lake(root, options))

    def close(self) -> None:
        """Nothing of its own to release."""

    def info(self, ref: str, project: str = "default") -> Snapshot:
        """Return what a reference stands for.

        Errors: not_found, no such dataset or version.
        """
        found = self.artifacts.get(ref, "dataset", project)
        return _snapshot(found, self._lance(found).schema)

    def open_lance(self, ref: str, project: str = "default") -> lance.LanceDataset:
        """Return the Lance dataset behind a version, for engines that take one."""
        return self._lance(self.artifacts.get(ref, "dataset", project))

    def read(
        self,
        ref: str,
        columns: Sequence[str] | None = None,
        filter: str | None = None,
        limit: int | None = None,
        offset: int = 0,
        project: str = "default",
    ) -> pa.Table:
        """Return rows as one Arrow table; `filter` is compiled by kinds.filter, never raw input.

        Cost: the rows asked for in memory. Errors: invalid_input, no such column.
        """
        found = self.open_lance(ref, project)
        _check(found, ref, columns)
        try:
            return found.to_table(
                columns=list(columns) if columns is not None else None,
                filter=filter,
                limit=limit,
                offset=offset or None,
            )
        except (ValueError, OSError) as error:
            raise translated(error) from error

    def scan(
        self,
        ref: str,
        columns: Sequence[str] | None = None,
        filter: str | None = None,
        batch_rows: int = 1000,
        offset: int = 0,
        project: str = "default",
    ) -> Iterator[pa.RecordBatch]:
        """Yield rows in order, `batch_rows` at a time, in bounded memory."""
        found = self.open_lance(ref, project)
        _check(found, ref, columns)
        stream = found.scanner(
            columns=list(columns) if columns is not None else None,
            filter=filter,
            offset=offset or None,
            batch_size=batch_rows,
            batch_readahead=4,
            fragment_readahead=2,
        ).to_reader()
        return _rebatch(stream, batch_rows)

    def take(
        self,
        ref: str,
        ids: Sequence[int],
        columns: Sequence[str] | None = None,
        project: str = "default",
    ) -> pa.Table:
        """Return the rows with these `_id`s, in the order asked; missing ones are left out."""
        wanted = [int(row) for row in ids]
        if columns is not None and ID not in columns:
            columns = [ID, *columns]
        if not wanted:
            return self.read(ref, columns, limit=1, project=project).slice(0, 0)
        listed = ", ".join(map(str, wanted))
        found = self.read(ref, columns, filter=f"{ID} IN ({listed})", project=project)
        place = {row: at for at, row in enumerate(found.column(ID).to_pylist())}
        return found.take([place[row] for row in wanted if row in place])

    def stage(self, ctx: Context, name: str, mode: str = "replace") -> Stage:
        """Begin (or go on) writing the next version of a dataset, batch by batch."""
        if mode not in ("replace", "append"):
            raise InvalidInput(f"The mode is '{mode}'.", "Use 'replace' or 'append'.")
        return Stage(self.database, self.artifacts, self.lake, ctx, name, mode)

    def write(
        self,
        ctx: Context,
        name: str,
        data: pa.Table | pa.RecordBatchReader,
        mode: str = "replace",
        parents: Sequence[str] = (),
        meta: dict[str, Any] | None = None,
    ) -> str:
        """Write a table as the next version of a dataset; return its reference."""
        stage = self.stage(ctx, name, mode)
        if stage.base.state != "staging":
            return stage.publish(parents=parents, meta=meta)
        done = int(stage.cursor or 0)
        batches = (
            [data.slice(at, WRITE_ROWS) for at in range(0, max(data.num_rows, 1), WRITE_ROWS)]
            if isinstance(data, pa.Table)
            else data
        )
        for number, batch in enumerate(batches):
            if number >= done:
                stage.add(batch, number + 1)
        return stage.publish(parents=parents, meta=meta)

    def diff(self, old: str, new: str, project: str = "default") -> Diff:
        """Compare two versions of one dataset by `_id`.

        Errors: invalid_input, two different datasets.
        """
        first, second = parse_ref(old, "dataset"), parse_ref(new, "dataset")
        if first.name != second.name:
            raise InvalidInput(
                f"'{old}' and '{new}' are different datasets.", "Name two versions of one."
            )
        before, after = self.info(old, project), self.info(new, project)
        types = {f.name: str(f.type) for f in before.schema}
        kinds = {f.name: str(f.type) for f in after.schema}
        shared = [name for name in types if kinds.get(name) == types[name] and name != ID]
        rows = [self.read(ref, [ID, *shared], project=project) for ref in (old, new)]
        added, removed, changed = _compare(rows[0], rows[1], shared)
        return Diff(
            added,
            removed,
            changed,
            sorted(set(kinds) - set(types)),
            sorted(set(types) - set(kinds)),
            sorted(n for n in types if n in kinds and kinds[n] != types[n]),
        )

    def compact(self, name: str, project: str = "default") -> dict[str, int]:
        """Join small files of the newest version; older versions stay readable."""
        uri = self.lake.uri(project, name)
        try:
            done = self.lake.open(uri).optimize.compact_files()
        except (ValueError, OSError) as error:
            raise translated(error) from error
        return {"files_removed": done.files_removed, "files_added": done.files_added}

    def clean_up(self, name: str, project: str = "default", older_than: float = 7 * 86400) -> int:
        """Remove files that no published version needs; return the bytes freed.

        Every published version is tagged first, and tags hold their versions.
        """
        uri = self.lake.uri(project, name)
        for found in self.artifacts.versions("dataset", name, project):
            self.lake.tag(uri, found.version, int(found.meta["lance_version"]))
        try:
            done = self.lake.open(uri).cleanup_old_versions(
                older_than=datetime.timedelta(seconds=older_than),
                error_if_tagged_old_versions=False,
            )
        except (ValueError, OSError) as error:
            raise translated(error) from error
        return int(done.bytes_removed)

    def _lance(self, found: Artifact) -> lance.LanceDataset:
        uri = self.lake.uri(found.project, found.name)
        return self.lake.open(uri, int(found.meta["lance_version"]))


def _snapshot(found: Artifact, schema: pa.Schema) -> Snapshot:
    meta = found.meta
    return Snapshot(
        found.ref,
        found.name,
        found.version,
        int(meta["rows"]),
        schema,
        int(meta["lance_version"]),
        meta,
    )


def _check(found: lance.LanceDataset, ref: str, columns: Sequence[str] | None) -> None:
    names = found.schema.names if columns else []  # read once: 5 ms at 10,000 columns
    there = set(names)
    for column in columns or ():
        if column not in there:
            known = [name for name in names if name != ID]
            raise InvalidInput(
                f"Column '{column[:80]}' is not in '{ref}'.",
                f"Its columns are {choices(known)}.",
                column=column[:80],
            )


def _rebatch(stream: pa.RecordBatchReader, size: int) -> Iterator[pa.RecordBatch]:
    """Yield batches of exactly `size` rows (the last may be shorter).

    Lance ends a batch at each fragment, and a cursor counted in batches needs them equal.
    """
    held: list[pa.RecordBatch] = []
    rows = 0
    for batch in stream:
        held.append(batch)
        rows += batch.num_rows
        while rows >= size:
            joined = pa.Table.from_batches(held).combine_chunks()
            yield joined.slice(0, size).to_batches()[0]
            rest = joined.slice(size)
            held, rows = rest.to_batches(), rest.num_rows
    if rows:
        yield pa.Table.from_batches(held).combine_chunks().to_batches()[0]


def _compare(old: pa.Table, new: pa.Table, shared: list[str]) -> tuple[int, int, int]:
    import duckdb

    database = duckdb.connect()
    database.register("old", old)
    database.register("new", new)
    differs = " or ".join(f'(o."{_q(c)}" is distinct from n."{_q(c)}")' for c in shared)
    row = database.execute(
        "select count(*) filter (where o._id is null), count(*) filter (where n._id is null), "
        f"count(*) filter (where o._id = n._id and ({differs or 'false'})) "
        "from old o full join new n on o._id = n._id"
    ).fetchone()
    database.close()
    return row or (0, 0, 0)


def _q(name: str) -> str:
    return name.replace('"', '""')
