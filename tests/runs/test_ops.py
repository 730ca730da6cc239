"""The ops: a training of one's own, and what the jobs of Millrace leave behind."""

from typing import Any

import pytest

from millrace.core.context import Context
from millrace.core.errors import Conflict, InvalidInput, NotFound
from millrace.core.policy import Actor
from millrace.core.workspace import Workspace
from millrace.runs import ops
from millrace.runs import types as t
from millrace.stores.jobs import Jobs
from millrace.stores.tracking import Tracking
from tests.support import models


def call(workspace: Workspace, op: str, **params: Any) -> Any:
    return workspace.use(Jobs).call(op, params, Actor())


def test_reading_makes_no_store(ctx: Context) -> None:
    found = ops.list_runs(t.ListParams(), ctx)
    assert (found.total, found.runs, found.source) == (0, [], "database")
    assert not (ctx.workspace.root / "mlflow.db").exists()
    with pytest.raises(NotFound, match="has no run 'abc'"):
        ops.show(t.RunParams(run="abc"), ctx)


def test_a_training_of_ones_own(workspace: Workspace, ctx: Context) -> None:
    models.dataset(ctx, models.people(10), "people")
    begun = call(
        workspace,
        "runs.start",
        name="mine",
        experiment="tuning",
        hyperparameters={"lr": 0.1, "deep": True, "none": None},
        tags={"team": "a"},
        dataset="people",
    )
    run = begun.run
    assert begun.uri.startswith(("sqlite:///", "postgresql://"))
    points = [{"step": at, "metrics": {"loss": 1 / (at + 1), "bad": None}} for at in range(1500)]
    assert call(workspace, "runs.log", run=run, points=points).logged == 3000
    call(
        workspace,
        "runs.log",
        run=run,
        metrics={"loss": 0.5},
        step=2000,
        hyperparameters={"late": 1},
    )
    found = ops.show(t.RunParams(run=run), ctx)
    assert (found.name, found.experiment, found.state) == ("mine", "tuning", "running")
    assert found.params == {"deep": "True", "late": "1", "lr": "0.1"}
    assert found.dataset == "dataset:people@1"
    assert found.inputs[0].source == "dataset:people@1"
    loss = found.metrics["loss"]
    assert (loss.last, loss.max, loss.count, loss.step) == (0.5, 1.0, 1501, 2000)
    assert found.metrics["bad"].last is None
    assert call(workspace, "runs.finish", run=run).state == "finished"
    series = ops.history(t.HistoryParams(runs=[run], metrics=["loss"], points=10), ctx).series[0]
    assert (series.count, series.sampled, len(series.steps)) == (1501, True, 10)
    assert (series.values[0], series.values[-1]) == (1.0, 0.5)
    with pytest.raises(InvalidInput, match="lr"):
        call(workspace, "runs.log", run=run, hyperparameters={"lr": 0.2})


def test_order_among_runs(workspace: Workspace) -> None:
    run = call(workspace, "runs.start", name="mine", tags={"team": "a"}).run
    assert call(workspace, "runs.rename", run=run, name="ours").name == "ours"
    assert call(workspace, "runs.tag", run=run, tags={"x": "1"}).tags == {"team": "a", "x": "1"}
    assert call(workspace, "runs.tag", run=run, remove=["team", "nothing"]).tags == {"x": "1"}
    with pytest.raises(InvalidInput, match="belongs to MLflow"):
        call(workspace, "runs.tag", run=run, tags={"mlflow.user": "eve"})
    with pytest.raises(InvalidInput, match="belongs to MLflow"):
        call(workspace, "runs.tag", run=run, remove=["millrace.job"])
    assert call(workspace, "runs.delete", run=run).deleted
    assert call(workspace, "runs.delete", run=run).deleted
    assert call(workspace, "runs.list").total == 0
    assert call(workspace, "runs.list", deleted=True).total == 1
    with pytest.raises(Conflict, match="is deleted"):
        call(workspace, "runs.log", run=run, metrics={"a": 1})
    assert not call(workspace, "runs.restore", run=run).deleted
    assert call(workspace, "runs.list").runs[0].name == "ours"


def test_another_projects_runs_are_out_of_reach(workspace: Workspace, ctx: Context) -> None:
    run = call(workspace, "runs.start", name="mine").run
    there = ctx.but(project="elsewhere")
    with pytest.raises(NotFound, match="Project 'elsewhere' has no run"):
        ops.show(t.RunParams(run=run), there)
    with pytest.raises(NotFound, match="has no run"):
        ops.delete(t.RunParams(run=run), there)


def test_a_repeated_start_finds_its_run(ctx: Context) -> None:
    inside = ctx.but(job="job-1")
    first = ops.start(t.StartParams(name="mine", hyperparameters={"a": 1}), inside)
    assert ops.start(t.StartParams(name="mine", hyperparameters={"a": 1}), inside).run == first.run
    assert ops.list_runs(t.ListParams(), ctx).total == 1


def trained(ctx: Context, features: tuple[str, ...], name: str) -> str:
    """Train a model in a run of its own; return the run."""
    models.train(ctx, models.people(120), "buys", name, features, ("linear",))
    found = ops.list_runs(t.ListParams(sort="started_at", search=name), ctx).runs
    return found[0].run


def test_runs_whose_models_saw_the_same_rows_are_tested(workspace: Workspace, ctx: Context) -> None:
    models.dataset(ctx, models.people(300, 1), "people")
    good, poor = trained(ctx, ("age", "city"), "good"), trained(ctx, ("member",), "poor")
    line = ops.show(t.RunParams(run=good), ctx)
    assert (line.model, line.state) == ("model:good@1", "finished")
    alone = ops.compare(t.CompareParams(runs=[poor, good]), ctx)
    assert alone.significance == []
    for name in ("good", "poor"):
        call(workspace, "evaluation.run", model=name, dataset="people", resamples=100)
    assert ops.show(t.RunParams(run=good), ctx).reports == ["report:good-evaluation@1"]
    found = ops.compare(t.CompareParams(runs=[good, poor], baseline=poor), ctx)
    assert found.baseline == poor
    tested = found.significance[0]
    assert (tested.run, tested.model, tested.baseline_model) == (good, line.model, "model:poor@1")
    assert (tested.better, tested.test, tested.rows) == ("run", "mcnemar", 300)
    assert tested.difference == pytest.approx(tested.value - tested.baseline_value)
    assert (tested.difference_low or 0) > 0
    judged = call(workspace, "evaluation.compare", a="good", b="poor", dataset="people")
    assert judged.mcnemar.p_exact == pytest.approx(tested.p)
    with pytest.raises(InvalidInput, match="not among the runs"):
        ops.compare(t.CompareParams(runs=[good], baseline=poor), ctx)


def test_a_plain_client_writes_what_is_read_here(ctx: Context) -> None:
    client = ctx.use(Tracking).client
    run = client.create_run(client.create_experiment("default"), run_name="plain").info.run_id
    client.log_metric(run, "loss", 0.25, step=4)
    client.log_param(run, "depth", 3)
    line = ops.list_runs(t.ListParams(sort="params.depth"), ctx).runs[0]
    assert (line.name, line.op, line.metrics["loss"].last) == ("plain", "", 0.25)
