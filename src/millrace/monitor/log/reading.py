"""From a deployment's log to one page of requests."""

from typing import Any

from millrace.core.context import Context
from millrace.core.errors import InvalidInput, NotFound
from millrace.core.ids import parse_ref
from millrace.monitor import engine as sums
from millrace.monitor import report
from millrace.monitor.log import engine
from millrace.monitor.log.types import RequestLine, RequestsParams, RequestsResult
from millrace.stores.datasets import Datasets, Snapshot

SHOWN = (*sums.COLUMNS, "request_id", "inputs", "outputs")
BATCH = 8192


def page(params: RequestsParams, ctx: Context) -> RequestsResult:
    """Find what fits, order it by time, and read the rows of one page."""
    report.check_window(params.since, params.until)
    name = parse_ref(params.deployment, "deployment").name
    try:
        snapshot = ctx.use(Datasets).info(f"dataset:requests-{name}", ctx.project)
    except NotFound:
        report.need_deployment(name, ctx)  # a wrong name must not look like a quiet deployment
        return RequestsResult(
            deployment=name,
            dataset=None,
            requests=[],
            matching=0,
            next=None,
            notes=[f"No request of '{name}' has been logged yet."],
        )
    snapshot.need("at")
    ids, at = _fitting(params, snapshot, ctx)
    places = engine.order(at, ids)
    if params.before is not None:
        places = places[engine.behind(at[places], ids[places], _cursor(params.before))]
    shown = places[: params.limit]
    last = shown[-1] if len(places) > params.limit else None
    return RequestsResult(
        deployment=name,
        dataset=snapshot.ref,
        requests=_lines(snapshot, ids[shown].tolist(), ctx),
        matching=len(ids),
        next=None if last is None else f"{at[last]!r}~{ids[last]}",
        notes=report.notes(name, ctx),
    )


def _fitting(params: RequestsParams, snapshot: Snapshot, ctx: Context) -> engine.Part:
    """Return ids and times of the requests that fit; only these two stay in memory."""
    wanted = {"_id", "at"} | (set(engine.TEXTS) if params.text else set())
    columns = [column for column in snapshot.schema.names if column in wanted]
    parts: list[engine.Part] = []
    stream = ctx.use(Datasets).scan(
        snapshot.ref, columns, _where(params, snapshot), batch_rows=BATCH, project=ctx.project
    )
    for batch in stream:
        ctx.check()
        parts.append(engine.kept(batch, sums.seconds(batch), params.text))
    return engine.joined(parts)


def _where(params: RequestsParams, snapshot: Snapshot) -> str | None:
    # Numbers by type and a model's checked name: nothing of a user's text enters the filter.
    parts = report.bounds(params.since, params.until, snapshot)
    if params.status is not None:
        parts.append(f"status = {params.status}")
    if params.failed is not None:
        parts.append("status >= 400" if params.failed else "status < 400")
    if params.model is not None:
        ref = parse_ref(params.model, "model")
        if not isinstance(ref.version, int):
            raise InvalidInput(
                f"'{params.model}' does not say which version.",
                "Write its number: requests are logged by version.",
                field="model",
            )
        parts.append(f"model = '{ref}'")
    return " AND ".join(parts) or None


def _cursor(text: str) -> tuple[float, int]:
    at, _, number = text.partition("~")
    try:
        return float(at), int(number)
    except ValueError as error:
        raise InvalidInput(
            f"'{text[:60]}' is no place in the log.",
            "Send what the page above gave as 'next'.",
            field="before",
        ) from error


def _lines(snapshot: Snapshot, ids: list[int], ctx: Context) -> list[RequestLine]:
    columns = [column for column in SHOWN if column in snapshot.schema.names]
    table = ctx.use(Datasets).take(snapshot.ref, ids, columns, project=ctx.project)
    times = sums.seconds(table).tolist()
    return [_line(row, at) for row, at in zip(table.to_pylist(), times, strict=True)]


def _line(row: dict[str, Any], at: float) -> RequestLine:
    inputs, cut_inputs = engine.cut(row.get("inputs"))
    outputs, cut_outputs = engine.cut(row.get("outputs"))
    return RequestLine(
        at=at,
        request_id=str(row.get("request_id") or ""),
        model=str(row.get("model") or ""),
        rows=int(row.get("rows") or 0),
        latency_ms=row.get("latency_ms"),
        status=int(row.get("status") or 0),
        error=row.get("error"),
        cost=row.get("cost"),
        inputs=inputs,
        outputs=outputs,
        cut=cut_inputs or cut_outputs,
    )
