"""Versioned datasets: read, scan, take, write, stage, tag, diff, maintain."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, overload

import lance
import numpy as np
import pyarrow as pa

from millrace.core.context import Context
from millrace.core.errors import InvalidInput, NotFound, choices
from millrace.core.ids import parse_ref
from millrace.core.workspace import Workspace
from millrace.stores.artifacts import Artifact, Artifacts
from millrace.stores.datasets.change import CHANGES, Change, Kind
from millrace.stores.datasets.diff import Diff, compare
from millrace.stores.datasets.lake import Lake, asked
from millrace.stores.datasets.stage import ID, Stage
from millrace.stores.sql import Database

WRITE_ROWS = 65_536
AT_ONCE = 32 * 2**20  # bytes
COMPACT_ROWS = 2**20  # rows of a file that is large enough


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
    at_once: int = WRITE_ROWS  # rows, bytes such as images included, that fit into memory

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


class Datasets:
    """Every dataset of a workspace; a version, once published, never changes."""

    def __init__(self, database: Database, artifacts: Artifacts, lake: Lake, scratch: Path) -> None:
        self.database = database
        self.artifacts = artifacts
        self.lake = lake
        self.scratch = scratch

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
        lake = Lake(root, options)
        scratch = workspace.folder("cache")
        return cls(workspace.use(Database), workspace.use(Artifacts), lake, scratch)

    def close(self) -> None:
        """Nothing of its own to release."""

    def info(self, ref: str, project: str = "default") -> Snapshot:
        """Return what a reference stands for.

        Errors: not_found, no such dataset or version.
        """
        found = self.artifacts.get(ref, "dataset", project)
        return _snapshot(found, self._lance(found))

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
        with asked():
            return found.to_table(
                columns=list(columns) if columns is not None else None,
                filter=filter,
                limit=limit,
                offset=offset or None,
            )

    def count(
        self, ref: str, filter: str, among: int | None = None, project: str = "default"
    ) -> tuple[int, int]:
        """Count the rows that fit a compiled filter; return (rows found, rows looked at).

        With `among` only about so many of the first rows are looked at.
        """
        found = self.open_lance(ref, project)
        with asked():
            if among is None:
                return found.count_rows(filter=filter), found.count_rows()
            parts: list[Any] = []
            looked = 0
            for part in found.get_fragments():
                if looked >= among:
                    break
                parts.append(part)
                looked += part.count_rows()
            return found.scanner(filter=filter, fragments=parts).count_rows(), looked

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
        with asked():
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
        """Return the rows with these `_id`s, in the order asked; missing ones are left out.

        Cost: the rows asked for, where ids are places as an import numbers them; else one
        pass over the ids too.
        """
        found = self.open_lance(ref, project)
        _check(found, ref, columns)
        if columns is not None and ID not in columns:
            columns = [ID, *columns]
        wanted = [int(row) for row in ids]
        chosen = list(columns) if columns is not None else None
        with asked():
            place = _places(found, np.unique(np.asarray(wanted, np.int64)))
            places = [place[row] for row in wanted if row in place]
            if not places:
                return found.to_table(columns=chosen, limit=1).slice(0, 0)
            return found.take(places, columns=chosen)

    def cell(self, ref: str, row: int, column: str, project: str = "default") -> Any:
        """Return one value, such as the bytes of an image; None when it is missing.

        Errors: not_found, no such dataset or row; invalid_input, no such column.
        """
        found = self.take(ref, [row], [column], project)
        if not found.num_rows:
            raise NotFound(f"Row {row} is not in '{ref}'.", "Name the '_id' of one of its rows.")
        return found.column(column)[0].as_py()

    @overload
    def stage(self, ctx: Context, name: str, mode: Kind) -> Change: ...
    @overload
    def stage(self, ctx: Context, name: str, mode: str = "replace") -> Stage: ...
    def stage(self, ctx: Context, name: str, mode: str = "replace") -> Stage:
        """Begin (or go on) making the next version of a dataset.

        `replace`, `append`: written batch by batch; `column`, `delete`, `restore`: from the
        files there are.
        """
        if mode in CHANGES:
            return Change(self.database, self.artifacts, self.lake, ctx, name, mode)
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

    def diff(self, old: str, new: str, project: str = "default", shown: int = 0) -> Diff:
        """Compare two versions of one dataset by `_id`, with up to `shown` ids of each kind.

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
        streams = [
            pa.RecordBatchReader.from_batches(
                pa.schema([one.schema.field(name) for name in (ID, *shared)]),
                self.scan(one.ref, [ID, *shared], batch_rows=WRITE_ROWS, project=project),
            )
            for one in (before, after)
        ]
        rows = compare(streams[0], streams[1], shared, shown, self.scratch)
        return Diff(
            *rows.counts,
            sorted(set(kinds) - set(types)),
            sorted(set(types) - set(kinds)),
            sorted(n for n in types if n in kinds and kinds[n] != types[n]),
            shared,
            *rows.ids,
        )

    def compact(
        self, name: str, project: str = "default", *, only_count: bool = False
    ) -> dict[str, int]:
        """Join small files of the newest version; older versions stay readable.

        What is written on top of it begins from the joined files. `only_count`: only count.
        """
        uri = self.lake.uri(project, name)
        found = self.lake.open(uri)
        with asked():
            sizes = [part.count_rows() for part in found.get_fragments()]
            small = sum(size < COMPACT_ROWS for size in sizes)
            facts = {"files": len(sizes), "small": small, "files_removed": 0, "files_added": 0}
            if only_count:
                return facts
            done = found.optimize.compact_files(
                target_rows_per_fragment=COMPACT_ROWS, batch_size=rows_within(found, 8192)
            )
        return {**facts, "files_removed": done.files_removed, "files_added": done.files_added}

    def clean_up(
        self,
        name: str,
        project: str = "default",
        older_than: float = 7 * 86400,
        *,
        only_count: bool = False,
    ) -> tuple[int, int]:
        """Remove files that no published version needs; return (states removed, bytes freed).

        Every published version is tagged first, and tags hold their versions. `only_count`:
        count the states only.
        """
        uri = self.lake.uri(project, name)
        kept = {
            int(found.meta["lance_version"]): found.version
            for found in self.artifacts.versions("dataset", name, project)
        }
        if only_count:
            return self.lake.unneeded(uri, set(kept), older_than), 0
        for version, number in kept.items():
            self.lake.tag(uri, number, version)
        with asked():
            done = self.lake.open(uri).cleanup_old_versions(
                older_than=datetime.timedelta(seconds=older_than),
                error_if_tagged_old_versions=False,
            )
        return int(done.old_versions), int(done.bytes_removed)

    def _lance(self, found: Artifact) -> lance.LanceDataset:
        uri = self.lake.uri(found.project, found.name)
        return self.lake.open(uri, int(found.meta["lance_version"]))


