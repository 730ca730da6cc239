"""Ops that run other ops by the clock."""

from typing import TYPE_CHECKING, Any

from millrace.core.context import Context
from millrace.core.registry import op
from millrace.drivers.schedule import types as t

if TYPE_CHECKING:
    from sqlalchemy import Row

NEVER = frozenset({"schedule", "jobs", "agent"})


@op("schedule.next", effect="read")
def next_times(params: t.NextParams, ctx: Context) -> t.NextResult:
    """Say in words when a cron expression comes, and list its next times.

    Daylight saving time: a fixed hour that is skipped runs right after the gap, one that
    comes twice runs once; expressions with '*' in minute or hour run by elapsed time.
    Writes: nothing.
    Errors: invalid_input, no cron expression, no such zone, or it never comes.
    """
    from itertools import islice

    from millrace.core import clock
    from millrace.drivers.schedule.engine import cron

    after = clock.now() if params.after is None else params.after
    cron.following(params.cron, params.zone, after)
    found = islice(cron.times(params.cron, params.zone, after), params.count)
    return t.NextResult(
        words=cron.words(params.cron, params.zone),
        times=[_moment(at, params.zone) for at in found],
    )


@op("schedule.create", effect="write")
def create(params: t.CreateParams, ctx: Context) -> t.Schedule:
    """Run an op or a pipeline by the clock, on behalf of whoever creates the schedule.

    A pipeline is the op 'pipeline.run' with the pipeline's name. Op, params and rights are
    checked now and at every run. Runs are jobs of the workers: at least one has to live.
    A run that fails does not stop the schedule; a time is never run twice.
    Writes: the schedule.
    Errors: invalid_input, no cron expression, zone or fitting params; not_found, no such op;
    not_allowed, you may not run it; conflict, the name is taken.
    """
    from millrace.core import clock, policy
    from millrace.core.catalog import find
    from millrace.core.errors import InvalidInput, NotAllowed
    from millrace.drivers.schedule.engine import cron
    from millrace.drivers.schedule.store import Schedules

    found = find(params.op)
    if found.group in NEVER:
        raise InvalidInput(
            f"'{found.name}' steers other work and has no schedule.",
            "Schedule the op itself, or 'pipeline.run'.",
            field="op",
        )
    policy.check(ctx.actor, found.name, found.effect, found.also)
    if found.effect not in ("read", "write", *params.allow):
        raise NotAllowed(
            f"'{found.name}' has the effect '{found.effect}', and nobody is asked when it runs.",
            f"If that is meant, add '{found.effect}' to 'allow'.",
            op=found.name,
            effect=found.effect,
        )
    checked = found.validate(params.arguments).model_dump(mode="json", exclude_unset=True)
    next_at = cron.following(params.cron, params.zone, clock.now())
    kept = params.model_dump(mode="json", exclude={"arguments", "allow"})
    kept |= {"params": checked, "next_at": next_at}
    ctx.use(Schedules).add(ctx, kept)
    return _schedule(ctx, ctx.use(Schedules).get(ctx.project, params.name))


@op("schedule.list", effect="read")
def list_schedules(params: t.ListParams, ctx: Context) -> t.Listed:
    """List the schedules with their next and last times.

    Writes: nothing.
    """
    from millrace.drivers.schedule.store import Schedules

    rows = [row for row in ctx.use(Schedules).list(ctx.project) if params.contains in row.name]
    shown = [_schedule(ctx, row) for row in rows[: params.limit]]
    return t.Listed(schedules=shown, total=len(rows))


@op("schedule.show", effect="read")
def show(params: t.ShowParams, ctx: Context) -> t.Shown:
    """Show a schedule with its last runs and its next times.

    Errors: not_found, no such schedule.
    """
    from itertools import islice

    from millrace.core import clock
    from millrace.drivers.schedule.engine import cron
    from millrace.drivers.schedule.store import Schedules
    from millrace.stores.jobs import Jobs

    row = ctx.use(Schedules).get(ctx.project, params.name)
    coming = islice(cron.times(row.cron, row.zone, clock.now()), 5)
    return t.Shown(
        **_schedule(ctx, row).model_dump(),
        runs=_runs(ctx, row, params.limit),
        times=[_moment(at, row.zone) for at in coming] if row.state == "active" else [],
        workers=ctx.use(Jobs).has_workers(),
    )


@op("schedule.pause", effect="write")
def pause(params: t.OneSchedule, ctx: Context) -> t.Schedule:
    """Pause a schedule: nothing runs until it is resumed; a run under way goes on.

    Errors: not_found, no such schedule.
    """
    from millrace.drivers.schedule.store import Schedules

    return _schedule(ctx, ctx.use(Schedules).set_state(ctx, params.name, "paused", None))


@op("schedule.resume", effect="write")
def resume(params: t.OneSchedule, ctx: Context) -> t.Schedule:
    """Resume a paused schedule at its next time.

    Times that passed meanwhile are not run.
    Errors: not_found, no such schedule.
    """
    from millrace.core import clock
    from millrace.drivers.schedule.engine import cron
    from millrace.drivers.schedule.store import Schedules

    row = ctx.use(Schedules).get(ctx.project, params.name)
    next_at = cron.following(row.cron, row.zone, clock.now())
    return _schedule(ctx, ctx.use(Schedules).set_state(ctx, params.name, "active", next_at))


@op("schedule.delete", effect="destructive", also=("editor",))
def delete(params: t.OneSchedule, ctx: Context) -> t.Deleted:
    """Delete a schedule and its history; the jobs it made stay.

    Errors: not_found, no such schedule.
    """
    from millrace.drivers.schedule.store import Schedules

    ctx.use(Schedules).delete(ctx, params.name)
    return t.Deleted(name=params.name)


def _moment(at: float, zone: str) -> t.Moment:
    from millrace.drivers.schedule.engine import cron

    return t.Moment(at=at, local=cron.local(at, zone))


def _schedule(ctx: Context, row: "Row[Any]") -> t.Schedule:
    from millrace.drivers.schedule.engine import cron

    runs = _runs(ctx, row, 1)
    return t.Schedule(
        name=row.name,
        state=row.state,
        cron=row.cron,
        zone=row.zone,
        words=cron.words(row.cron, row.zone),
        op=row.op,
        arguments=row.params,
        missed=row.missed,
        actor=str(row.actor["name"]),
        next=_moment(row.next_at, row.zone) if row.state == "active" else None,
        last=runs[0] if runs else None,
        created_at=row.created_at,
    )


def _runs(ctx: Context, row: "Row[Any]", limit: int) -> list[t.ScheduleRun]:
    from millrace.drivers.schedule.store import Schedules

    return [
        t.ScheduleRun(
            at=found.tick,
            begun_at=found.begun_at,
            missed=found.missed,
            job=found.job,
            state=job.state if job else "gone" if found.job else "refused",
            error=job.error if job else found.error,
        )
        for found, job in ctx.use(Schedules).runs(row.id, limit)
    ]
