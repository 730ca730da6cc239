"""Ops that watch deployments."""

from millrace.core.context import Context
from millrace.core.registry import op
from millrace.monitor.log.types import RequestsParams, RequestsResult
from millrace.monitor.types import SummaryParams, SummaryResult
from millrace.monitor.watching.types import (
    LONGEST,
    AcknowledgeParams,
    Alert,
    Alerts,
    AlertsParams,
    Checks,
    ChecksParams,
    OneWatch,
    Removed,
    Watch,
    Watches,
    WatchesParams,
    WatchParams,
)


@op("monitor.summary", effect="read")
def summary(params: SummaryParams, ctx: Context) -> SummaryResult:
    """Sum up a deployment's traffic, latency, errors and cost.

    Reads the requests that the deployment logs; when it logs a sample, so are the figures.
    Latencies are exact quantiles of what was logged. A bucket without traffic is shown as such.
    Writes: nothing.     Cost: O(n log n); seven columns of the window in memory.
    Errors: not_found, no such deployment and no log of one; invalid_input, the window ends
    before it begins or has too many buckets.
    """
    from millrace.monitor import report

    return report.summary(params, ctx)


@op("monitor.requests", effect="read")
def requests(params: RequestsParams, ctx: Context) -> RequestsResult:
    """Show the logged requests of a deployment, the newest first.

    Filters add up. A page goes on where the page above ended, also while new requests come in.
    Writes: nothing.     Cost: one pass over ids and times, and over the texts when one is
    searched for; about 60 CPU-ms for 100,000 requests.
    Errors: not_found, no such deployment and no log of one; invalid_input, the window ends
    before it begins, or a 'before' that no page gave.
    """
    from millrace.monitor.log import reading

    return reading.page(params, ctx)


@op("monitor.watch", effect="write")
def watch(params: WatchParams, ctx: Context) -> Watch:
    """Watch a deployment's inputs for drift.

    `flows.check_drift` makes the checks that are due; a schedule runs it. Setting up a watch
    that exists changes it.
    Writes: one watch.
    Errors: not_found, no such deployment or reference; invalid_input, the reference or the model
    has no such column.
    """
    from millrace.core.ids import parse_ref
    from millrace.monitor import store
    from millrace.monitor.watching import reading
    from millrace.stores.artifacts import Artifacts
    from millrace.stores.datasets import Datasets

    deployment = parse_ref(params.deployment, "deployment").name
    found = ctx.use(Artifacts).get(deployment, "deployment", ctx.project)
    parents = [f"deployment:{deployment}"]
    if params.reference is None:
        reading.need_inputs(ctx, found, params.columns or [])
    else:
        snapshot = ctx.use(Datasets).info(params.reference, ctx.project)
        snapshot.need(*(params.columns or []))
        parents.append(snapshot.ref)
    name = params.name or deployment[:LONGEST]
    meta = params.model_dump(exclude={"name"}) | {"deployment": f"deployment:{deployment}"}
    made = store.add(ctx, store.WATCH, name, meta, parents)
    return reading.watches(ctx, made.ref)[0]


@op("monitor.watches", effect="read")
def watches(params: WatchesParams, ctx: Context) -> Watches:
    """List what is watched, when it was last checked, and what is due."""
    from millrace.monitor.watching import reading

    del params
    return Watches(watches=reading.watches(ctx))


@op("monitor.unwatch", effect="write")
def unwatch(params: OneWatch, ctx: Context) -> Removed:
    """Stop a watch; its checks and alerts stay.

    Errors: not_found, no such watch.
    """
    from millrace.core.ids import parse_ref
    from millrace.monitor import store

    return Removed(watch=store.remove(ctx, parse_ref(params.watch, store.WATCH).name).ref)


@op("monitor.checks", effect="read")
def checks(params: ChecksParams, ctx: Context) -> Checks:
    """Show how far each column had drifted at every check of a watch.

    Errors: not_found, no such watch.
    """
    from millrace.core.ids import parse_ref
    from millrace.monitor import store
    from millrace.monitor.watching import reading
    from millrace.stores.artifacts import Artifacts

    name = parse_ref(params.watch, store.WATCH).name
    ctx.use(Artifacts).get(name, store.WATCH, ctx.project)
    return Checks(checks=reading.checks(ctx, name, params.limit))


@op("monitor.alerts", effect="read")
def alerts(params: AlertsParams, ctx: Context) -> Alerts:
    """List drift alerts, the newest first: those nobody has dealt with, or all."""
    from millrace.monitor.watching import reading

    fitting, waiting = reading.chosen(ctx, params)
    shown = fitting[params.offset : params.offset + params.limit]
    return Alerts(alerts=[reading.alert(one) for one in shown], total=len(fitting), open=waiting)


@op("monitor.acknowledge", effect="write")
def acknowledge(params: AcknowledgeParams, ctx: Context) -> Alert:
    """Say that somebody has seen an alert and need not be reminded.

    To have its rows labelled, run `flows.review_drift`; one dealt with stays as it is.
    Errors: not_found, no such alert.
    """
    from millrace.monitor import store
    from millrace.monitor.watching import reading

    found = store.change(ctx, params.alert, ("open",), state="acknowledged", note=params.note)
    return reading.alert(found)
