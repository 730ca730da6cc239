"""Home: what it counts, what it says needs somebody, and how many queries it takes."""

import pytest
from sqlalchemy import event

from millrace.core.context import Context
from millrace.core.errors import NotFound
from millrace.core.workspace import Workspace
from millrace.stores.artifacts import Artifacts
from millrace.stores.datasets import Datasets
from millrace.stores.jobs import Jobs
from millrace.stores.sql import Database
from tests.flows import furnish
from tests.flows.furnish import call


def test_an_empty_workspace_needs_nobody(workspace: Workspace) -> None:
    found = call(workspace, "flows.overview")
    assert found.needs == found.recent == found.traffic == []
    assert found.wheel.datasets.count == found.wheel.runs.done == 0
    assert found.wheel.quality.score is None


def test_training_and_items_in_hand_are_counted(workspace: Workspace) -> None:
    furnish.furnish(workspace, train=False)
    jobs = workspace.use(Jobs)
    for op, params in (
        ("automl.train", {"dataset": "points", "target": "city"}),
        ("dataset.sample", {"dataset": "points", "rows": 5}),
    ):
        jobs.submit(op, params)
    labels = [{"name": "x"}, {"name": "y"}]
    call(workspace, "label.create_set", name="kinds", dataset="points", labels=labels)
    call(workspace, "label.queue", labelset="kinds")
    before = call(workspace, "flows.overview").wheel
    call(workspace, "label.next", labelset="kinds", annotator="ann", count=10)
    after = call(workspace, "flows.overview").wheel
    assert before.runs.queued == 1
    assert before.labels.open == after.labels.open == 150


def test_each_need_names_the_op_that_meets_it(workspace: Workspace, ctx: Context) -> None:
    furnish.furnish(workspace, train=False)
    artifacts = ctx.use(Artifacts)
    with pytest.raises(NotFound):
        call(workspace, "dataset.sample", dataset="none", rows=5)
    paused = workspace.use(Jobs).submit("dataset.sample", {"dataset": "points", "rows": 5})
    workspace.use(Jobs).pause(paused.id)
    labels = [{"name": "x"}, {"name": "y"}]
    create = {"name": "kinds", "dataset": "points", "labels": labels, "redundancy": 2}
    call(workspace, "label.create_set", **create)
    call(workspace, "label.queue", labelset="kinds")
    for who, value in (("ann", "x"), ("bob", "y")):
        params = {"labelset": "kinds", "item": 0, "value": value, "annotator": who}
        call(workspace, "label.annotate", **params)
    for _ in range(2):
        artifacts.add(ctx, "model", "m", {})
    artifacts.set_alias(ctx, "model", "m", "champion", 1)
    artifacts.set_alias(ctx, "model", "m", "challenger", 2)
    artifacts.add(ctx, "index", "points", {"dataset": "dataset:points@1", "columns": ["city"]})
    ctx.use(Datasets).write(ctx, "points", furnish.rows(10, 3))
    found = call(workspace, "flows.overview")
    needs = {one.kind: one for one in found.needs}
    assert list(needs) == [
        *("failed_job", "paused_job", "challenger", "adjudicate", "queue", "stale_index"),
    ]
    assert needs["failed_job"].facts["code"] == "not_found"
    assert needs["paused_job"].params == {"id": paused.id}
    assert needs["challenger"].params == {"model": "model:m@2", "expected": 1}
    assert (needs["adjudicate"].count, needs["queue"].count) == (1, 149)
    assert needs["stale_index"].facts["newest"] == "dataset:points@2"
    assert found.wheel.labels.model_dump() == {
        **{"sets": 1, "items": 150, "done": 1, "open": 149, "flagged": 0, "disputed": 1},
    }
    assert set(found.wheel.runs.model_dump().values()) == {0}  # none of these jobs trains
    assert found.recent[0].ref == "dataset:points@2"
    champions = [one for one in found.recent if one.aliases]
    assert {one.ref: one.aliases for one in champions} == {
        "model:m@1": ["champion"],
        "model:m@2": ["challenger"],
    }


def test_the_traffic_of_a_day_is_what_the_log_grew_by(workspace: Workspace, ctx: Context) -> None:
    ctx.use(Artifacts).add(ctx, "deployment", "points", {"model": "model:m"})
    furnish.log(workspace, furnish.rows(10, 1), 1.7e9)
    assert call(workspace, "flows.overview").traffic[0].requests_day == 6
    with ctx.use(Database).begin() as connection:
        connection.exec_driver_sql("update artifact set created_at = created_at - 100000")
    furnish.log(workspace, furnish.rows(4, 2), 1.7e9 + 60)
    line = call(workspace, "flows.overview").traffic[0]
    assert (line.requests_day, line.requests_all) == (3, 9)


def test_home_shows_the_last_quality_check(workspace: Workspace, ctx: Context) -> None:
    for name, seed in (("older", 1), ("newer", 2)):
        ctx.use(Datasets).write(ctx, name, furnish.rows(30, seed))
        score = call(workspace, "quality.check", dataset=name).score
    found = call(workspace, "flows.overview").wheel.quality
    assert (found.dataset, found.score) == ("dataset:newer@1", score)
    assert found.at is not None
    ctx.use(Artifacts).add(ctx, "report", "t", {"type": "quality", "score": 7.0, "dataset": "d"})
    assert call(workspace, "flows.overview").wheel.quality.score == 7.0


def test_home_takes_as_many_queries_whatever_there_is(workspace: Workspace, ctx: Context) -> None:
    call(workspace, "flows.overview")
    counted: list[str] = []
    engine = ctx.use(Database).engine

    def count(*args: object) -> None:
        counted.append(str(args[2]))

    event.listen(engine, "before_cursor_execute", count)
    call(workspace, "flows.overview")
    first = len(counted)
    for number in range(30):
        ctx.use(Artifacts).add(ctx, "dataset", f"d{number}", {"rows": 1})
    counted.clear()
    call(workspace, "flows.overview")
    assert len(counted) == first <= 12
