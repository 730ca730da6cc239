"""The ops end to end: train, resume, stop, predict, show."""

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from millrace.automl import ops, training
from millrace.automl.types import LeaderboardParams, PredictParams, TrainParams, TrainResult
from millrace.core.context import Context
from millrace.core.errors import Cancelled, InvalidInput, LimitReached, NotFound
from millrace.core.events import Event
from millrace.core.policy import Actor
from millrace.services.predictor.manifest import FILE
from millrace.stores import tables
from millrace.stores.artifacts import Artifacts
from millrace.stores.datasets import Datasets
from millrace.stores.jobs import Jobs
from millrace.stores.models import Models
from millrace.stores.sql import Database
from millrace.stores.tracking import Tracking
from tests.support.models import messages, people

QUICK: dict[str, Any] = {"budget": 300, "trials": 2, "learners": ["linear"]}


def write(ctx: Context, table: pa.Table, name: str = "people") -> str:
    return ctx.use(Datasets).write(ctx, name, table)


def drain(
    work: Generator[Event, None, TrainResult], stop_after: int | None = None
) -> tuple[TrainResult | None, list[Event]]:
    events: list[Event] = []
    try:
        while stop_after is None or len(events) < stop_after:
            events.append(next(work))
    except StopIteration as end:
        return end.value, events
    work.close()
    return None, events


def train(ctx: Context, **params: Any) -> TrainResult:
    result, _ = drain(ops.train(TrainParams(**{**QUICK, **params}), ctx))
    assert result is not None
    return result


def test_a_model_is_trained_saved_and_used(ctx: Context) -> None:
    ref = write(ctx, people(90))
    result = train(ctx, dataset=ref, target="buys", ignore=["income"])
    assert result.model == "model:people@1"
    assert result.rows == 90
    assert result.reproducible
    assert result.values["single"] >= result.values["floor"]
    assert result.features == {"age": "number", "city": "category", "member": "boolean"}
    kept = ctx.use(Models).get(result.model)
    assert kept.meta["task"] == "classification"
    assert kept.meta["metrics"]["roc_auc"] == result.value
    assert ctx.use(Artifacts).lineage(result.model)
    assert ops.leaderboard(LeaderboardParams(model="people"), ctx) == result
    batch = people(20, seed=3).to_batches()[0]
    params = PredictParams(dataset=ref, model="people", probabilities=True)
    answered = pa.Table.from_batches([ops.predict(batch, params, ctx)])
    assert set(answered.column_names) - set(batch.schema.names) == {
        *("prediction", "prediction_confidence", "prediction_no", "prediction_yes"),
    }
    right = [
        p == t
        for p, t in zip(
            *map(pa.ChunkedArray.to_pylist, (answered["prediction"], answered["buys"])), strict=True
        )
    ]
    assert np.mean(right) > 0.6


def test_regression_and_rows_without_a_target(ctx: Context) -> None:
    table = people(60)
    income = [None if at % 10 == 0 else v for at, v in enumerate(table["income"].to_pylist())]
    ref = write(ctx, table.set_column(4, "income", pa.array(income)))
    result = train(ctx, dataset=ref, target="income", name="money", ignore=["buys"])
    assert result.model == "model:money@1"
    assert result.rows_left_out == {"missing": 6}
    assert result.metric == "rmse"
    assert result.values["single"] <= result.values["floor"]


def test_text_is_learnt_from_its_vectors(ctx: Context) -> None:
    ref = write(ctx, messages(60), "mail")
    options = {"encoder": "hashed-1024", "learners": ["linear", "neighbours"], "trials": 3}
    result = train(ctx, dataset=ref, target="kind", **options)
    assert result.value == 1.0
    assert result.encoder
    batch = messages(10, seed=5).to_batches()[0]
    made = ops.predict(batch, PredictParams(dataset=ref, model="mail"), ctx)
    answered = pa.Table.from_batches([made])
    assert answered["prediction"].to_pylist() == answered["kind"].to_pylist()


