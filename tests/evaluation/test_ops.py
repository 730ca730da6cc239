from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from millrace.core.context import Context
from millrace.core.errors import InvalidInput, NotFound
from millrace.core.events import Checkpoint, Event
from millrace.evaluation import ops
from millrace.evaluation.engine.summary import condensed
from millrace.evaluation.types import (
    CompareParams,
    CrossParams,
    CrossResult,
    ListParams,
    RunParams,
    ShowParams,
)
from millrace.services.report import answers, html
from millrace.services.report.document import Document
from millrace.services.report.evaluation import Evaluation, sections
from millrace.stores.artifacts import Artifacts
from tests.support import models

FEATURES = ("age", "city", "member")


@pytest.fixture
def buyer(ctx: Context) -> str:
    models.dataset(ctx, models.people(200, 1), "people")
    return models.train(ctx, models.people(), "buys", "buyer", FEATURES)


def drained(steps: object) -> tuple[CrossResult, list[Event]]:
    events: list[Event] = []
    while True:
        try:
            events.append(next(steps))  # type: ignore[call-overload]
        except StopIteration as end:
            return end.value, events


def test_run_judges_a_classifier_and_keeps_a_report(ctx: Context, buyer: str) -> None:
    found = ops.run(RunParams(model=buyer, dataset="people", resamples=200), ctx)
    accuracy = found.metric("accuracy")
    assert accuracy is not None
    assert accuracy.low is not None
    assert accuracy.low < accuracy.value < (accuracy.high or 0)
    assert accuracy.value > 0.75
    assert found.rows == 200
    assert {line.label for line in found.classes} == {"yes", "no"}
    assert {line.column for line in found.slices} == set(FEATURES)
    whole = ops.show(ShowParams(report=found.report), ctx)
    assert sum(map(sum, whole.confusion)) == 200
    assert {curve.kind for curve in whole.curves} == {"roc", "pr", "calibration"}
    assert whole.metrics == found.metrics
    edges = ctx.use(Artifacts).lineage(found.report)
    assert (buyer, found.report) in edges
    assert ("dataset:people@1", found.report) in edges


def test_run_judges_a_regressor(ctx: Context) -> None:
    models.dataset(ctx, models.people(150, 1), "people")
    ref = models.train(ctx, models.people(), "income", "earner", FEATURES)
    found = ops.run(RunParams(model=ref, dataset="people", resamples=100), ctx)
    assert [metric.name for metric in found.metrics] == ["rmse", "mae", "median_ae", "r2", "mape"]
    r2 = found.metric("r2")
    assert r2 is not None
    assert r2.value > 0.8
    whole = ops.show(ShowParams(report=found.report), ctx)
    assert len(whole.actual) == len(whole.predicted) == 150
    assert len(whole.edges) == len(whole.counts) + 1


def test_run_repeats_itself(ctx: Context, buyer: str) -> None:
    params = RunParams(model=buyer, dataset="people", resamples=100, keep=False)
    assert ops.run(params, ctx) == ops.run(params, ctx)
    assert ops.run(params, ctx).report == ""


def test_run_judges_a_column_of_predictions(ctx: Context) -> None:
    table = pa.table(
        {
            "so": ["a", "b", "a", "b", None, "a"],
            "said": ["a", "b", "b", "b", "a", None],
            "chance": [0.1, 0.9, 0.6, 0.8, 0.2, 0.1],
        }
    )
    models.dataset(ctx, table, "told")
    found = ops.run(
        RunParams(
            dataset="told", target="so", prediction="said", score="chance", resamples=0, slices=[]
        ),
        ctx,
    )
    accuracy, auc = found.metric("accuracy"), found.metric("roc_auc")
    assert accuracy is not None
    assert accuracy.value == 0.75
    assert accuracy.low is None
    assert auc is not None
    assert auc.value == 1.0
    assert found.left_out == {"without a value of 'so'": 1, "without a prediction": 1}


def test_run_guesses_the_task_of_a_column(ctx: Context) -> None:
    random = np.random.default_rng(0)
    so = random.normal(0, 1, 50)
    models.dataset(ctx, pa.table({"so": so, "said": so + 0.1}), "numbers")
    params = RunParams(dataset="numbers", target="so", prediction="said", resamples=0)
    assert ops.run(params, ctx).task == "regression"


