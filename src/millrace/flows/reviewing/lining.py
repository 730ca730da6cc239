"""Line up the rows behind a drift: test, choose, write, bind, put on top of the queue."""

from collections.abc import Generator
from typing import Any

from millrace.core import clock
from millrace.core.context import Context
from millrace.core.errors import InvalidInput, NotFound
from millrace.core.events import Checkpoint, Event, Progress
from millrace.core.failpoints import failpoint
from millrace.core.ids import digest, parse_ref
from millrace.drift import ops as drift
from millrace.drift.types import TestParams, TestResult
from millrace.flows.reviewing.types import Lined, Plan, ReviewParams, ReviewResult, ReviewRow
from millrace.flows.watching import checking
from millrace.label import ops as label
from millrace.label.types.sets import CreateParams, Label, LabelSet, QueueParams
from millrace.monitor.watching.types import Column
from millrace.stores.artifacts import Artifacts

SHOWN = 20
SHOWN_LETTERS = 200
MOST_ROWS = 20_000
WHY = {
    "surprising": "a classifier that tells current rows from the reference is surest of them",
    "uncertain": "the model doubts most about them",
}


def review(params: ReviewParams, ctx: Context) -> Generator[Event, None, ReviewResult]:
    """Do it step by step; each op called is a child job that is never run twice."""
    if ctx.checkpoint:
        plan = Plan.model_validate(ctx.checkpoint)
    else:
        plan = _plan(params, ctx)
        yield Checkpoint(data=plan.model_dump(mode="json"))
    before = _before(ctx, plan)
    yield Progress.of(0, 3, "testing")
    tested: TestResult = ctx.call(
        drift.test,
        TestParams(reference=plan.reference, current=plan.current, alpha=params.alpha),
    )
    if before is not None:
        return _result(plan, tested, before, repeated=True, alert=_handled(ctx, plan, before))
    if not tested.drifted and not params.anyway:
        return _result(plan, tested, None, repeated=False, alert=None)
    yield Progress.of(1, 3, "choosing rows")
    dataset, lined, places, texts = _write(params, plan, tested, ctx)
    failpoint("review.written")
    yield Progress.of(2, 3, "lining up")
    definition = plan.definition
    assert definition is not None  # _write has filled it in
    made = ctx.call(
        label.create_set,
        CreateParams(
            name=plan.labelset,
            labels=definition.labels,
            dataset=dataset,
            column=definition.column,
            guidelines=definition.guidelines,
            redundancy=definition.redundancy,
            expected=plan.expected,
        ),
    )
    failpoint("review.bound")
    ctx.call(label.queue, QueueParams(labelset=made.labelset))
    failpoint("review.queued")
    _rank(ctx, plan, places, definition.redundancy)
    lined.facts = {"labelset": made.labelset, "dataset": dataset, "texts": texts[:SHOWN]}
    alert = _handled(ctx, plan, lined)
    yield Progress.of(3, 3, "done")
    return _result(plan, tested, lined, repeated=False, alert=alert)


def _plan(params: ReviewParams, ctx: Context) -> Plan:
    given = [params.alert, params.deployment, params.current]
    if sum(one is not None for one in given) != 1:
        raise InvalidInput(
            "It is not clear what to compare.",
            "Give one of 'alert', 'deployment', or 'current' with 'reference'.",
            field="alert",
        )
    artifacts = ctx.use(Artifacts)
    deployment, alert = params.deployment, None
    reference, current = params.reference, params.current
    if params.alert is not None:
        found = artifacts.get(parse_ref(params.alert, "alert").name, "alert", ctx.project)
        alert, deployment = f"alert:{found.name}", str(found.meta["deployment"])
        reference, current = reference or found.meta["reference"], found.meta["current"]
    model = _model(params.model, deployment, ctx)
    if reference is None and model is not None:
        reference = checking.learnt_from(ctx, artifacts.get(model, "model", ctx.project))
    if reference is None:
        raise InvalidInput(
            "There is nothing to compare with.", "Name the 'reference'.", field="reference"
        )
    reference = artifacts.get(reference, "dataset", ctx.project).ref
    if current is None:
        assert deployment is not None  # one of the three was given
        name = parse_ref(deployment, "deployment").name
        current, _ = checking.window(
            ctx, deployment, reference, f"window-{name}", None, clock.now()
        )
        if current is None:
            raise InvalidInput(f"No request of '{name}' was logged.", "Name 'current' instead.")
    current = artifacts.get(current, "dataset", ctx.project).ref
    target = params.target or _target(ctx, model)
    return _with_set(
        params,
        ctx,
        Plan(
            reference=reference,
            current=current,
            alert=alert,
            model=model,
            target=target,
            labelset=params.labelset or f"{parse_ref(current, 'dataset').name[:57]}-drift",
            expected=None,
            definition=None,
        ),
    )


def _model(named: str | None, deployment: str | None, ctx: Context) -> str | None:
    artifacts = ctx.use(Artifacts)
    if named is None and deployment is not None:
        found = artifacts.get(deployment, "deployment", ctx.project)
        named = str(found.meta["model"])
    return artifacts.get(named, "model", ctx.project).ref if named is not None else None


def _target(ctx: Context, model: str | None) -> str | None:
    if model is None:
        return None
    return str(ctx.use(Artifacts).get(model, "model", ctx.project).meta.get("target") or "") or None


