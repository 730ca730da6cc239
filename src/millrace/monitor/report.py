"""From a deployment's log to the summary."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from millrace.core import clock
from millrace.core.context import Context
from millrace.core.errors import InvalidInput, NotFound
from millrace.core.ids import parse_ref
from millrace.monitor.types import (
    Bucket,
    Failure,
    ModelTraffic,
    SummaryParams,
    SummaryResult,
    Traffic,
)

if TYPE_CHECKING:
    from millrace.stores.datasets import Snapshot


def summary(params: SummaryParams, ctx: Context) -> SummaryResult:
    """Read the window and sum it up."""
    from millrace.monitor import engine

    if params.last is not None:
        params = _ending_now(params)
    since, until = params.since, params.until
    check_window(since, until)
    name = parse_ref(params.deployment, "deployment").name
    dataset, table = _log(name, since, until, ctx)
    found = engine.requests(table) if table is not None else None
    if found is None or not found.at.size:
        return _silent(name, dataset, params, ctx)
    first = since if since is not None else float(found.at[0])
    last = until if until is not None else float(found.at[-1])
    length = params.bucket or engine.bucket_length(last - first)
    if (last - first) / length >= params.most_buckets:
        raise InvalidInput(
            f"Buckets of {length:g} s cut this window into more than {params.most_buckets}.",
            "Give a longer 'bucket', a shorter window, or raise 'most_buckets'.",
            field="bucket",
        )
    starts = engine.edges(first, last, length)
    seconds = max(last - first, length if since is None and until is None else 0.0)
    total = Traffic.model_validate(engine.traffic(found, seconds))
    failures = [Failure.model_validate(one) for one in engine.failures(found)]
    return SummaryResult(
        deployment=name,
        dataset=dataset,
        verdict=_verdict(name, total, failures),
        since=first,
        until=last,
        bucket=length,
        total=total,
        buckets=[Bucket.model_validate(one) for one in engine.over_time(found, starts, length)],
        models=[ModelTraffic.model_validate(one) for one in engine.by_model(found, seconds)],
        statuses=engine.statuses(found),
        failures=failures,
        notes=notes(name, ctx),
    )


def _ending_now(params: SummaryParams) -> SummaryParams:
    if params.since is not None or params.until is not None:
        raise InvalidInput(
            "'last' stands in place of 'since' and 'until'.",
            "Give either the one or the others.",
            field="last",
        )
    until = clock.now()
    since = max(0.0, until - (params.last or 0.0))
    return params.model_copy(update={"since": since, "until": until})


def check_window(since: float | None, until: float | None) -> None:
    """Raise `invalid_input` unless a window ends after it begins."""
    if since is not None and until is not None and until <= since:
        raise InvalidInput(
            f"The window ends at {until:g}, which is not after its begin, {since:g}.",
            "Give an 'until' later than 'since'.",
            field="until",
        )


def need_deployment(name: str, ctx: Context) -> None:
    """Raise `not_found` unless there is a deployment of that name."""
    from millrace.stores.artifacts import Artifacts

    ctx.use(Artifacts).get(name, "deployment", ctx.project)


def _log(
    name: str, since: float | None, until: float | None, ctx: Context
) -> tuple[str | None, Any]:
    from millrace.monitor import engine
    from millrace.stores.datasets import Datasets

    datasets = ctx.use(Datasets)
    try:
        snapshot = datasets.info(f"dataset:requests-{name}", ctx.project)
    except NotFound:
        return None, None
    snapshot.need("at")
    columns = [column for column in engine.COLUMNS if column in snapshot.schema.names]
    where = " AND ".join(bounds(since, until, snapshot)) or None
    return snapshot.ref, datasets.read(snapshot.ref, columns, filter=where, project=ctx.project)


def bounds(since: float | None, until: float | None, snapshot: "Snapshot") -> list[str]:
    """Return the conditions that keep a window's requests; it takes its begin, not its end."""
    is_time = str(snapshot.schema.field("at").type).startswith("timestamp")
    found = [f"at >= {_moment(since, is_time)}"] if since is not None else []
    found += [f"at < {_moment(until, is_time)}"] if until is not None else []
    return found


def _moment(at: float, is_time: bool) -> str:
    # A bound is a float by type, so nothing of a user's text enters the filter.
    if not is_time:
        return repr(at)
    return f"timestamp '{datetime.fromtimestamp(at, UTC).isoformat(timespec='microseconds')}'"


def notes(name: str, ctx: Context) -> list[str]:
    """Return what limits figures read from the log of a deployment."""
    from millrace.stores.artifacts import Artifacts

    try:
        found = ctx.use(Artifacts).get(name, "deployment", ctx.project)
    except NotFound:
        return [f"The deployment '{name}' does not exist any more."]
    rate = float(found.meta.get("sample", 1.0))
    if rate >= 1:
        return []
    return [f"Only {100 * rate:.3g} % of the requests are logged: counts and cost are of these."]


def _silent(name: str, dataset: str | None, params: SummaryParams, ctx: Context) -> SummaryResult:
    why = f"No request of '{name}' was logged in this window."
    if dataset is None:
        # Without a log a wrong name must not look like a quiet deployment.
        need_deployment(name, ctx)
        why = f"No request of '{name}' has been logged yet."
    nothing = Traffic(
        requests=0,
        rows=0,
        errors=0,
        error_share=0.0,
        server_errors=0,
        per_second=0.0,
        latency_p50=None,
        latency_p95=None,
        latency_p99=None,
        latency_max=None,
        cost=None,
    )
    return SummaryResult(
        deployment=name,
        dataset=dataset,
        verdict=why,
        since=params.since,
        until=params.until,
        bucket=params.bucket,
        total=nothing,
        buckets=[],
        models=[],
        statuses={},
        failures=[],
        notes=[] if dataset else notes(name, ctx),
    )


def _verdict(name: str, total: Traffic, failures: list[Failure]) -> str:
    said = f"'{name}' answered {total.requests:,} requests ({total.per_second:.3g} a second)"
    if total.latency_p50 is not None:
        said += f", half of them within {total.latency_p50:.3g} ms, 99 % within "
        said += f"{total.latency_p99:.3g} ms"
    said += f"; {100 * total.error_share:.2g} % failed"
    if failures and failures[0].error:
        said += f", mostly with '{failures[0].error[:80]}'"
    return f"{said}." if total.cost is None else f"{said}; cost {total.cost:.4g}."
