"""From stored artifacts to watches, checks and alerts as faces show them."""

from millrace.core import clock
from millrace.core.context import Context
from millrace.core.errors import InvalidInput, NotFound, choices
from millrace.core.ids import parse_ref
from millrace.monitor import store
from millrace.monitor.watching.types import Alert, AlertsParams, Check, Column, Definition, Watch
from millrace.stores.artifacts import Artifact, Artifacts


def watches(ctx: Context, name: str | None = None) -> list[Watch]:
    """Return every watch, or one, with its last check and its open alerts.

    Errors: not_found, no such watch.
    """
    artifacts = ctx.use(Artifacts)
    if name is None:
        found = artifacts.list(store.WATCH, ctx.project)
    else:
        found = [artifacts.get(name, store.WATCH, ctx.project)]
    checked = {one.name: one.created_at for one in artifacts.list(store.CHECK, ctx.project)}
    waiting = [one.meta["watch"] for one in alerts(ctx) if one.meta["state"] == "open"]
    now = clock.now()
    return [_watch(one, checked.get(one.name), waiting.count(one.name), now) for one in found]


def need_inputs(ctx: Context, deployment: Artifact, columns: list[str]) -> None:
    """Say which of these columns a deployment's model does not read.

    Errors: invalid_input, there is one; not_found, no such model.
    """
    if not columns:
        return
    found = ctx.use(Artifacts).get(str(deployment.meta["model"]), "model", ctx.project)
    inputs = [str(name) for name in found.meta.get("features", [])]
    unknown = [name for name in columns if name not in inputs]
    if inputs and unknown:
        raise InvalidInput(
            f"Column '{unknown[0]}' is no input of '{found.ref}'.",
            f"Its inputs are {choices(inputs)}; for others name a 'reference' that has them.",
            field="columns",
        )


def _watch(found: Artifact, checked: float | None, waiting: int, now: float) -> Watch:
    definition = Definition.model_validate(found.meta)
    return Watch(
        **definition.model_dump(),
        watch=found.ref,
        name=found.name,
        created_at=found.created_at,
        checked_at=checked,
        due=checked is None or now - checked >= definition.every,
        open_alerts=waiting,
    )


def checks(ctx: Context, name: str, limit: int) -> list[Check]:
    """Return the newest checks of a watch."""
    try:
        found = ctx.use(Artifacts).versions(store.CHECK, name, ctx.project)[:limit]
    except NotFound:
        return []
    shown = set(Check.model_fields)
    return [
        Check.model_validate(
            {
                **{name: value for name, value in one.meta.items() if name in shown},
                "check": one.ref,
                "at": one.created_at,
            }
        )
        for one in found
    ]


def alerts(ctx: Context) -> list[Artifact]:
    """Return every alert as it stands, the newest first."""
    found = ctx.use(Artifacts).list(store.ALERT, ctx.project)
    return sorted(found, key=lambda one: (-float(one.meta["at"]), one.name))


def chosen(ctx: Context, params: AlertsParams) -> tuple[list[Artifact], int]:
    """Return the alerts that fit, and how many are open in all."""
    every = alerts(ctx)
    name = parse_ref(params.deployment, "deployment").name if params.deployment else None
    fitting = [
        one
        for one in every
        if params.state in ("all", one.meta["state"])
        and name in (None, parse_ref(one.meta["deployment"], "deployment").name)
    ]
    return fitting, sum(one.meta["state"] == "open" for one in every)


def alert(found: Artifact) -> Alert:
    """Return an alert as faces show it."""
    meta = found.meta
    return Alert(
        alert=found.ref,
        state=meta["state"],
        watch=meta["watch"],
        deployment=meta["deployment"],
        reference=meta["reference"],
        current=meta["current"],
        rows=meta["rows"],
        verdict=meta["verdict"],
        columns=[Column.model_validate(one) for one in meta["columns"] if one["drifted"]],
        at=meta["at"],
        changed_at=found.created_at,
        by=meta.get("by"),
        note=meta["note"],
        labelset=meta.get("labelset"),
    )