def a_job(ctx: Context, id: str, op: str = "automl.train") -> Context:
    """A context inside a running job, as the runner gives it."""
    now = {"created_at": 1.0, "actor": {}, "params": {}, "queue": "training", "op_version": 1}
    row = {"id": id, "op": op, "project": ctx.project, "state": "running", "epoch": 0, **now}
    with ctx.use(Database).begin() as connection:
        connection.execute(tables.job.insert().values(row))
    return ctx.but(job=id)


def test_an_interrupted_job_goes_on_from_its_checkpoint(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "EVERY", 0.0)
    ref = write(ctx, people(60))
    params = {"dataset": ref, "target": "buys", "trials": 3, "learners": ["lightgbm"]}
    whole = train(ctx, **params)
    _, events = drain(ops.train(TrainParams(**{**QUICK, **params}), ctx), stop_after=150)
    last = max(at for at, event in enumerate(events) if event.kind == "checkpoint")
    assert len(json.dumps(events[last].data)) < 500
    done = [event.data["folds"] for event in events[:last] if event.kind == "fold"]
    went_on = a_job(ctx, "job-2").but(checkpoint=events[last].data)
    result, more = drain(ops.train(TrainParams(**{**QUICK, **params}), went_on))
    assert result is not None
    seen = {(line["trial"], line["fold"]) for lines in done for line in lines}
    again = {
        (line["trial"], line["fold"])
        for event in more
        if event.kind == "fold"
        for line in event.data["folds"]
    }
    assert not seen & again
    assert result.values == whole.values
    first, second = (ctx.use(Models).load_folder(r.model) for r in (whole, result))
    files = sorted(p.name for p in first.iterdir() if p.name != FILE)
    assert files == sorted(p.name for p in second.iterdir() if p.name != FILE)
    for name in files:
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_a_search_tells_where_it_stands_while_it_runs(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "EVERY", 0.0)
    ref, inside = write(ctx, people(60)), a_job(ctx, "job-live")
    work = ops.train(TrainParams(**{**QUICK, "dataset": ref, "target": "buys"}), inside)
    seen: dict[str, Event] = {}
    for event in iter(lambda: next(work), None):
        seen[event.kind] = event
        if event.kind == "checkpoint":
            break
    line = seen["fold"].data["folds"][0]
    assert (line["step"], line["number"], line["fold"]) == (1, 1, 0)
    assert line["mean"] == line["value"]
    assert seen["trial"].data["trials"][0]["number"] == 1
    board = seen["leaderboard"].data
    assert board["greater_is_better"]
    assert board["best"] == board["trials"][0]
    assert (board["tried"], board["step"]) == (1, 1)
    assert 0 < board["budget"]["cpu_used"] < board["budget"]["cpu"] == 300
    tracking = ctx.use(Tracking)
    run = tracking.client.get_run(tracking.run(inside))  # while the search still runs
    assert run.info.status == "RUNNING"
    assert run.info.run_name == "people"
    assert run.data.params["target"] == "buys"
    assert run.data.tags["millrace.op"] == "automl.train"
    assert run.data.tags["millrace.dataset"] == ref
    assert run.data.metrics["trial_roc_auc"] == line["mean"]
    result, _ = drain(work)
    assert result is not None
    client, number = tracking.client, run.info.run_id
    folds = client.get_metric_history(number, "trial_roc_auc")
    assert sorted(m.step for m in folds) == list(range(1, len(folds) + 1))
    best = sorted(client.get_metric_history(number, "best_roc_auc"), key=lambda m: m.step)
    assert max(m.step for m in best) == len(folds)
    done = client.get_run(number).data
    assert done.metrics["roc_auc"] == result.value
    assert done.tags["millrace.model"] == result.model


def test_a_stop_keeps_the_best(ctx: Context) -> None:
    ref = write(ctx, people(60))
    asked = {"stop": False}
    params = TrainParams(dataset=ref, target="buys", budget=300)
    work = ops.train(params, ctx.but(stopping=lambda: asked["stop"]))
    for event in iter(lambda: next(work), None):
        if event.kind == "leaderboard":
            asked["stop"] = True
            break
    result, _ = drain(work)
    assert result is not None
    assert result.tried <= 3
    assert ctx.use(Models).get(result.model)


