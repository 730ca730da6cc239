"""From new labels to a challenger; killed between its steps, nothing is doubled."""

import signal
from pathlib import Path

import pyarrow as pa
import pytest

from millrace.core.context import Context
from millrace.core.errors import InvalidInput
from millrace.core.workspace import Workspace
from millrace.flows.retraining import engine
from millrace.stores.artifacts import Artifacts
from millrace.stores.datasets import Datasets
from millrace.stores.jobs import Jobs
from tests.flows import furnish
from tests.flows.furnish import call
from tests.support import forks


def label_some(workspace: Workspace, count: int = 12) -> list[int]:
    """Label new rows, two of them of the training data and one of the holdout."""
    ctx, datasets = Context(workspace=workspace), workspace.use(Datasets)
    fresh = furnish.rows(count, 11)
    old = datasets.read("points").slice(0, 2).drop_columns(["_id"])
    judged = datasets.read("points-holdout").slice(0, 1).drop_columns(["_id"])
    datasets.write(ctx, "points-more", pa.concat_tables([fresh, old, judged]))
    labels = [{"name": name} for name in ("app", "card", "loan")]
    call(workspace, "label.create_set", name="kinds", dataset="points-more", labels=labels)
    call(workspace, "label.queue", labelset="kinds")
    items = datasets.read("points-more")["_id"].to_pylist()
    kinds = datasets.read("points-more")["kind"].to_pylist()
    for item, kind in zip(items, kinds, strict=True):
        other = {"app": "card", "card": "loan", "loan": "app"}[kind] if item == count else kind
        call(workspace, "label.annotate", labelset="kinds", item=item, value=other)
    return items


def made_by_children(workspace: Workspace, kinds: tuple[str, ...]) -> dict[str, int]:
    artifacts = workspace.use(Artifacts)
    return {
        f"{kind}:{one.name}": one.version
        for kind in kinds
        for one in artifacts.list(kind)
        if not one.name.startswith("requests-")
    }


@pytest.mark.slow
def test_new_labels_make_a_challenger_that_is_compared_and_not_promoted(
    workspace: Workspace,
) -> None:
    furnish.furnish(workspace)
    label_some(workspace)
    made = call(workspace, "flows.retrain", labelset="kinds")
    assert (made.labels, made.added, made.changed, made.held_out) == (15, 12, 1, 1)
    assert (made.champion, made.challenger) == ("model:points@1", "model:points@2")
    assert made.dataset == "dataset:points@2"
    assert made.holdout == "dataset:points-holdout@1"
    assert not made.promoted
    assert len(made.reports) == 2
    assert workspace.use(Artifacts).aliases("model", "points") == {"champion": 1, "challenger": 2}
    table = workspace.use(Datasets).read("points")
    assert table.num_rows == 162
    assert len(set(table["_id"].to_pylist())) == 162
    jobs = call(workspace, "jobs.list", op="flows.retrain").jobs
    children = call(workspace, "jobs.list", parent=jobs[0].id, order="oldest").jobs
    assert [job.op for job in children] == [
        *("label.settle", "automl.train", "evaluation.run", "evaluation.run", "model.alias"),
    ]
    need = next(n for n in call(workspace, "flows.overview").needs if n.kind == "challenger")
    assert need.facts == {"champion": "model:points@1", "challenger": "model:points@2"}
    assert made.challenger in made.readable()
    # The same labels again change no row.
    again = call(workspace, "flows.retrain", labelset="kinds", model="points@2")
    assert (again.added, again.changed, again.held_out) == (0, 0, 1)


def test_what_is_missing_is_said(workspace: Workspace) -> None:
    furnish.furnish(workspace, train=False)
    labels = [{"name": "x"}, {"name": "y"}]
    call(workspace, "label.create_set", name="loose", labels=labels)
    with pytest.raises(InvalidInput, match="is bound to no dataset"):
        call(workspace, "flows.retrain", labelset="loose")
    call(workspace, "label.create_set", name="bound", labels=labels, dataset="points")
    with pytest.raises(InvalidInput, match="No model has the labels"):
        call(workspace, "flows.retrain", labelset="bound")


