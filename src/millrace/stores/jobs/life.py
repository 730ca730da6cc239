"""One life of one job: drive the op in its shape, record every event behind the fence."""

import time
from collections.abc import Callable, Generator
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Connection, Row, delete, select

from millrace.core import clock, policy
from millrace.core.catalog import find
from millrace.core.context import Context
from millrace.core.errors import InvalidInput
from millrace.core.events import Event, Progress
from millrace.core.failpoints import failpoint
from millrace.core.ids import digest
from millrace.core.policy import Actor
from millrace.core.registry import Op, of_function
from millrace.core.workspace import Workspace
from millrace.kinds import interrupt
from millrace.kinds.rows import RowsParams, RowsResult
from millrace.stores import tables
from millrace.stores.datasets import Datasets
from millrace.stores.fence import fence
from millrace.stores.jobs import record
from millrace.stores.sql import Database

OnEvent = Callable[[Event], None]
Run = Callable[[str, OnEvent | None], Any]
Left = Callable[[], bool]
PROGRESS_EVERY = 0.2  # [s]
LOOK_EVERY = 0.25  # [s]


def never() -> bool:
    """Say that whoever asked still waits."""
    return False


class Life:
    """One attempt at a job by one executor, under one epoch."""

    def __init__(
        self,
        workspace: Workspace,
        row: Row[Any],
        on_event: OnEvent | None,
        run: Run,
        left: Left = never,
    ) -> None:
        self.workspace = workspace
        self.database = workspace.use(Database)
        self.row = row
        self.on_event = on_event
        self.run = run
        self.began = time.monotonic()
        self._progress_at = 0.0
        self._looked_at = 0.0
        self._flags = (False, False)
        self._children = 0
        self.ctx = Context(
            workspace=workspace,
            actor=Actor(**row.actor),
            project=row.project,
            seed=workspace.settings.seed,
            job=row.id,
            epoch=row.epoch,
            checkpoint=self._checkpoint(),
            sink=self.handle,
            stopping=lambda: self._look()[1],
            cancelled=lambda: left() or self._look()[0],
            caller=self._call,
        )

    def drive(self) -> BaseModel:
        """Run the op to its end and return its result."""
        op = find(self.row.op)
        params = op.validate(self.row.params)
        if op.shape == "rows":
            return run_rows(op, params, self.ctx)
        if op.shape == "steps":
            return self._steps(op.function(params, self.ctx))
        return op.function(params, self.ctx)

    def handle(self, event: Event) -> None:
        """Record one event behind the fence; progress is thinned out."""
        interrupt.check()
        if self.on_event is not None:
            self.on_event(event)
        if event.kind == "progress" and time.monotonic() - self._progress_at < PROGRESS_EVERY:
            self.ctx.check()
            return
        if event.kind == "checkpoint":
            failpoint("checkpoint.before")
        with self.database.begin() as connection:
            fence(connection, self.ctx)
            self._store(connection, event)
        if event.kind == "checkpoint":
            failpoint("checkpoint.after")

    def _store(self, connection: Connection, event: Event) -> None:
        if event.kind == "checkpoint":
            table = tables.job_checkpoint
            connection.execute(delete(table).where(table.c.job == self.row.id))
            connection.execute(
                table.insert().values(job=self.row.id, state=event.data, at=clock.now())
            )
            return
        if event.kind == "progress":
            self._progress_at = time.monotonic()
            connection.execute(
                tables.job.update()
                .where(tables.job.c.id == self.row.id)
                .values(
                    done=event.data.get("done", 0),
                    total=event.data.get("total"),
                    note=str(event.data.get("note", ""))[:500],
                    busy=self.busy(),
                )
            )
        self.database.emit(
            connection, event.kind, event.data, job=self.row.id, project=self.row.project
        )

    def busy(self) -> float:
        """Return the seconds this job has run in all its lives."""
        return float(self.row.busy) + time.monotonic() - self.began

    def _steps(self, generator: Generator[Event, None, BaseModel]) -> BaseModel:
        try:
            while True:
                try:
                    event = next(generator)
                except StopIteration as stop:
                    return stop.value
                self.handle(event)
        finally:
            generator.close()

    def _checkpoint(self) -> dict[str, Any] | None:
        table = tables.job_checkpoint
        with self.database.read() as connection:
            return connection.execute(
                select(table.c.state).where(table.c.job == self.row.id)
            ).scalar()

    def _look(self) -> tuple[bool, bool]:
        """Return (must end, stopping), read from SQL at most every 0.25 s."""
        if time.monotonic() - self._looked_at >= LOOK_EVERY:
            self._looked_at = time.monotonic()
            with self.database.read() as connection:
                lines = record.ancestry(connection, self.row.id)
            wanted = record.asked(lines)
            taken = lines[0].epoch != self.ctx.epoch
            self._flags = (wanted is not None or taken, any(line.stopping for line in lines))
        return self._flags

    def _call(self, function: Callable[..., Any], params: BaseModel, ctx: Context) -> Any:
        """Run another op as a child of this job; a child already done is not run again."""
        op = of_function(function)
        policy.check(ctx.actor, op.name, op.effect, op.also)
        if op.effect == "read" and op.shape == "plain":
            return op.function(params, ctx.but(job=None, sink=self.handle))
        self._children += 1
        plain = params.model_dump(mode="json")
        key = f"{self.row.id}/{self._children}/{op.name}/{digest(plain)[:12]}"
        with self.database.begin() as connection:
            fence(connection, ctx)
            made, _ = record.insert(
                self.database,
                connection,
                op,
                plain,
                ctx.actor,
                project=ctx.project,
                key=key,
                parent=self.row.id,
                executor=self.row.executor,
            )
            record.move(
                self.database, connection, made, ("failed", "cancelled", "paused"), "queued"
            )
        return self.run(made, self.on_event)


def run_rows(op: Op, params: BaseModel, ctx: Context) -> RowsResult:
    """Stream a snapshot through a rows-op: one staged batch at a time, one publish."""
    assert isinstance(params, RowsParams)
    datasets = ctx.use(Datasets)
    source = datasets.info(params.dataset, ctx.project)
    if not source.rows:
        raise InvalidInput(f"'{source.ref}' has no rows.", "Name a version that has some.")
    name = params.output or source.name
    stage = datasets.stage(ctx, name, "replace")
    done = int(stage.cursor or 0)
    batches = -(-source.rows // params.batch_rows)
    facts = {"op": op.name, "op_version": op.version, "params": params.model_dump(mode="json")}
    if stage.base.state == "staging":
        stream = datasets.scan(
            source.ref, batch_rows=params.batch_rows, offset=done, project=ctx.project
        )
        for batch in stream:
            done += batch.num_rows
            stage.add(op.function(batch, params, ctx), done)
            ctx.sink(Progress.of(done, source.rows))
    rows_out = stage.rows
    ref = stage.publish(parents=[source.ref], meta=facts)
    return RowsResult(dataset=ref, rows_in=source.rows, rows_out=rows_out, batches=batches)