def test_a_cancel_leaves_no_model(ctx: Context) -> None:
    ref = write(ctx, people(60))
    params = TrainParams(dataset=ref, target="buys", **QUICK)
    with pytest.raises(Cancelled):
        drain(ops.train(params, ctx.but(cancelled=lambda: True)))
    with pytest.raises(NotFound):
        ctx.use(Models).get("people")


def test_a_job_that_saved_its_model_does_not_save_it_twice(ctx: Context) -> None:
    ref = write(ctx, people(60))
    job = ctx.use(Jobs).call("automl.train", {**QUICK, "dataset": ref, "target": "buys"}, Actor())
    made = ctx.use(Models).get(job.model)
    again = train(ctx.but(job=made.job), dataset=ref, target="buys")
    assert again == job
    assert len(ctx.use(Artifacts).versions("model", "people")) == 1


def test_latency_decides_what_answers(ctx: Context) -> None:
    ref = write(ctx, people(60))
    slow = train(ctx, dataset=ref, target="income", max_latency_ms=1e-6)
    assert slow.chosen == "single"
    assert "No trained model answers a row within 1e-06 ms" in " ".join(slow.notes)
    free = train(a_job(ctx, "job-2"), dataset=ref, target="income", max_latency_ms=1e6)
    assert "latency" not in " ".join(free.notes)
    assert {"ensemble", "single"} == set(free.latency_ms)


def test_the_folder_says_everything(ctx: Context) -> None:
    ref = write(ctx, people(90))
    result = train(ctx, dataset=ref, target="buys")
    folder: Path = ctx.use(Models).load_folder(result.model)
    manifest = json.loads((folder / FILE).read_text(encoding="utf-8"))
    assert manifest["classes"] == ["no", "yes"]
    assert manifest["versions"]["lightgbm"]
    assert manifest["extra"]["training"]["value"] == result.value
    assert {path.suffix for path in folder.iterdir()} <= {".json", ".txt", ".safetensors", ".cbm"}


def test_a_budget_that_is_too_small_says_so(ctx: Context) -> None:
    ref = write(ctx, people(60))
    spent = {"cpu": 1.9, "wall": 1.9, "clock_decided": True}
    params = TrainParams(dataset=ref, target="buys", budget=2)
    with pytest.raises(LimitReached, match="too little to train a model"):
        drain(ops.train(params, ctx.but(checkpoint=spent)))


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"target": "nope"}, "no column 'nope'"),
        ({"target": "buys", "features": ["age", "size"]}, "no column 'size'"),
        ({"target": "buys", "types": {"size": "number"}}, "no column 'size'"),
        ({"target": "buys", "types": {"city": "number"}}, "'city' holds text"),
        ({"target": "buys", "metric": "rmse"}, "'rmse' does not fit classification"),
        ({"target": "buys", "features": ["buys"]}, "No column is left"),
    ],
)
def test_wrong_requests_are_refused(ctx: Context, params: dict[str, Any], said: str) -> None:
    ref = write(ctx, people(60))
    with pytest.raises(InvalidInput, match=said):
        train(ctx, dataset=ref, **params)


def test_predictions_do_not_overwrite_what_the_model_reads(ctx: Context) -> None:
    ref = write(ctx, people(60))
    train(ctx, dataset=ref, target="buys")
    batch = people(5).to_batches()[0]
    with pytest.raises(InvalidInput, match="reads the column 'age'"):
        ops.predict(batch, PredictParams(dataset=ref, model="people", column="age"), ctx)


def test_unseen_categories_are_told(ctx: Context) -> None:
    ref = write(ctx, people(60))
    train(ctx, dataset=ref, target="buys", ignore=["income"])
    events: list[Event] = []
    odd = people(5).set_column(1, "city", pa.array(["Bonn"] * 5)).to_batches()[0]
    ops.predict(odd, PredictParams(dataset=ref, model="people"), ctx.but(sink=events.append))
    assert "'city' has 5 values that training never saw" in events[0].data["text"]


def test_a_model_from_elsewhere_has_no_leaderboard(ctx: Context, tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "x.txt").write_text("x")
    ctx.use(Models).save(ctx, "other", tmp_path / "m", {})
    with pytest.raises(InvalidInput, match="not made by automl.train"):
        ops.leaderboard(LeaderboardParams(model="other"), ctx)