def _with_set(params: ReviewParams, ctx: Context, plan: Plan) -> Plan:
    """Read the label set that is there, or say what a new one can be answered."""
    try:
        there = ctx.use(Artifacts).get(plan.labelset, "labelset", ctx.project)
    except NotFound:
        there = None
    if there is not None:
        definition = LabelSet.model_validate(there.meta)
        if not definition.dataset:
            raise InvalidInput(
                f"'{there.ref}' is bound to no dataset, so no row can be added to it.",
                "Name another 'labelset'.",
                field="labelset",
            )
        return plan.model_copy(update={"expected": there.version, "definition": definition})
    labels = _labels(ctx, plan)
    definition = LabelSet(
        labels=[Label(name=name) for name in labels],
        guidelines="",
        dataset="",
        column=params.column or "",
        redundancy=1,
    )
    return plan.model_copy(update={"definition": definition})


def _labels(ctx: Context, plan: Plan) -> list[str]:
    from millrace.label.store import sets
    from millrace.stores.datasets import Datasets

    if plan.model is not None:
        classes = ctx.use(Artifacts).get(plan.model, "model", ctx.project).meta.get("classes")
        if classes:
            return [str(one) for one in classes]
    if plan.target is None:
        raise InvalidInput(
            "It is not known what people are to answer.",
            "Name a 'labelset' that exists, or the 'target' whose values are the labels.",
            field="target",
        )
    snapshot = ctx.use(Datasets).info(plan.reference, ctx.project)
    snapshot.need(plan.target)
    return [one.name for one in sets.labels_of(ctx, plan.reference, plan.target)]


def _before(ctx: Context, plan: Plan) -> Lined | None:
    """Return what another job lined up of these two versions."""
    try:
        versions = ctx.use(Artifacts).versions("dataset", _queue(plan), ctx.project)
    except NotFound:
        return None
    for version in versions:
        kept = version.meta.get("lined")
        pair = (kept or {}).get("reference"), (kept or {}).get("current")
        if version.job != ctx.job and pair == (plan.reference, plan.current):
            lined = Lined.model_validate(kept)
            there = ctx.use(Artifacts).get(plan.labelset, "labelset", ctx.project)
            lined.facts |= {"labelset": there.ref, "dataset": version.ref}
            return lined
    return None


def _queue(plan: Plan) -> str:
    name = f"{plan.labelset}-queue"
    return name if len(name) <= 64 else f"{digest(plan.labelset)[:20]}-queue"


def _write(
    params: ReviewParams, plan: Plan, tested: TestResult, ctx: Context
) -> tuple[str, Lined, list[Any], list[str]]:
    """Choose rows and write them behind those that the set has; return what is to be ranked."""
    from millrace.flows.reviewing import choosing
    from millrace.stores.datasets import Datasets

    chosen = choosing.choose(params, plan, tested, ctx)
    assert plan.definition is not None
    column, table = choosing.written(chosen, plan, ctx)
    plan.definition = plan.definition.model_copy(update={"column": column})
    lined = Lined(
        reference=plan.reference,
        current=plan.current,
        labelset=plan.labelset,
        items=chosen.items,
        scores=[round(score, 6) for score in chosen.scores],
        by=chosen.by,
        facts={"texts": chosen.texts[:SHOWN], "lost": chosen.lost},
    )
    bound = [plan.definition.dataset] if plan.definition.dataset else []
    dataset = ctx.use(Datasets).write(
        ctx,
        _queue(plan),
        table,
        parents=[*bound, plan.current],
        meta={"lined": lined.model_dump()},
    )
    return dataset, lined, chosen.places(plan.definition.names), chosen.texts


def _rank(ctx: Context, plan: Plan, places: list[Any], wanted: int) -> None:
    from millrace.label.store import Queue, Scope

    ctx.use(Queue).rank(ctx, Scope(ctx.project, plan.labelset), places, wanted)


def _handled(ctx: Context, plan: Plan, lined: Lined) -> str | None:
    from millrace.monitor import store

    if plan.alert is None:
        return None
    sources = ("open", "acknowledged")
    labelset = lined.facts["labelset"]
    return store.change(ctx, plan.alert, sources, state="handled", labelset=labelset).ref


def _result(
    plan: Plan, tested: TestResult, lined: Lined | None, *, repeated: bool, alert: str | None
) -> ReviewResult:
    shown = set(Column.model_fields)
    by: Any = lined.by if lined else "surprising"
    lost = list((lined.facts if lined else {}).get("lost", []))
    texts = list((lined.facts if lined else {}).get("texts", []))
    rows = zip(lined.items, lined.scores, texts, strict=False) if lined else ()
    return ReviewResult(
        labelset=lined.facts["labelset"] if lined else None,
        dataset=lined.facts["dataset"] if lined else None,
        reference=tested.reference,
        current=tested.current,
        drifted=tested.drifted,
        verdict=tested.verdict,
        columns=[
            Column.model_validate(one.model_dump(include=shown))
            for one in tested.columns
            if one.drifted
        ],
        added=len(lined.items) if lined and not repeated else 0,
        by=by,
        why=WHY[by] if lined else "nothing has drifted, so nothing was lined up",
        repeated=repeated,
        alert=alert,
        rows=[
            ReviewRow(item=item, score=score, text=text[:SHOWN_LETTERS])
            for item, score, text in rows
        ][:SHOWN],
        notes=[
            *tested.notes,
            *(
                [f"Left out, for the label set has no such column: {', '.join(lost)}."]
                if lost
                else []
            ),
        ],
    )
