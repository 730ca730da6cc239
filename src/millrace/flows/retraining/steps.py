"""Settle, lay the labels over the training rows, train, judge, compare, name the challenger."""

from collections.abc import Generator
from typing import Any, Literal

from pydantic import BaseModel, Field

from millrace.automl import ops as automl
from millrace.automl.types import TrainParams, TrainResult
from millrace.core.context import Context
from millrace.core.errors import Conflict, InvalidInput, NotFound, choices
from millrace.core.events import Checkpoint, Event, Progress
from millrace.core.failpoints import failpoint
from millrace.core.ids import parse_ref
from millrace.evaluation import ops as evaluation
from millrace.evaluation.types import CompareParams, RunParams
from millrace.flows.retraining.types import RetrainParams, RetrainResult
from millrace.flows.types import Station
from millrace.flows.watching import checking
from millrace.label import ops as label
from millrace.label.types.reports import SettleParams, SettleResult
from millrace.label.types.sets import LabelSet
from millrace.model import ops as model
from millrace.model.types import AliasParams, PromoteParams
from millrace.services.report.evaluation import REPORT_TYPE
from millrace.stores.artifacts import Artifact, Artifacts

CHAMPION, CHALLENGER = "champion", "challenger"
LABEL = "settled_label"
STEPS = 6
SIDES: dict[str, Literal["challenger", "champion", "neither"]] = {
    "a": "challenger",
    "b": "champion",
    "neither": "neither",
}


class Plan(BaseModel):
    """What is fixed when the job first begins, so that a resumed one does the same."""

    labelset: str = Field(description="label set version")
    bound: str = Field(description="dataset version its rows are of")
    champion: str = Field(description="model version trained before")
    train: str = Field(description="dataset version it learnt from")
    holdout: str = Field(description="dataset version both are judged on")
    params: dict[str, Any] = Field(description="settings of its training")


def retrain(params: RetrainParams, ctx: Context) -> Generator[Event, None, RetrainResult]:
    """Do it step by step; each op called is a child job that is never run twice."""
    plan = Plan.model_validate(ctx.checkpoint) if ctx.checkpoint else _plan(params, ctx)
    yield Checkpoint(data=plan.model_dump(mode="json"))
    yield Progress.of(0, STEPS, "settling labels")
    settled: SettleResult = ctx.call(
        label.settle,
        SettleParams(
            labelset=plan.labelset,
            dataset=plan.bound,
            output=_named(plan.labelset, "settled"),
            column=LABEL,
            min_answers=params.min_answers,
            only_labelled=True,
            replace=True,
        ),
    )
    failpoint("retrain.settled")
    dataset, merged = _merge(ctx, plan, settled.dataset)
    failpoint("retrain.merged")
    yield _said("label", f"{merged['labels']} labels settled", dataset)
    yield Progress.of(1, STEPS, "training")
    trained: TrainResult = ctx.call(automl.train, _training(params, plan, dataset))
    failpoint("retrain.trained")
    yield _said("automl", f"{trained.metric} {trained.value:.4g} out of fold", trained.model)
    reports: list[str] = []
    for at, judged in enumerate((plan.champion, trained.model)):
        yield Progress.of(2 + at, STEPS, f"judging {judged}")
        found = ctx.call(evaluation.run, RunParams(model=judged, dataset=plan.holdout))
        reports.append(found.report)
        failpoint("retrain.judged")
    yield Progress.of(4, STEPS, "comparing")
    compared = ctx.call(
        evaluation.compare,
        CompareParams(a=trained.model, b=plan.champion, dataset=plan.holdout),
    )
    ctx.call(model.alias, AliasParams(model=trained.model, alias=CHALLENGER))
    failpoint("retrain.named")
    lead = compared.differences[0]
    better = SIDES[lead.better]
    notes = [*settled.notes, *compared.notes]
    promoted = False
    if params.promote == "if_better" and better == CHALLENGER:
        promoted = _promote(ctx, plan, trained.model, notes)
    yield Progress.of(STEPS, STEPS, "done")
    return RetrainResult(
        **merged,
        dataset=dataset,
        champion=plan.champion,
        challenger=trained.model,
        holdout=plan.holdout,
        metric=lead.name,
        champion_value=lead.b,
        challenger_value=lead.a,
        better=better,
        verdict=compared.verdict,
        promoted=promoted,
        reports=[one for one in reversed(reports) if one],
        notes=list(dict.fromkeys(notes)),
    )


def _said(name: str, says: str, ref: str) -> Event:
    return Event(kind="station", data=Station(name=name, says=says, ref=ref).model_dump())


def _promote(ctx: Context, plan: Plan, challenger: str, notes: list[str]) -> bool:
    """Promote unless somebody promoted another version meanwhile."""
    expected = parse_ref(plan.champion, "model").version
    assert isinstance(expected, int)
    try:
        ctx.call(model.promote, PromoteParams(model=challenger, expected=expected))
    except Conflict as error:
        notes.append(f"It was not promoted: {error.problem}")
        return False
    return True


