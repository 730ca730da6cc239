"""Write a new version batch by batch: staged out of sight, published once."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, delete, select

from millrace.core.context import Context
from millrace.core.errors import Conflict, InvalidInput, choices
from millrace.core.failpoints import failpoint
from millrace.core.ids import Ref, new_id
from millrace.stores import tables
from millrace.stores.artifacts import Artifacts
from millrace.stores.datasets.lake import NEXT_ID, TOKEN, Lake
from millrace.stores.fence import fence
from millrace.stores.sql import Database

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


class Stage:
    """One dataset being written by one job.

    Each `add` writes fragments that no version shows, then records them with the cursor
    in one fenced transaction; `publish` commits them all at once under the job's token.
    A restarted job finds its cursor; a token already published is not published again.
    """

    def __init__(
        self,
        database: Database,
        artifacts: Artifacts,
        lake: Lake,
        ctx: Context,
        name: str,
        mode: str,
    ) -> None:
        self.database = database
        self.artifacts = artifacts
        self.lake = lake
        self.ctx = ctx if ctx.job is not None else ctx.but(job=None)
        self.job = ctx.job or new_id("direct")
        self.name = name
        self.mode = mode
        self.uri = lake.uri(ctx.project, name)
        self.base = self._begin()
        self.schema = self.base.schema
        self._unordered = self.base.batches > 0
        self._top = -1

    @property
    def cursor(self) -> Any:
        """Return the cursor of the last recorded batch; None at the start."""
        return self.base.cursor

    @property
    def rows(self) -> int:
        """Return the rows staged so far."""
        return self.base.rows

    @property
    def _change(self) -> str:
        """Append needs something to stand on; the first version ever replaces nothing."""
        return "append" if self.mode == "append" and self.base.lance_version else "replace"

    @property
    def token(self) -> str:
        """Return the mark that the published version carries."""
        return f"{self.job}/{self.name}"

    def add(self, batch: pa.RecordBatch | pa.Table, cursor: Any) -> None:
        """Stage one batch and move the cursor, in one transaction.

        Errors: invalid_input, columns differ from the first batch; Lost, Cancelled, Paused.
        """
        table = pa.Table.from_batches([batch]) if isinstance(batch, pa.RecordBatch) else batch
        table = self._with_ids(table)
        self._fit(table.schema)
        fragments = self.lake.write(self.uri, table, self._change) if table.num_rows else []
        failpoint("batch.written")
        with self.database.begin() as connection:
            fence(connection, self.ctx)
            connection.execute(
                tables.job_batch.insert().values(
                    job=self.job,
                    name=self.name,
                    batch=self.base.batches,
                    fragments=fragments,
                    rows=table.num_rows,
                )
            )
            changes: dict[str, Any] = {
                "cursor": cursor,
                "rows": self.base.rows + table.num_rows,
                "next_id": self.base.next_id,
            }
            if self.base.batches == 0:
                changes["meta"] = {"schema": _packed(table.schema)}
            self._update(connection, **changes)
            failpoint("batch.before_record")
        failpoint("batch.recorded")
        self.base.batches += 1
        self.base.rows += table.num_rows
        self.base.cursor = cursor

    def publish(self, *, parents: Sequence[str] = (), meta: dict[str, Any] | None = None) -> str:
        """Make everything staged visible as the next version; return its reference.

        Errors: Outdated, another version was published since this stage began; Lost.
        """
        if self.base.state == "published":
            return self._recorded()
        if self.schema is None and self.base.batches == 0:
            raise InvalidInput(f"Nothing was written to '{self.name}'.", "Add at least one batch.")
        with self.database.begin() as connection:
            fence(connection, self.ctx)
            self._update(connection, state="publishing")
        failpoint("publish.marked")
        version = self._commit()
        return self._record(version, list(parents), meta or {})

    def settle(self) -> str | None:
        """Finish a publish that a dead worker had begun; None when it never took effect.

        When it had not, a void commit outruns the dead worker's, should it wake up later.
        """
        if self.base.state == "published":
            return self._recorded()
        newest = self.lake.latest(self.uri)
        if self.base.state != "publishing" or newest == 0:
            return None
        while True:
            found = self.lake.token_at(self.uri, self.token, self.base.lance_version, newest)
            if found is not None:
                return self._record(found, [], {"settled": True})
            schema = self.lake.open(self.uri, newest).schema
            void = {"millrace.void": self.token}
            if self.lake.commit(self.uri, newest, [], schema, "append", void) is not None:
                return None
            newest = self.lake.latest(self.uri)

    def _begin(self) -> Base:
        table = tables.job_stage
        with self.database.begin() as connection:
            fence(connection, self.ctx, publishing=True)
            row = connection.execute(
                select(table).where(table.c.job == self.job, table.c.name == self.name)
            ).first()
            if row is not None:
                batches = connection.execute(
                    select(tables.job_batch.c.batch).where(
                        tables.job_batch.c.job == self.job, tables.job_batch.c.name == self.name
                    )
                ).all()
                packed = (row.meta or {}).get("schema")
                schema = _unpacked(packed) if packed else None
                return Base(
                    row.base, row.next_id, row.rows, row.cursor, len(batches), row.state, schema
                )
            base = self._latest(connection)
            connection.execute(
                table.insert().values(
                    job=self.job,
                    name=self.name,
                    project=self.ctx.project,
                    mode=self.mode,
                    state="staging",
                    base=base.lance_version,
                    next_id=base.next_id,
                )
            )
        return base

    def _latest(self, connection: Connection) -> Base:
        """Return what stands now: the newest version ever, deleted ones included."""
        table = tables.artifact
        meta = connection.execute(
            select(table.c.meta)
            .where(
                table.c.project == self.ctx.project,
                table.c.kind == "dataset",
                table.c.name == self.name,
            )
            .order_by(table.c.version.desc())
            .limit(1)
        ).scalar()
        if meta is None:
            return Base(0)
        return Base(meta["lance_version"], meta["next_id"] if self.mode == "append" else 0)

    def _kept(self) -> int | None:
        """Return the Lance version whose rows stay when versions on top of it were deleted.

        None: nothing was deleted. 0: everything was. Versions newer than this stage's base do
        not count: they are other writers', and the commit fails on them.
        """
        table = tables.artifact
        with self.database.read() as connection:
            metas = connection.execute(
                select(table.c.meta)
                .where(
                    table.c.project == self.ctx.project,
                    table.c.kind == "dataset",
                    table.c.name == self.name,
                    table.c.deleted_at.is_(None),
                )
                .order_by(table.c.version.desc())
            ).scalars()
            known = (int(meta["lance_version"]) for meta in metas)
            newest = next((version for version in known if version <= self.base.lance_version), 0)
        return None if newest == self.base.lance_version else newest

    def _with_ids(self, table: pa.Table) -> pa.Table:
        """Give each row its `_id`: new ones are counted on, given ones are kept on replace."""
        if ID in table.column_names and self.mode != "append":
            return self._kept_ids(table)
        if ID in table.column_names:
            table = table.drop_columns([ID])
        start = self.base.next_id
        numbers = pa.array(np.arange(start, start + table.num_rows, dtype=np.int64))
        self.base.next_id = start + table.num_rows
        field = pa.field(ID, pa.int64(), nullable=False)
        return table.add_column(0, field, numbers)

    def _kept_ids(self, table: pa.Table) -> pa.Table:
        column = table.column(ID)
        if not pa.types.is_integer(column.type) or column.null_count:
            raise InvalidInput(
                f"Column '{ID}' of '{self.name}' must hold whole numbers and no gaps.",
                "Leave it out to have rows numbered.",
            )
        if table.num_rows:
            low, high = pc.min_max(column).as_py().values()  # pyright: ignore[reportAttributeAccessIssue]  # made at run time
            if low <= self._top or pc.count_distinct(column).as_py() < table.num_rows:  # pyright: ignore[reportAttributeAccessIssue]  # made at run time
                self._unordered = True
            self._top = max(self._top, high)
            self.base.next_id = max(self.base.next_id, high + 1)
        field = pa.field(ID, pa.int64(), nullable=False)
        where = table.column_names.index(ID)
        return table.set_column(where, field, column.cast(pa.int64()))

    def _fit(self, schema: pa.Schema) -> None:
        """Hold every batch to one schema; make the dataset when it is the first ever."""
        if self.schema is None:
            known = self._known_schema(schema)
            if known is None:
                self.lake.create(self.uri, schema)
                known = schema
            self.schema = known
        if not self.schema.equals(schema):
            wanted = {field.name: str(field.type) for field in self.schema}
            given = {field.name: str(field.type) for field in schema}
            odd = [n for n in {**wanted, **given} if wanted.get(n) != given.get(n)]
            raise InvalidInput(
                f"The columns of this batch differ from dataset '{self.name}' in "
                f"{choices(odd) or 'their order'}.",
                f"Expected {', '.join(f'{n} {t}' for n, t in list(wanted.items())[:10])}.",
                columns=odd[:10],
            )

    def _known_schema(self, schema: pa.Schema) -> pa.Schema | None:
        newest = self.lake.latest(self.uri)
        if newest == 0:
            return None
        if self.mode == "append" and self.base.lance_version:
            return self.lake.open(self.uri, self.base.lance_version).schema
        return schema

    def _fragments(self) -> list[Any]:
        table = tables.job_batch
        with self.database.read() as connection:
            rows = connection.execute(
                select(table.c.fragments)
                .where(table.c.job == self.job, table.c.name == self.name)
                .order_by(table.c.batch)
            ).scalars()
            return [fragment for row in rows for fragment in row]

    def _commit(self) -> int:
        fragments = self._fragments()
        self._check_ids(fragments)
        properties = {TOKEN: self.token, NEXT_ID: str(self.base.next_id)}
        while True:
            newest = self.lake.latest(self.uri)
            found = self.lake.token_at(self.uri, self.token, self.base.lance_version, newest)
            if found is not None:
                return found
            self._still_on_top(newest)
            with self.database.begin() as connection:
                fence(connection, self.ctx)
            failpoint("publish.fenced")
            schema = self.schema or self.lake.open(self.uri, newest).schema
            kept = self._kept() if self._change == "append" else None
            done = self.lake.commit(
                self.uri, newest, fragments, schema, self._change, properties, kept
            )
            if done is not None:
                return done

    def _still_on_top(self, newest: int) -> None:
        for _, properties in self.lake.commits(self.uri, self.base.lance_version, newest):
            if TOKEN in properties:
                raise Outdated(
                    f"Dataset '{self.name}' got a new version while this one was written.",
                    "Run it again: it starts from the new version.",
                )

    def _check_ids(self, fragments: list[Any]) -> None:
        """Refuse a version in which two rows carry the same id (only if out of order)."""
        if not self._unordered or self.mode == "append":
            return
        seen = np.sort(self.lake.staged_column(self.uri, fragments, ID))
        twice = seen[1:][seen[1:] == seen[:-1]]
        if twice.size:
            raise InvalidInput(
                f"{twice.size} rows of '{self.name}' share their '{ID}' with another row.",
                f"Leave '{ID}' out of the rows you add, so that they are numbered.",
                first=int(twice[0]),
            )

    def _record(self, version: int, parents: list[str], meta: dict[str, Any]) -> str:
        found = self.lake.open(self.uri, version)
        facts = {
            **meta,
            "lance_version": version,
            "rows": found.count_rows(),
            "next_id": int(self.lake.commits(self.uri, version - 1, version)[0][1][NEXT_ID]),
            "mode": self.mode,
            "columns": {field.name: str(field.type) for field in found.schema},
        }
        failpoint("publish.before_record")
        with self.database.begin() as connection:
            fence(connection, self.ctx, publishing=True)
            made = self.artifacts.insert(
                connection, self.ctx, "dataset", self.name, facts, parents=parents
            )
            self._update(connection, state="published", meta={"ref": made.ref})
            connection.execute(
                delete(tables.job_batch).where(
                    tables.job_batch.c.job == self.job, tables.job_batch.c.name == self.name
                )
            )
        failpoint("publish.recorded")
        self.base.state = "published"
        self.lake.tag(self.uri, made.version, version)
        return made.ref

    def _recorded(self) -> str:
        table = tables.job_stage
        with self.database.read() as connection:
            meta = connection.execute(
                select(table.c.meta).where(table.c.job == self.job, table.c.name == self.name)
            ).scalar()
        return str(meta["ref"] if meta else Ref("dataset", self.name))

    def _update(self, connection: Connection, **values: Any) -> None:
        table = tables.job_stage
        connection.execute(
            table.update().where(table.c.job == self.job, table.c.name == self.name).values(values)
        )


def _packed(schema: pa.Schema) -> str:
    return base64.b64encode(schema.serialize().to_pybytes()).decode()


def _unpacked(text: str) -> pa.Schema:
    return pa.ipc.read_schema(pa.py_buffer(base64.b64decode(text)))
