"""From logged requests to an alert, and from the alert to rows in the label queue."""

import time

import pyarrow as pa
import pytest

from millrace.core.context import Context
from millrace.core.errors import InvalidInput, NotFound
from millrace.core.workspace import Workspace
from millrace.flows.reviewing import engine as reviewing
from millrace.flows.watching import engine as watching
from millrace.stores.artifacts import Artifacts
from millrace.stores.datasets import Datasets
from tests.flows import furnish
from tests.flows.furnish import call


@pytest.fixture
def served(workspace: Workspace) -> Workspace:
    furnish.furnish(workspace)
    return workspace


@pytest.mark.slow
def test_an_alert_leads_to_rows_at_the_top_of_the_queue(served: Workspace) -> None:
    call(served, "monitor.watch", deployment="points", least=50, window=600)
    quiet = call(served, "flows.check_drift")
    assert [one.skipped for one in quiet.checked] == ["too few rows"]
    furnish.log(served, furnish.rows(120, 5, shift=3.0), time.time() - 100)
    found = call(served, "flows.check_drift")
    assert found.checked[0].drifted
    assert found.checked[0].reference == "dataset:points@1"
    assert len(found.alerts) == 1
    assert call(served, "flows.check_drift").checked[0].skipped == "not due"
    alerts = call(served, "monitor.alerts")
    assert (alerts.open, alerts.total) == (1, 1)
    assert "a" in {one.column for one in alerts.alerts[0].columns}
    needs = call(served, "flows.overview").needs
    assert needs[0].kind == "alert"
    assert needs[0].params == {"alert": alerts.alerts[0].alert.partition("@")[0]}

    made = call(served, "flows.review_drift", alert=alerts.alerts[0].alert, rows=10)
    assert made.by == "uncertain"
    assert (made.added, made.repeated, len(made.rows)) == (10, False, 10)
    assert made.alert is not None
    assert call(served, "monitor.alerts").open == 0
    handled = call(served, "monitor.alerts", state="handled").alerts[0]
    assert handled.labelset == made.labelset
    shown = call(served, "label.show_set", labelset=made.labelset)
    assert {one.name for one in shown.definition.labels} == {"app", "card", "loan"}
    tasks = call(served, "label.next", labelset=made.labelset.partition("@")[0], count=2).tasks
    assert [task.item for task in tasks] == [row.item for row in made.rows[:2]]
    assert "a: " in tasks[0].text
    assert tasks[0].suggestion in {"app", "card", "loan"}
    again = call(served, "flows.review_drift", alert=alerts.alerts[0].alert, rows=10)
    assert (again.repeated, again.added, again.labelset) == (True, 0, made.labelset)
    assert call(served, "label.show_set", labelset=made.labelset).items == 10
    checks = call(served, "monitor.checks", watch="points").checks
    assert [one.drifted for one in checks] == [True]


def test_rows_join_a_label_set_that_is_there_ahead_of_the_others(workspace: Workspace) -> None:
    furnish.furnish(workspace, train=False)
    ctx, datasets = Context(workspace=workspace), workspace.use(Datasets)
    datasets.write(ctx, "points-now", furnish.rows(100, 7, shift=3.0))
    call(
        workspace,
        "label.create_set",
        name="kinds",
        dataset="points",
        from_column="kind",
        column="city",
    )
    call(workspace, "label.queue", labelset="kinds")
    first = call(workspace, "label.next", labelset="kinds").tasks[0]
    call(workspace, "label.annotate", labelset="kinds", item=first.item, value="card")
    made = call(
        workspace,
        "flows.review_drift",
        reference="points",
        current="points-now",
        target="kind",
        labelset="kinds",
        rows=5,
    )
    assert made.by == "surprising"
    assert made.labelset == "labelset:kinds@2"
    assert call(workspace, "label.show_set", labelset="kinds").items == 155
    tasks = call(workspace, "label.next", labelset="kinds", count=6).tasks
    assert [task.item for task in tasks[:5]] == [row.item for row in made.rows]
    assert call(workspace, "label.progress", labelset="kinds").complete == 1
    values = datasets.take(made.dataset, [row.item for row in made.rows])["a"].to_pylist()
    assert min(values) > 1  # the reference has few of these


def test_nothing_is_lined_up_when_nothing_has_drifted(workspace: Workspace) -> None:
    furnish.furnish(workspace, train=False)
    ctx = Context(workspace=workspace)
    workspace.use(Datasets).write(ctx, "same", furnish.rows(150, 9))
    params = {"reference": "points", "current": "same", "target": "kind"}
    made = call(workspace, "flows.review_drift", **params)
    assert (made.drifted, made.labelset, made.added) == (False, None, 0)
    with pytest.raises(NotFound):
        workspace.use(Artifacts).get("same-drift", "labelset")
    assert call(workspace, "flows.review_drift", **params, anyway=True, rows=3).added == 3


def test_what_is_missing_is_said(workspace: Workspace) -> None:
    furnish.furnish(workspace, train=False)
    with pytest.raises(InvalidInput, match="not clear what to compare"):
        call(workspace, "flows.review_drift")
    with pytest.raises(InvalidInput, match="nothing to compare with"):
        call(workspace, "flows.review_drift", current="points")
    with pytest.raises(InvalidInput, match="what people are to answer"):
        call(workspace, "flows.review_drift", current="points", reference="points-holdout")
    with pytest.raises(NotFound):
        call(workspace, "flows.check_drift", watch="none")


def test_a_log_becomes_rows_in_the_types_of_the_training_data() -> None:
    log = pa.table(
        {
            "inputs": ['{"n": [1, 2], "t": ["x", null]}', '"broken"', '{"n": ["no"], "u": [5]}'],
            "outputs": ['{"label": ["y", "z"], "probabilities": [[0.9, 0.1], [0.4, 0.6]]}', None]
            + ['{"value": [7]}'],
        }
    )
    like = pa.schema([("t", pa.string()), ("n", pa.float64())])
    found = watching.rows(log.slice(0, 1), like, 10)
    assert found.column_names == ["t", "n", "prediction", "confidence"]
    assert found["n"].to_pylist() == [1.0, 2.0]
    assert found["confidence"].to_pylist() == [0.9, 0.6]
    mixed = watching.rows(log, like, 10)
    assert mixed["n"].to_pylist() == ["1", "2", "no"]  # said as it is, not dropped
    assert mixed["u"].to_pylist() == [None, None, 5]
    assert mixed["prediction"].to_pylist() == ["y", "z", "7"]
    assert watching.rows(log, like, 1).num_rows == 1


def test_surprise_is_highest_where_the_reference_has_nothing() -> None:
    reference, current = furnish.rows(200, 1), furnish.rows(200, 2)
    odd = furnish.rows(40, 3, shift=6.0)
    both = pa.concat_tables([current, odd])
    scores = reviewing.surprise(reference, both, ["a", "b", "city"], seed=0)
    top = reviewing.top(scores, 30)
    assert sum(at >= 200 for at in top) >= 25
    assert reviewing.surprise(reference, both.slice(0, 3), ["a"], seed=0).tolist() == [0, 0, 0]
