"""The fence: a job's transaction goes through only while its life is the current one."""

from sqlalchemy import Connection, select

from millrace.core.context import Context
from millrace.core.errors import Cancelled, Conflict
from millrace.stores.tables import job


class Lost(Conflict):
    """Another worker took the job over; this life must stop without a trace."""


class Paused(Cancelled):
    """Somebody paused the job; its state is kept and it can be resumed."""


def fence(connection: Connection, ctx: Context, *, publishing: bool = False) -> None:
    """Prove, inside a transaction, that this life of the job may still write.

    The update takes the row lock, so that a take-over either comes before (and is seen
    here) or after this transaction. Once a version is published (`publishing`), a cancel
    or a pause comes too late and the job ends as done.
    Errors: Lost, taken over; Cancelled and Paused, asked for by somebody.
    """
    if ctx.job is None:
        return
    open_states = ("running", "pausing", "cancelling") if publishing else ("running",)
    proved = connection.execute(
        job.update()
        .where(job.c.id == ctx.job, job.c.epoch == ctx.epoch, job.c.state.in_(open_states))
        .values(epoch=ctx.epoch)
    )
    if proved.rowcount == 1:
        return
    row = connection.execute(select(job.c.epoch, job.c.state).where(job.c.id == ctx.job)).first()
    if row is not None and row.epoch == ctx.epoch:
        if row.state in ("cancelling", "cancelled"):
            raise Cancelled(f"Job '{ctx.job}' was cancelled.", f"'millrace jobs retry {ctx.job}'")
        if row.state in ("pausing", "paused"):
            raise Paused(f"Job '{ctx.job}' is paused.", f"'millrace jobs resume {ctx.job}'")
    raise Lost(f"Job '{ctx.job}' was taken over by another worker.")
