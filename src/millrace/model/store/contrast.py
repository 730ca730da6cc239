"""Two versions side by side, from what is stored of them."""

from collections.abc import Sequence

from millrace.core.context import Context
from millrace.core.errors import NotFound
from millrace.core.ids import parse_ref
from millrace.model.engine.difference import apart
from millrace.model.store import reading
from millrace.model.types import CompareResult, FactLine, Names
from millrace.services.predictor.manifest import Manifest
from millrace.stores.artifacts import Artifact
from millrace.stores.models import Models

CHAMPION = "champion"


def compare(ctx: Context, model: str, to: str | None) -> CompareResult:
    """Return what changes where one version takes the other's place."""
    models = ctx.use(Models)
    now = models.get(model, ctx.project)
    old = _other(ctx, now, to)
    if old is None:
        said = f"No version of '{now.name}' is the champion, so there is nothing to compare with."
        nothing = Names(added=[], removed=[])
        return CompareResult(
            model=now.ref, to="", metrics=[], facts=[], features=nothing, classes=nothing,
            notes=[said],
        )  # fmt: skip
    before, after = reading.manifest(ctx, old), reading.manifest(ctx, now)
    figures = reading.figures(ctx, old, now)
    notes = [] if old.ref != now.ref else ["Both are the same version."]
    if not any(line.dataset for line in figures):
        notes.append("Both were not evaluated on the same dataset: run 'evaluation.run' on one.")
    told = _facts(ctx, now, after)
    return CompareResult(
        model=now.ref,
        to=old.ref,
        metrics=figures,
        facts=[
            FactLine(name=name, before=was, after=told[name])
            for name, was in _facts(ctx, old, before).items()
            if was != told[name]
        ],
        features=_names([f.name for f in before.features], [f.name for f in after.features]),
        classes=_names([str(c) for c in before.classes], [str(c) for c in after.classes]),
        notes=notes,
    )


def _other(ctx: Context, now: Artifact, to: str | None) -> Artifact | None:
    if to is not None:
        return ctx.use(Models).get(to, ctx.project)
    try:
        return ctx.use(Models).get(f"{parse_ref(now.ref, 'model').name}@{CHAMPION}", ctx.project)
    except NotFound:
        return None


def _facts(ctx: Context, found: Artifact, made: Manifest) -> dict[str, str]:
    weights = made.weights()
    sources = [ref for ref in reading.parents(ctx, found.ref) if ref.startswith("dataset:")]
    return {
        "task": made.task,
        "target": made.target,
        "metric": made.metric,
        "rows": str(made.rows),
        "training data": ", ".join(sources),
        "encoder": made.encoder.name if made.encoder else "",
        "chosen": made.chosen,
        "members": ", ".join(f"{name} {share:.2f}" for name, share in weights.items()),
    }


def _names(before: Sequence[str], after: Sequence[str]) -> Names:
    added, removed = apart(before, after)
    return Names(added=added, removed=removed)
