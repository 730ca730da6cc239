"""A second tour in one workspace: new versions, and nobody is asked twice."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from millrace.core.context import Context
from millrace.core.errors import Cancelled
from millrace.stores.artifacts import Artifacts
from millrace.stores.datasets import Datasets
from millrace.stores.jobs import Jobs
from tests.flows.furnish import call
from tests.flows.test_tour import head

QUICK = {"budget": 4, "text": "text", "target": "intent"}


def says(result: Any, station: str) -> str:
    return next(one.says for one in result.stations if one.name == station)


@pytest.mark.slow
def test_a_tour_can_be_made_again_with_the_same_and_with_a_changed_file(
    ctx: Context, tmp_path: Path
) -> None:
    workspace, artifacts = ctx.workspace, ctx.use(Artifacts)
    first = call(workspace, "flows.tour", file=str(head(tmp_path, "tickets.csv", 120)), **QUICK)
    queued = call(workspace, "label.show_set", labelset="tickets-intent")
    item = call(workspace, "label.next", labelset="tickets-intent").tasks[0].item
    call(workspace, "label.annotate", labelset="tickets-intent", item=item, value="refund_status")

    second = call(workspace, "flows.tour", file=str(tmp_path / "tickets.csv"), **QUICK)
    assert (first.model, second.model) == ("model:tickets@1", "model:tickets@2")
    assert (first.dataset, second.dataset) == ("dataset:tickets@1", "dataset:tickets@3")  # split: 2
    assert says(second, "model").startswith("model:tickets@2 is the champion instead of")
    assert says(second, "label").startswith("no more rows whose label looks wrong")
    shown = call(workspace, "label.show_set", labelset="tickets-intent")
    assert (shown.labelset, shown.items, shown.answers) == (queued.labelset, queued.items, 1)
    assert artifacts.get("tickets", "deployment").version == 2
    assert artifacts.get("tickets", "index").version == 2

    third = call(workspace, "flows.tour", file=str(head(tmp_path, "tickets.csv", 170)), **QUICK)
    assert third.model == "model:tickets@3"
    shown = call(workspace, "label.show_set", labelset="tickets-intent")
    assert shown.items > queued.items
    assert shown.answers == 1
    bound = ctx.use(Datasets).read(shown.definition.dataset)
    assert bound.num_rows == shown.items
    assert len(set(bound["_id"].to_pylist())) == len(set(bound["id"].to_pylist())) == shown.items
    assert says(third, "label").startswith(f"{shown.items - queued.items} more rows")
    assert call(workspace, "deployment.show", deployment="tickets").serves == "model:tickets@3"


@pytest.mark.slow
def test_another_target_leaves_the_model_and_its_deployment_alone(
    ctx: Context, tmp_path: Path
) -> None:
    file, workspace = str(head(tmp_path, "houses.csv", 80)), ctx.workspace
    call(workspace, "flows.tour", file=file, budget=1, target="price")
    made = call(workspace, "flows.tour", file=file, budget=1, target="rooms")
    assert made.model == "model:houses-rooms@1"
    assert call(workspace, "deployment.show", deployment="houses").serves == "model:houses@1"
    assert call(workspace, "deployment.show", deployment="houses-rooms").serves == made.model


@pytest.mark.slow
def test_a_second_tour_that_was_stopped_makes_nothing_twice(ctx: Context, tmp_path: Path) -> None:
    file, workspace, jobs = head(tmp_path, "houses.csv", 80), ctx.workspace, ctx.use(Jobs)
    params = {"file": str(file), "budget": 1, "target": "price"}
    call(workspace, "flows.tour", **params)
    job = jobs.submit("flows.tour", params)
    thread = threading.Thread(target=lambda: _stopped(jobs, job.id))
    thread.start()
    while not jobs.list(op="deployment.update"):
        time.sleep(0.01)
    jobs.pause(job.id)
    thread.join()
    jobs.resume(job.id)
    jobs.run(job.id)
    assert jobs.get(job.id).state == "done"
    found = {kind: ctx.use(Artifacts).get("houses", kind).version for kind in ("dataset", "model")}
    assert found == {"dataset": 4, "model": 2}  # an import and a split each
    assert ctx.use(Artifacts).get("houses", "deployment").version == 2


def _stopped(jobs: Jobs, job: str) -> None:
    try:
        jobs.run(job)
    except Cancelled:
        return


@pytest.mark.slow
def test_a_tour_goes_on_after_another_one_passed_it(ctx: Context, tmp_path: Path) -> None:
    file, workspace, jobs = head(tmp_path, "tickets.csv", 120), ctx.workspace, ctx.use(Jobs)
    job = jobs.submit("flows.tour", {"file": str(file), **QUICK})
    thread = threading.Thread(target=lambda: _stopped(jobs, job.id))
    thread.start()
    while not jobs.list(op="quality.check"):
        time.sleep(0.01)
    jobs.pause(job.id)
    thread.join()
    call(workspace, "flows.tour", file=str(file), **QUICK)
    jobs.resume(job.id)
    made = jobs.run(job.id)
    assert made.model == "model:tickets@2"
    assert says(made, "label").startswith("no more rows whose label looks wrong")
    assert ctx.use(Artifacts).get("tickets", "deployment").version == 2


@pytest.mark.slow
def test_a_long_name_and_a_target_in_other_letters(ctx: Context, tmp_path: Path) -> None:
    lines = head(tmp_path, "tickets.csv", 60).read_text("utf-8").splitlines()
    file = tmp_path / f"{'n' * 64}.csv"
    file.write_text("\n".join([lines[0].replace("intent", "тема"), *lines[1:]]), "utf-8")
    made = call(ctx.workspace, "flows.tour", file=str(file), budget=4, target="тема")
    assert made.evaluation.metric == "accuracy"