def test_labels_the_model_never_saw_count_as_wrong(ctx: Context, buyer: str) -> None:
    table = models.people(40, 2)
    models.dataset(ctx, table.set_column(3, "buys", pa.array(["maybe"] * 40)), "odd")
    found = ops.run(RunParams(model=buyer, dataset="odd", resamples=0), ctx)
    assert found.metrics[0].value == 0
    assert "40 rows have labels that are never predicted (maybe)" in found.notes[0]


def test_a_bad_slice_is_named(ctx: Context) -> None:
    random = np.random.default_rng(0)
    so = random.choice(["a", "b"], 400)
    city = random.choice(["Oslo", "Rome", "Lima"], 400)
    wrong = (city == "Rome") & (random.random(400) < 0.5)
    said = np.where(wrong, np.where(so == "a", "b", "a"), so)
    models.dataset(ctx, pa.table({"so": so, "said": said, "city": city}), "told")
    found = ops.run(
        RunParams(dataset="told", target="so", prediction="said", slices=["city"], resamples=0),
        ctx,
    )
    assert [(line.name, line.worse) for line in found.slices][0] == ("Rome", True)
    assert sum(line.worse for line in found.slices) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model": None}, "Name either a model or a column"),
        ({"prediction": "city"}, "Name either a model or a column"),
        ({"target": "none"}, "Column 'none' is not in"),
        ({"slices": ["nowhere"]}, "Column 'nowhere' is not in"),
    ],
)
def test_run_says_what_is_wrong(
    ctx: Context, buyer: str, change: dict[str, object], said: str
) -> None:
    params = RunParams.model_validate({"model": buyer, "dataset": "people", **change})
    with pytest.raises(InvalidInput, match=said):
        ops.run(params, ctx)


def test_run_needs_the_columns_of_the_model(ctx: Context, buyer: str) -> None:
    models.dataset(ctx, models.people(20).drop_columns(["city"]), "fewer")
    with pytest.raises(InvalidInput, match="Column 'city' is not in"):
        ops.run(RunParams(model=buyer, dataset="fewer"), ctx)
    with pytest.raises(NotFound, match="no model"):
        ops.run(RunParams(model="nobody", dataset="people"), ctx)


def test_run_needs_rows_with_a_truth(ctx: Context, buyer: str) -> None:
    table = models.people(20).set_column(3, "buys", pa.nulls(20, pa.string()))
    models.dataset(ctx, table, "untold")
    with pytest.raises(InvalidInput, match="No row has both a value of 'buys'"):
        ops.run(RunParams(model=buyer, dataset="untold"), ctx)


def test_show_refuses_other_reports(ctx: Context) -> None:
    ctx.use(Artifacts).add(ctx, "report", "other", {"type": "card"})
    with pytest.raises(InvalidInput, match="type 'card'"):
        ops.show(ShowParams(report="other"), ctx)


def test_compare_two_models(ctx: Context, buyer: str) -> None:
    poor = models.train(ctx, models.people(), "buys", "poor", ("member",))
    params = CompareParams(a=buyer, b=poor, dataset="people", resamples=300)
    found = ops.compare(params, ctx)
    assert found.differences[0].name == "accuracy"
    assert found.differences[0].better == "a"
    assert found.mcnemar is not None
    assert found.mcnemar.p_exact < 0.05
    assert found.delong is not None
    assert found.delong.low > 0
    assert found.verdict.startswith("The first is better by")
    same = ops.compare(CompareParams(a=buyer, b=buyer, dataset="people", resamples=100), ctx)
    assert same.verdict.startswith("No difference in accuracy")
    assert all(line.better == "neither" for line in same.differences)


def test_compare_two_columns_of_numbers(ctx: Context) -> None:
    random = np.random.default_rng(0)
    so = random.normal(0, 1, 200)
    table = pa.table(
        {"so": so, "near": so + random.normal(0, 0.1, 200), "far": so + random.normal(0, 1, 200)}
    )
    models.dataset(ctx, table, "numbers")
    found = ops.compare(
        CompareParams(
            dataset="numbers", target="so", prediction_a="far", prediction_b="near", resamples=200
        ),
        ctx,
    )
    assert found.mcnemar is None
    assert found.verdict.startswith("The second is better")
    assert {line.name: line.better for line in found.differences}["r2"] == "b"


