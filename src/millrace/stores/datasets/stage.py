"""Write a new version batch by batch: staged out of sight, published once."""

from collections.abc import Sequence
from copy import copy
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from lance import LanceOperation
from sqlalchemy import Connection, delete, select

from millrace.core.context import Context
from millrace.core.errors import InvalidInput, choices
from millrace.core.failpoints import failpoint
from millrace.core.ids import Ref, new_id
from millrace.core.policy import Actor
from millrace.stores import tables
from millrace.stores.artifacts import Artifacts
from millrace.stores.datasets import making
from millrace.stores.datasets.lake import NEXT_ID, TOKEN, Lake
from millrace.stores.datasets.standing import (
    ID,
    Base,
    Outdated,
    free_id,
    newest,
    packed,
    stage_of,
    standing_of,
    visible,
)
from millrace.stores.fence import fence
from millrace.stores.sql import Database


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

    @cached_property
    def _covered(self) -> bool:
        """Whether the newest version was deleted, so that rows go behind an older one."""
        return self._change == "append" and self._kept() is not None

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
        how = "replace" if self._covered else self._change
        made = self.lake.write(self.uri, table, how) if table.num_rows else []
        changes: dict[str, Any] = {"next_id": self.base.next_id}
        if self.base.batches == 0:
            changes["meta"] = {"schema": packed(table.schema)}
        self._keep([one.to_json() for one in made], table.num_rows, cursor, changes)

    def _keep(
        self, fragments: list[Any], rows: int, cursor: Any, changes: dict[str, Any] | None = None
    ) -> None:
        """Record fragments with the cursor in one fenced transaction."""
        failpoint("batch.written")
        with self.database.begin() as connection:
            fence(connection, self.ctx)
            connection.execute(
                tables.job_batch.insert().values(
                    job=self.job,
                    name=self.name,
                    batch=self.base.batches,
                    fragments=fragments,
                    rows=rows,
                )
            )
            self._update(connection, cursor=cursor, rows=self.base.rows + rows, **(changes or {}))
            failpoint("batch.before_record")
        failpoint("batch.recorded")
        self.base.batches += 1
        self.base.rows += rows
        self.base.cursor = cursor

    def publish(self, *, parents: Sequence[str] = (), meta: dict[str, Any] | None = None) -> str:
        """Make everything staged visible as the next version; return its reference.

        Errors: Outdated, another version was published since this stage began; Lost.
        """
        if self.base.state == "published":
            return self._recorded()
        if self.schema is None and self.base.batches == 0:
            raise InvalidInput(f"Nothing was written to '{self.name}'.", "Add at least one batch.")
        said: dict[str, Any] = {"parents": list(parents), "meta": meta or {}}
        held = packed(self.schema) if self.schema is not None else None
        with self.database.begin() as connection:
            fence(connection, self.ctx)
            self._update(connection, state="publishing", meta={"schema": held, "said": said})
        failpoint("publish.marked")
        return self._record(self._commit(), said)

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
                return self._record(found, self.base.said)
            void = {"millrace.void": self.token}
            same = making.grown(self.lake, self.uri, newest, [])
            if self.lake.commit(self.uri, newest, same, void) is not None:
                return None
            newest = self.lake.latest(self.uri)

    def _begin(self) -> Base:
        with self.database.begin() as connection:
            fence(connection, self.ctx, publishing=True)
            row = stage_of(connection, self.job, self.name)
            if row is not None:
                batches = connection.execute(
                    select(tables.job_batch.c.batch).where(
                        tables.job_batch.c.job == self.job, tables.job_batch.c.name == self.name
                    )
                ).all()
                return standing_of(row, len(batches))
            base = self._latest(connection)
            connection.execute(
                tables.job_stage.insert().values(
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
        meta = newest(connection, self.ctx.project, self.name)
        if meta is None:
            return Base(0)
        free = 0 if self.mode == "replace" else free_id(connection, self.ctx.project, self.name)
        return Base(meta["lance_version"], free)

    def _kept(self) -> int | None:
        """Return the Lance version whose rows stay when versions on top of it were deleted.

        None: nothing was deleted. 0: everything was.
        """
        with self.database.read() as connection:
            found = visible(connection, self.ctx.project, self.name, self.base.lance_version)
        return None if found == self.base.lance_version else found

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
        if self._change != "append":
            return schema
        kept = self._kept()
        stands = self.base.lance_version if kept is None else kept
        return self.lake.open(self.uri, stands).schema if stands else schema

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
            change = self._made_of(newest, fragments)
            done = self.lake.commit(self.uri, newest, change, properties)
            if done is not None:
                return done

    def _made_of(self, newest: int, fragments: list[Any]) -> LanceOperation.BaseOperation:
        """Return what is committed on top of the newest state."""
        kept = self._kept() if self._change == "append" else 0
        if kept is None:
            return making.grown(self.lake, self.uri, newest, fragments)
        if kept:
            if not self.lake.open(self.uri, kept).schema.equals(self.schema):
                raise self._outdated()
            return making.laid(self.lake, self.uri, kept, fragments)
        schema = self.schema or self.lake.open(self.uri, newest).schema
        return making.replaced(schema, fragments)

    def _still_on_top(self, newest: int) -> None:
        found = self.lake.commits(self.uri, self.base.lance_version, newest)
        others = [(version, said[TOKEN]) for version, said in found if TOKEN in said]
        for version, token in others:
            self._finish(version, token)
        if others:
            raise self._outdated()

    def _finish(self, version: int, token: str) -> None:
        """Record a version whose writer has published it, and perhaps died before it said so.

        Else nobody could write this dataset any more until that writer comes back, and one
        that belongs to no job never does.
        """
        other = copy(self)
        other.job = token.removesuffix(f"/{self.name}")
        job = tables.job
        with self.database.read() as connection:
            row = stage_of(connection, other.job, self.name)
            owner = connection.execute(select(job.c.actor).where(job.c.id == other.job)).scalar()
        if row is None or row.state != "publishing":
            return
        other.mode, other.base = row.mode, standing_of(row, 0)
        other.ctx = self.ctx.but(job=None)
        if owner is not None:
            other.ctx = self.ctx.but(job=other.job, actor=Actor(**owner))
        other._record(version, other.base.said, is_ours=False)

    def _outdated(self) -> Outdated:
        return Outdated(
            f"Dataset '{self.name}' got a new version while this one was written.",
            "Run it again: it starts from the new version.",
        )

    def _check_ids(self, fragments: list[Any]) -> None:
        """Refuse a version in which two rows carry the same id (only if out of order)."""
        if not self._unordered or self.mode != "replace":
            return
        seen = np.sort(self.lake.staged_column(self.uri, fragments, ID))
        twice = seen[1:][seen[1:] == seen[:-1]]
        if twice.size:
            raise InvalidInput(
                f"{twice.size} rows of '{self.name}' share their '{ID}' with another row.",
                f"Leave '{ID}' out of the rows you add, so that they are numbered.",
                first=int(twice[0]),
            )

    def _record(self, version: int, said: dict[str, Any], *, is_ours: bool = True) -> str:
        """Say in SQL what is published, once: another writer may have said it for us."""
        found = self.lake.open(self.uri, version)
        facts = {
            **said["meta"],
            "lance_version": version,
            "rows": found.count_rows(),
            "next_id": int(self.lake.commits(self.uri, version - 1, version)[0][1][NEXT_ID]),
            "mode": self.mode,
            "columns": {field.name: str(field.type) for field in found.schema},
        }
        failpoint("publish.before_record")
        made = None
        with self.database.begin() as connection:
            if is_ours:
                fence(connection, self.ctx, publishing=True)
            if self._claim(connection):
                made = self.artifacts.insert(
                    connection, self.ctx, "dataset", self.name, facts, parents=said["parents"]
                )
                self._update(connection, meta={"ref": made.ref})
                batch = tables.job_batch
                mine = (batch.c.job == self.job) & (batch.c.name == self.name)
                connection.execute(delete(batch).where(mine))
        failpoint("publish.recorded")
        self.base.state = "published"
        if made is None:
            return self._recorded()
        self.lake.tag(self.uri, made.version, version)
        return made.ref

    def _claim(self, connection: Connection) -> bool:
        table = tables.job_stage
        mine = (table.c.job == self.job) & (table.c.name == self.name)
        change = table.update().where(mine, table.c.state == "publishing")
        return connection.execute(change.values(state="published")).rowcount == 1

    def _recorded(self) -> str:
        with self.database.read() as connection:
            row = stage_of(connection, self.job, self.name)
        return str(row.meta["ref"] if row and row.meta else Ref("dataset", self.name))

    def _update(self, connection: Connection, **values: Any) -> None:
        table = tables.job_stage
        connection.execute(
            table.update().where(table.c.job == self.job, table.c.name == self.name).values(values)
        )