def _snapshot(found: Artifact, table: lance.LanceDataset) -> Snapshot:
    meta, schema = found.meta, table.schema
    is_heavy = any(pa.types.is_binary(t) or pa.types.is_large_binary(t) for t in schema.types)
    return Snapshot(
        found.ref,
        found.name,
        found.version,
        int(meta["rows"]),
        schema,
        int(meta["lance_version"]),
        meta,
        rows_within(table, WRITE_ROWS) if is_heavy else WRITE_ROWS,
    )


def rows_within(table: lance.LanceDataset, most: int) -> int:
    """Return how many rows take about 32 MiB, as they are stored; `most` at most."""
    parts = [fragment.metadata for fragment in table.get_fragments()]
    rows = sum(part.physical_rows for part in parts)
    size = sum(file.file_size_bytes or 0 for part in parts for file in part.files)
    return max(1, min(most, AT_ONCE * rows // size)) if size else most


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
    while True:
        with asked():
            batch = next(stream, None)
        if batch is None:
            break
        held.append(batch)
        rows += batch.num_rows
        while rows >= size:
            joined = pa.Table.from_batches(held).combine_chunks()
            yield joined.slice(0, size).to_batches()[0]
            rest = joined.slice(size)
            held, rows = rest.to_batches(), rest.num_rows
    if rows:
        yield pa.Table.from_batches(held).combine_chunks().to_batches()[0]


def _places(found: lance.LanceDataset, wanted: np.ndarray) -> dict[int, int]:
    """Return {id: place}: an id is most often its own place, else the ids are looked through."""
    rows = found.count_rows()
    guess = wanted[(wanted >= 0) & (wanted < rows)]
    place: dict[int, int] = {}
    if guess.size:
        there = found.take(guess.tolist(), columns=[ID]).column(ID).to_numpy()
        place = {int(row): int(row) for row in guess[there == guess]}
    left = wanted[[int(row) not in place for row in wanted]] if wanted.size else wanted
    at = 0
    for batch in (
        found.scanner(columns=[ID], batch_size=WRITE_ROWS).to_reader() if left.size else ()
    ):
        ids = batch.column(0).to_numpy()
        if ids.size and ids.min() <= left[-1] and ids.max() >= left[0]:
            for hit in np.flatnonzero(np.isin(ids, left)):
                place[int(ids[hit])] = at + int(hit)
        at += ids.size
    return place