def test_compare_refuses_unlike_sides_and_few_resamples(ctx: Context, buyer: str) -> None:
    earner = models.train(ctx, models.people(), "income", "earner", FEATURES)
    with pytest.raises(InvalidInput, match="answers with numbers, not with classes"):
        ops.compare(CompareParams(a=buyer, b=earner, dataset="people"), ctx)
    with pytest.raises(InvalidInput, match="cannot tell two models apart"):
        ops.compare(CompareParams(a=buyer, b=buyer, dataset="people", resamples=10), ctx)


def test_cross_validate_a_model_beside_plain_learners(ctx: Context, buyer: str) -> None:
    params = CrossParams(dataset="people", model=buyer, folds=4, repeats=2)
    found, events = drained(ops.cross_validate(params, ctx))
    names = {line.name for line in found.recipes}
    assert names == {buyer, "baseline", "linear", "lightgbm"}
    assert found.recipes[-1].name == "baseline"
    assert all(len(line.scores) == 8 for line in found.recipes)
    assert [test.b for test in found.tests][-1] == "baseline"
    assert found.tests[-1].adjusted < 0.05
    assert "better than baseline" in found.verdict
    assert [event.kind for event in events[:3]] == ["fold", "checkpoint", "progress"]


def test_cross_validation_resumes_where_it_stopped(ctx: Context, buyer: str) -> None:
    del buyer
    params = CrossParams(dataset="people", target="buys", learners=["linear"], folds=4)
    whole, events = drained(ops.cross_validate(params, ctx))
    half = [event for event in events if isinstance(event, Checkpoint)][1]
    again, rest = drained(ops.cross_validate(params, ctx.but(checkpoint=half.data)))
    assert len([event for event in rest if event.kind == "fold"]) == 2
    assert again.recipes[0].scores == whole.recipes[0].scores


def test_cross_validation_may_be_stopped(ctx: Context, buyer: str) -> None:
    del buyer
    params = CrossParams(dataset="people", target="buys", learners=["baseline"], folds=5)
    found, _ = drained(ops.cross_validate(params, ctx.but(stopping=lambda: True)))
    assert len(found.recipes[0].scores) == 2
    assert found.notes == ["Stopped early after 2 of 5 folds."]
    assert found.tests == []


def test_cross_validation_of_numbers_keeps_groups_together(ctx: Context) -> None:
    table = models.people(150, 1).append_column(
        "shop", pa.array([f"s{at % 7}" for at in range(150)])
    )
    models.dataset(ctx, table, "people")
    params = CrossParams(dataset="people", target="income", group="shop", folds=7)
    found, _ = drained(ops.cross_validate(params, ctx))
    assert found.task == "regression"
    assert found.recipes[-1].name == "baseline"
    with pytest.raises(InvalidInput, match="7 groups cannot be split into 8 folds"):
        drained(ops.cross_validate(params.model_copy(update={"folds": 8}), ctx))


def test_cross_validation_reads_text(ctx: Context) -> None:
    models.dataset(ctx, models.messages(40), "messages")
    ref = models.train(ctx, models.messages(60, 1), "kind", "kinds", ("text",), ("linear",))
    params = CrossParams(dataset="messages", model=ref, learners=["baseline"], folds=3)
    found, _ = drained(ops.cross_validate(params, ctx))
    assert found.recipes[0].name == ref
    assert found.recipes[0].metrics["accuracy"] > 0.9
    assert any("spelling" in note for note in found.notes)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"target": None}, "column to predict is not named"),
        ({"target": "age", "task": "classification", "dataset": "few"}, "Only 5 rows"),
        ({"learners": []}, "nothing to train"),
        ({"metric": "rmse"}, "Metric 'rmse' cannot be taken"),
        ({"target": "constant"}, "has 1 classes"),
    ],
)
def test_cross_validate_says_what_is_wrong(
    ctx: Context, change: dict[str, object], said: str
) -> None:
    table = models.people(40)
    models.dataset(ctx, table.append_column("constant", pa.array(["x"] * 40)), "people")
    models.dataset(ctx, table.slice(1, 5), "few")
    params = CrossParams.model_validate({"dataset": "people", "target": "buys", **change})
    with pytest.raises(InvalidInput, match=said):
        drained(ops.cross_validate(params, ctx))


