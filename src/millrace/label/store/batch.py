"""Many changes in one transaction: each is made, was there already, or is told as a conflict."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, select

from millrace.core.context import Context
from millrace.core.errors import Conflict, NotFound
from millrace.core.ids import new_id
from millrace.label.store import history
from millrace.label.store.answers import Answers
from millrace.label.store.history import Annotation, Change
from millrace.label.store.tables import Scope, annotation
from millrace.stores.fence import fence

PREFIX = "batch"


@dataclass
class Outcome:
    """What became of each item of a batch."""

    batch: str
    changed: list[Annotation] = field(default_factory=list[Annotation])
    conflicts: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])


def record(answers: Answers, ctx: Context, scope: Scope, changes: list[Change]) -> Outcome:
    """Store the changes in one transaction; a conflict of one leaves the others alone.

    The job is the name of the batch, so a job that runs again writes once.
    """
    job = ctx if ctx.job is not None else ctx.but(job=new_id(PREFIX))
    done = Outcome(str(job.job))
    with answers.database.begin() as connection:
        fence(connection, ctx)
        answers.database.lock(connection, scope.lock)
        before = {row.item: row for row in _of_job(connection, scope, done.batch)}
        for change in changes:
            if change.item in before:
                done.changed.append(history.told(before[change.item], repeated=True))
                continue
            try:
                done.changed.append(answers.change(connection, job, scope, change))
            except (Conflict, NotFound) as error:
                done.conflicts.append((change.item, error.problem))
    return done


def undo(
    answers: Answers, ctx: Context, scope: Scope, annotator: str, batch: str | None
) -> Outcome:
    """Take back what still holds of a batch, in one transaction; the items are not reserved.

    Errors: not_found, this person made no such batch, or took it back already.
    """
    with answers.database.begin() as connection:
        fence(connection, ctx)
        answers.database.lock(connection, scope.lock)
        again = _of_job(connection, scope, ctx.job) if ctx.job is not None else []
        if again:
            return Outcome(batch or "", [history.told(row, repeated=True) for row in again])
        name = batch or _last(connection, scope, annotator)
        rows = [
            row
            for row in _of_job(connection, scope, name)
            if row.annotator == annotator and row.action != "undo" and row.undone_by is None
        ]
        if not rows:
            raise NotFound(
                f"'{annotator}' has no batch '{name[:64]}' to take back in '{scope.name}'.",
                "Name the batch that label.annotate_many told; label.undo takes back one change.",
            )
        done = Outcome(name)
        for row in rows:
            if row.superseded_by is not None:
                done.conflicts.append((row.item, "It was changed since; it stays as it is."))
            else:
                done.changed.append(answers.take_back(connection, ctx, scope, row))
    return done


def _of_job(connection: Connection, scope: Scope, job: str | None) -> list[Row[Any]]:
    query = select(annotation).where(scope.of(annotation), annotation.c.job == job)
    return list(connection.execute(query.order_by(annotation.c.id)))


def _last(connection: Connection, scope: Scope, annotator: str) -> str:
    """Return the job of the person's last change that is not taken back."""
    return str(history.undoable(connection, scope, annotator, None).job or "")
