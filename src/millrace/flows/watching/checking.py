"""Check what is due: cut the window out of the log, test it, keep the check and its alert."""

from collections.abc import Generator
from typing import Any

from millrace.core import clock
from millrace.core.context import Context
from millrace.core.errors import InvalidInput, NotFound
from millrace.core.events import Checkpoint, Event, Progress
from millrace.core.ids import parse_ref
from millrace.drift import ops as drift
from millrace.drift.types import TestParams, TestResult
from millrace.flows.watching.types import Checked, CheckParams, CheckResult
from millrace.monitor.watching.types import Watch
from millrace.stores.artifacts import Artifact, Artifacts

MOST_ROWS = 20_000
MOST_REQUESTS = 100_000
REQUESTS = "requests-"


def check(params: CheckParams, ctx: Context) -> Generator[Event, None, CheckResult]:
    """Check every due watch; the windows end where the job first began."""
    from millrace.monitor import store
    from millrace.monitor.watching import reading

    now = (ctx.checkpoint or {}).get("now")
    if now is None:
        now = clock.now()
        yield Checkpoint(data={"now": now})
    found = reading.watches(ctx, params.watch)
    done: list[Checked] = []
    for at, watch in enumerate(found):
        yield Progress.of(at, len(found), watch.name)
        # An earlier life of this job may have kept the check already.
        made = store.made_by(ctx, store.CHECK, watch.name)
        if made is not None:
            done.append(_told(ctx, watch, made))
        elif watch.due or params.force:
            done.append(_one(ctx, watch, now))
        else:
            done.append(_skipped(watch, "not due", "It is not time yet."))
        yield Event(kind="checked", data=done[-1].model_dump())
    return CheckResult(checked=done, alerts=[one.alert for one in done if one.alert])


def reference_of(ctx: Context, deployment: str) -> str:
    """Return the dataset that the model behind a deployment learnt from.

    Errors: not_found, no such deployment or model; invalid_input, its model does not say.
    """
    artifacts = ctx.use(Artifacts)
    found = artifacts.get(deployment, "deployment", ctx.project)
    return learnt_from(ctx, artifacts.get(str(found.meta["model"]), "model", ctx.project))


def learnt_from(ctx: Context, model: Artifact) -> str:
    """Return the dataset version a model was trained on.

    Errors: invalid_input, nothing is recorded of it.
    """
    edges = ctx.use(Artifacts).lineage(model.ref, ctx.project, depth=1)
    parents = [parent for parent, child in edges if child == model.ref]
    datasets = [parent for parent in parents if parent.startswith("dataset:")]
    if not datasets:
        raise InvalidInput(
            f"'{model.ref}' does not say what it learnt from.",
            "Name the 'reference' dataset.",
            field="reference",
        )
    return datasets[0]


def window(
    ctx: Context, deployment: str, reference: str, name: str, since: float | None, until: float
) -> tuple[str | None, int]:
    """Write the rows asked about within a window as a dataset; return its version and rows."""
    from millrace.flows.watching import engine
    from millrace.monitor import report
    from millrace.stores.datasets import Datasets

    datasets = ctx.use(Datasets)
    source = parse_ref(deployment, "deployment").name
    try:
        log = datasets.info(f"dataset:{REQUESTS}{source}", ctx.project)
    except NotFound:
        return None, 0
    about = {"deployment": source, "since": since, "log": log.ref}
    there = _written(ctx, name, about) if since is None else None
    if there is not None:  # nothing was logged since
        return there.ref, int(there.meta["rows"])
    where = " AND ".join([*report.bounds(since, until, log), "status < 400"])
    columns = [column for column in ("inputs", "outputs") if column in log.schema.names]
    kept = datasets.read(log.ref, ["at", *columns], filter=where, project=ctx.project)
    newest = kept.sort_by([("at", "descending")]).slice(0, MOST_REQUESTS)
    like = datasets.info(reference, ctx.project).schema
    table = engine.rows(newest, like, MOST_ROWS)
    if not table.num_rows:
        return None, 0
    meta = {"window": about}
    parents = [log.ref, f"deployment:{source}"]
    return datasets.write(ctx, name, table, parents=parents, meta=meta), table.num_rows


def _written(ctx: Context, name: str, about: dict[str, Any]) -> Artifact | None:
    try:
        found = ctx.use(Artifacts).get(name, "dataset", ctx.project)
    except NotFound:
        return None
    return found if found.meta.get("window") == about else None


def _one(ctx: Context, watch: Watch, now: float) -> Checked:
    from millrace.monitor import store

    try:
        reference = watch.reference or reference_of(ctx, watch.deployment)
    except InvalidInput as error:
        return _skipped(watch, "no reference", str(error))
    name = f"window-{watch.name}"
    since = now - watch.window
    current, rows = window(ctx, watch.deployment, reference, name, since, now)
    if current is None or rows < watch.least:
        return _skipped(
            watch,
            "too few rows",
            f"{rows} rows were asked about in this window; {watch.least} are needed.",
            rows=rows,
        )
    tested: TestResult = ctx.call(
        drift.test,
        TestParams(reference=reference, current=current, columns=watch.columns, alpha=watch.alpha),
    )
    meta = _meta(watch, tested, now)
    parents = [watch.watch, tested.reference, tested.current]
    made, alert = store.record(
        ctx, ctx.use(Artifacts).get(watch.watch, store.WATCH, ctx.project), meta, parents
    )
    del made
    return _checked(watch, meta, alert)


def _meta(watch: Watch, tested: TestResult, now: float) -> dict[str, Any]:
    shown = {"column", "kind", "drifted", "size", "strength", "adjusted_p", "says"}
    return {
        "deployment": watch.deployment,
        "reference": tested.reference,
        "current": tested.current,
        "rows": tested.rows_current,
        "drifted": tested.drifted,
        "verdict": tested.verdict,
        "columns": [one.model_dump(include=shown) for one in tested.columns],
        "at": now,
    }


def _told(ctx: Context, watch: Watch, made: Artifact) -> Checked:
    """Say again what this job found before it was stopped."""
    from millrace.monitor import store

    alert = None
    if made.meta["drifted"]:
        name = store.alert_name(watch.name, made.meta["reference"], made.meta["current"])
        alert = ctx.use(Artifacts).get(name, store.ALERT, ctx.project)
    return _checked(watch, made.meta, alert)


def _checked(watch: Watch, meta: dict[str, Any], alert: Artifact | None) -> Checked:
    return Checked(
        watch=watch.name,
        deployment=watch.deployment,
        reference=meta["reference"],
        current=meta["current"],
        rows=meta["rows"],
        drifted=meta["drifted"],
        verdict=meta["verdict"],
        alert=alert.ref if alert else None,
        skipped="",
    )


def _skipped(watch: Watch, why: Any, verdict: str, rows: int = 0) -> Checked:
    return Checked(
        watch=watch.name,
        deployment=watch.deployment,
        reference=None,
        current=None,
        rows=rows,
        drifted=None,
        verdict=verdict,
        alert=None,
        skipped=why,
    )