def test_a_report_becomes_a_page(ctx: Context, buyer: str) -> None:
    found = ops.run(RunParams(model=buyer, dataset="people", resamples=100), ctx)
    whole = ops.show(ShowParams(report=found.report), ctx)
    assert isinstance(whole, Evaluation)
    page = html.to_html(Document("Evaluation", sections=sections(whole)))
    assert page.count("<svg") == 5
    assert "Where it is better and worse" in page


def test_a_job_run_again_keeps_one_report(ctx: Context, buyer: str) -> None:
    """As after a kill between the report's transaction and the job's record."""
    from sqlalchemy import update

    from millrace.core.policy import Actor
    from millrace.stores import tables
    from millrace.stores.jobs import Jobs
    from millrace.stores.sql import Database

    jobs = ctx.use(Jobs)
    params = {"model": buyer, "dataset": "people", "resamples": 0, "report": "once"}
    job = jobs.submit("evaluation.run", params, Actor())
    first = jobs.run(job.id)
    with ctx.use(Database).begin() as connection:
        undone = {"state": "queued", "result": None, "ended_at": None}
        connection.execute(update(tables.job).where(tables.job.c.id == job.id).values(**undone))
    again = jobs.run(job.id)
    assert again == first
    assert len(ctx.use(Artifacts).versions("report", "once")) == 1


def test_evaluations_are_listed(ctx: Context, buyer: str) -> None:
    first = ops.run(RunParams(model=buyer, dataset="people", resamples=0), ctx)
    models.dataset(ctx, models.people(50, 2), "people")
    second = ops.run(RunParams(model="buyer", dataset="people", resamples=0, rows=40), ctx)
    found = ops.list_evaluations(ListParams(), ctx)
    assert [line.report for line in found.evaluations] == [second.report, first.report]
    line = found.evaluations[0]
    assert (line.model, line.dataset, line.rows) == (buyer, "dataset:people@2", 40)
    assert (line.task, line.target) == ("classification", "buys")
    assert line.metrics["accuracy"] == second.metrics[0].value

    def total(**asked: Any) -> int:
        return ops.list_evaluations(ListParams(**asked), ctx).total

    assert (total(model="buyer"), total(model="buyer@1"), total(model="buyer@2")) == (2, 2, 0)
    assert (total(dataset="people@1"), total(dataset="people", model="nobody")) == (1, 0)
    page = ops.list_evaluations(ListParams(limit=1, offset=1), ctx)
    assert [one.report for one in page.evaluations] == [first.report]
    with pytest.raises(NotFound, match="champion"):
        total(model="buyer@champion")


def test_answers_to_single_rows_are_kept(ctx: Context, buyer: str) -> None:
    found = ops.run(RunParams(model=buyer, dataset="people", resamples=0), ctx)
    kept = answers.read(ctx, ctx.use(Artifacts).get(found.report, "report"))
    assert kept is not None
    assert kept.kind == "right"
    accuracy = found.metric("accuracy")
    assert accuracy is not None
    assert kept.values.mean() == pytest.approx(accuracy.value)
    assert sorted(kept.ids.tolist()) == list(range(200))
    ref = models.train(ctx, models.people(), "income", "earner", FEATURES)
    numbers = ops.run(RunParams(model=ref, dataset="people", resamples=0), ctx)
    far = answers.read(ctx, ctx.use(Artifacts).get(numbers.report, "report"))
    error = numbers.metric("mae")
    assert far is not None
    assert error is not None
    assert far.values.mean() == pytest.approx(error.value, rel=1e-5)


def test_a_matrix_of_many_labels_keeps_those_that_are_confused() -> None:
    count = 6
    matrix = [[10 * (a == b) for b in range(count)] for a in range(count)]
    matrix[1][4], matrix[4][1] = 7, 5
    found = Evaluation(
        dataset="dataset:d@1",
        target="y",
        task="classification",
        rows=72,
        left_out={},
        confidence=0.95,
        metrics=[],
        classes=[],
        confused=[],
        slices=[],
        notes=[],
        labels=list("abcdef"),
        confusion=matrix,
    )
    small = condensed(found, 3)
    assert small.labels == ["b", "e", "(others)"]
    assert small.confusion == [[10, 7, 0], [5, 10, 0], [0, 0, 40]]
    assert "2 of 6 labels" in small.notes[0]
    assert condensed(found, 6) == found