def _training(params: RetrainParams, plan: Plan, dataset: str) -> TrainParams:
    settings = {**plan.params, "dataset": dataset, "name": parse_ref(plan.champion, "model").name}
    if params.budget is not None:
        settings["budget"] = params.budget
    return TrainParams.model_validate(settings)


def _named(ref: str, suffix: str) -> str:
    return f"{ref.partition(':')[2].partition('@')[0][: 63 - len(suffix)]}-{suffix}"


def _merge(ctx: Context, plan: Plan, labelled: str) -> tuple[str, dict[str, int]]:
    """Write the next version of the training rows; a resumed job finds the one it wrote."""
    from millrace.flows.retraining import engine
    from millrace.stores.datasets import Datasets

    datasets = ctx.use(Datasets)
    champion = ctx.use(Artifacts).get(plan.champion, "model", ctx.project)
    features = [str(name) for name in champion.meta["features"]]
    merged = engine.merge(
        datasets.read(plan.train, project=ctx.project),
        datasets.read(labelled, project=ctx.project),
        datasets.read(plan.holdout, project=ctx.project),
        features,
        (str(champion.meta["target"]), LABEL),
    )
    counts = {
        "labels": merged.labels,
        "changed": merged.changed,
        "added": merged.added,
        "held_out": merged.held_out,
    }
    name = parse_ref(plan.train, "dataset").name
    parents = [plan.train, labelled]
    ref = datasets.write(ctx, name, merged.table, parents=parents, meta={"labels": counts})
    return ref, counts


def _plan(params: RetrainParams, ctx: Context) -> Plan:
    artifacts = ctx.use(Artifacts)
    labelset = artifacts.get(params.labelset, "labelset", ctx.project)
    definition = LabelSet.model_validate(labelset.meta)
    if not definition.dataset:
        raise InvalidInput(
            f"'{labelset.ref}' is bound to no dataset, so its answers belong to no rows.",
            "Bind it with 'millrace label create-set', then retrain.",
            field="labelset",
        )
    champion = _champion(params, ctx, definition)
    settings = champion.meta.get("params")
    if not settings:
        raise InvalidInput(
            f"'{champion.ref}' was not made by automl.train, so its settings are not known.",
            "Train it with 'millrace automl train'.",
            model=champion.ref,
        )
    train = checking.learnt_from(ctx, champion)
    holdout = params.holdout or _holdout(ctx, champion)
    return Plan(
        labelset=labelset.ref,
        bound=definition.dataset,
        champion=champion.ref,
        train=train,
        holdout=artifacts.get(holdout, "dataset", ctx.project).ref,
        params=settings,
    )


def _champion(params: RetrainParams, ctx: Context, definition: LabelSet) -> Artifact:
    artifacts = ctx.use(Artifacts)
    if params.model is not None:
        if parse_ref(params.model, "model").version is not None:
            return artifacts.get(params.model, "model", ctx.project)
        return _standing(ctx, parse_ref(params.model, "model").name)
    names = set(definition.names)
    fitting = [
        one.name
        for one in artifacts.list("model", ctx.project)
        if one.meta.get("classes") and {str(c) for c in one.meta["classes"]} <= names
    ]
    if len(fitting) != 1:
        which = f"{len(fitting)} models have" if fitting else "No model has"
        there = fitting or [one.name for one in artifacts.list("model", ctx.project)]
        raise InvalidInput(
            f"{which} the labels of '{params.labelset}' as classes.",
            f"Name the 'model'; there are {choices(there)}." if there else "Train one first.",
            field="model",
        )
    return _standing(ctx, fitting[0])


def _standing(ctx: Context, name: str) -> Artifact:
    """Return the champion of a name; where nothing was promoted yet, its newest version."""
    artifacts = ctx.use(Artifacts)
    try:
        return artifacts.get(f"model:{name}@{CHAMPION}", "model", ctx.project)
    except NotFound:
        return artifacts.get(name, "model", ctx.project)


def _holdout(ctx: Context, champion: Artifact) -> str:
    """Return the dataset of the champion's newest evaluation."""
    artifacts = ctx.use(Artifacts)
    edges = artifacts.lineage(champion.ref, ctx.project, depth=1)
    children = [child for parent, child in edges if parent == champion.ref]
    reports = [
        artifacts.get(child, "report", ctx.project)
        for child in children
        if child.startswith("report:")
    ]
    found = [one for one in reports if one.meta.get("type") == REPORT_TYPE]
    if not found:
        raise InvalidInput(
            f"'{champion.ref}' has no evaluation, so it is not known what to judge on.",
            "Name the 'holdout' dataset.",
            field="holdout",
        )
    return str(max(found, key=lambda one: one.created_at).meta["dataset"])