def test_labels_change_add_or_stay_out_and_again_change_nothing() -> None:
    train = pa.table({"_id": [0, 1], "x": [1.0, 2.0], "t": ["a", "b"], "y": [0, 1]})
    holdout = pa.table({"x": [9.0], "t": ["z"], "y": [1]})
    labelled = pa.table(
        {
            "x": [2.0, 5.0, 9.0, 7.0],
            "t": ["b", "c", "z", None],
            "label": ["0", "1", "1", None],
        }
    )
    merged = engine.merge(train, labelled, holdout, ["x", "t"], ("y", "label"))
    assert merged.table.to_pydict() == {
        "_id": [0, 1, 2],
        "x": [1.0, 2.0, 5.0],
        "t": ["a", "b", "c"],
        "y": [0, 0, 1],
    }
    assert (merged.labels, merged.changed, merged.added, merged.held_out) == (3, 1, 1, 1)
    again = engine.merge(merged.table, labelled, holdout, ["x", "t"], ("y", "label"))
    assert again.table == merged.table
    assert (again.changed, again.added) == (0, 0)
    with pytest.raises(InvalidInput, match="no column 'q'"):
        engine.merge(train, labelled, holdout, ["q"], ("y", "label"))
    words = labelled.set_column(2, "label", pa.array(["no", "no", "no", None]))
    with pytest.raises(InvalidInput, match="do not fit the target 'y'"):
        engine.merge(train, words, holdout, ["x", "t"], ("y", "label"))


def child(root: Path, job: str, failpoint: str = "") -> int:
    """Run a job in a process of its own; return how that ended."""
    log = root.parent / "log"
    words, more = [str(root), job, {}], forks.LEARNING
    return forks.start(forks.RUN_JOB, words, log, failpoint=failpoint, preload=more).wait(120)


POINTS = ("settled:1", "merged:1", "trained:1", "judged:1", "judged:2", "named:1")


@pytest.mark.crash
def test_killed_between_its_children_nothing_is_doubled(tmp_path: Path) -> None:
    root = tmp_path / "ws"
    with Workspace.open(root, {"durability": "normal"}) as workspace:
        furnish.furnish(workspace)
        label_some(workspace)
        job = workspace.use(Jobs).submit("flows.retrain", {"labelset": "kinds"}).id
    for point in POINTS:
        assert child(root, job, f"retrain.{point}:kill") == -signal.SIGKILL, point
    assert child(root, job) == 0
    with Workspace.open(root) as workspace:
        shown = call(workspace, "jobs.show", id=job)
        assert shown.state == "done"
        assert shown.attempt == len(POINTS) + 1
        children = call(workspace, "jobs.list", parent=job, limit=100)
        assert children.states == {"done": 5}
        found = made_by_children(workspace, ("dataset", "model"))
        assert found["model:points"] == 2
        assert found["dataset:points"] == 2
        assert found["dataset:kinds-settled"] == 1
        reports = workspace.use(Artifacts).versions("report", "points-evaluation")
        assert len(reports) == 3  # the champion's own, and one of each side
        assert workspace.use(Datasets).info("points").rows == 162


@pytest.mark.crash
def test_a_review_killed_between_its_children_lines_up_once(tmp_path: Path) -> None:
    root = tmp_path / "ws"
    with Workspace.open(root, {"durability": "normal"}) as workspace:
        furnish.furnish(workspace, train=False)
        ctx = Context(workspace=workspace)
        workspace.use(Datasets).write(ctx, "now", furnish.rows(100, 7, shift=3.0))
        params = {"reference": "points", "current": "now", "target": "kind", "rows": 7}
        job = workspace.use(Jobs).submit("flows.review_drift", params).id
    for point in ("written", "bound", "queued"):
        assert child(root, job, f"review.{point}:1:kill") == -signal.SIGKILL, point
    assert child(root, job) == 0
    with Workspace.open(root) as workspace:
        made = call(workspace, "jobs.show", id=job).result
        assert (made["added"], made["labelset"]) == (7, "labelset:now-drift@1")
        assert call(workspace, "label.show_set", labelset="now-drift").items == 7
        assert workspace.use(Datasets).info("now-drift-queue").version == 1
