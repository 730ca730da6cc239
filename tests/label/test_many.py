"""Batches, browsing and prefetch: many items, many people, nothing twice."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from millrace.core import clock
from millrace.core.context import Context
from millrace.core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from millrace.core.policy import Actor
from millrace.core.workspace import Workspace
from millrace.label.store import Queue
from millrace.label.store.queue import Place
from millrace.label.store.tables import Scope
from millrace.stores.datasets import Datasets
from millrace.stores.jobs import Jobs

Call = Callable[..., Any]
LABELS = [{"name": "delivery"}, {"name": "refund"}, {"name": "сервис"}]


@pytest.fixture
def workspace(database: str, tmp_path: Path) -> Iterator[Workspace]:
    flags: dict[str, object] = {"durability": "normal", "database": database}
    with Workspace.open(tmp_path / "ws", flags) as opened:
        yield opened


@pytest.fixture
def call(workspace: Workspace) -> Call:
    texts = [f"where is parcel {n}" if n % 2 else f"Money BACK {n}" for n in range(20)]
    ctx = Context(workspace=workspace)
    ctx.use(Datasets).write(ctx, "tickets", pa.table({"text": texts}))

    def run(op: str, actor: Actor | None = None, **params: Any) -> Any:
        more = {} if "sets" in op else {"labelset": "kind"}
        if op == "create_set":
            more = {"name": "kind"}
        return workspace.use(Jobs).call(f"label.{op}", {**more, **params}, actor or Actor())

    run("create_set", labels=LABELS, dataset="tickets", column="text", redundancy=2)
    run("queue")
    return run


def standing(call: Call, **params: Any) -> dict[int, dict[str, str | None]]:
    lines = call("items", limit=500, **params).items
    return {one.item: {a.annotator: a.value for a in one.answers} for one in lines}


def test_a_batch_says_what_became_of_each_item(call: Call) -> None:
    call("annotate", item=1, value="refund", annotator="ann")
    call("annotate", item=2, value="delivery", annotator="ann")
    call("flag", item=3, annotator="bob")
    done = call(
        "annotate_many", items=[0, 1, 2, 3, 77, 4], value="delivery", annotator="ann", note="all"
    )
    assert [(one.item, one.repeated) for one in done.changed] == [(0, False), (2, True), (4, False)]
    reasons = {one.item: one.reason for one in done.conflicts}
    assert list(reasons) == [1, 3, 77]
    assert "already has an answer of 'ann'" in reasons[1]
    assert "was flagged" in reasons[3]
    assert "not in the queue" in reasons[77]
    assert standing(call)[1] == {"ann": "refund"}  # nothing was overwritten
    again = call("annotate_many", items=[1], value="delivery", annotator="ann", expected={1: 1})
    assert [(one.item, one.version, one.value) for one in again.changed] == [(1, 2, "delivery")]
    assert call("progress").people[0].answered == 4


def test_a_batch_is_taken_back_as_one(call: Call) -> None:
    call("annotate", item=1, value="refund", annotator="ann")
    first = call("annotate_many", items=[0, 2, 4], value="delivery", annotator="ann")
    call("annotate_many", items=[5, 6], value="refund", annotator="ann")
    call("annotate", item=2, value="refund", annotator="ann", expected=1)
    call("undo", annotator="ann")  # item 2 is as the batch left it
    call("annotate", item=4, value="refund", annotator="ann", expected=1)
    back = call("undo_batch", batch=first.batch, annotator="ann")
    assert [(one.item, one.state, one.value) for one in back.changed] == [(0, "none", None)]
    assert [one.item for one in back.conflicts] == [2, 4]
    assert standing(call, annotator="ann") == {
        1: {"ann": "refund"},
        2: {"ann": "delivery"},
        4: {"ann": "refund"},
        5: {"ann": "refund"},
        6: {"ann": "refund"},
    }
    with pytest.raises(NotFound, match="no batch"):
        call("undo_batch", batch=first.batch, annotator="bob")
    with pytest.raises(NotFound, match="nothing to take back"):
        call("undo_batch", annotator="bob")
    last = call("annotate_many", items=[7, 8], value="refund", annotator="bob")
    assert [one.item for one in call("undo_batch", annotator="bob").changed] == [7, 8]
    with pytest.raises(NotFound, match="no batch"):
        call("undo_batch", batch=last.batch, annotator="bob")
    assert call("next", annotator="bob", count=1).tasks  # free again


def test_what_a_batch_refuses(call: Call) -> None:
    with pytest.raises(InvalidInput, match="not a label"):
        call("annotate_many", items=[1], value="nonsense")
    with pytest.raises(InvalidInput, match="stands twice"):
        call("annotate_many", items=[1, 1], value="refund")
    with pytest.raises(InvalidInput):
        call("annotate_many", items=list(range(501)), value="refund")
    with pytest.raises(NotAllowed):
        call("annotate_many", Actor(name="vi", role="viewer"), items=[1], value="refund")
    with pytest.raises(NotAllowed, match="may not annotate as 'ann'"):
        call(
            "annotate_many",
            Actor(name="bob", role="annotator"),
            items=[1],
            value="refund",
            annotator="ann",
        )


def test_items_are_found_by_what_was_said(call: Call) -> None:
    call("annotate_many", items=[0, 1, 2], value="refund", annotator="ann")
    call("annotate_many", items=[0, 1], value="refund", annotator="bob")
    call("annotate", item=2, value="сервис", annotator="bob")
    call("adjudicate", item=1, value="delivery")
    call("flag", item=5, annotator="bob", note="cut off")
    call("skip", item=6, annotator="ann")
    assert list(standing(call, disagreement=True)) == [2]
    assert list(standing(call, label="сервис")) == [2]
    assert list(standing(call, label="refund", annotator="bob")) == [0, 1]
    assert list(standing(call, label="delivery")) == [1]
    assert list(standing(call, annotator="bob")) == [0, 1, 2, 5]
    for state, items in {
        "complete": [0, 2],
        "adjudicated": [1],
        "flagged": [5],
        "skipped": [6],
        "begun": [],
        "unanswered": [3, 4, *range(6, 20)],
    }.items():
        assert list(standing(call, state=state)) == items, state
    assert list(standing(call, contains="money back", state="complete")) == [0, 2]
    assert list(standing(call, contains="PARCEL 1")) == [1, 11, 13, 15, 17, 19]
    line = call("items", contains="parcel 5", cell=10).items[0]
    assert (line.text, line.state, line.wanted) == ("where is …", "flagged", 2)
    assert line.answers[0].note == "cut off"
    two = call("items", state="complete").items[1]
    assert two.disagreement
    assert [(a.annotator, a.value) for a in two.answers] == [("ann", "refund"), ("bob", "сервис")]


def test_items_are_paged(call: Call) -> None:
    for more in ({}, {"contains": "a"}):
        seen: list[int] = []
        offset: int | None = 0
        while offset is not None:
            found = call("items", offset=offset, limit=7, **more)
            assert found.total == 20
            seen += [one.item for one in found.items]
            offset = found.next_offset
        assert seen == list(range(20))
    assert call("items", offset=50).items == []
    found = call("items", suggestion="refund")
    assert (found.items, found.total) == ([], 0)


def test_items_are_found_by_how_sure_their_suggestion_is(workspace: Workspace, call: Call) -> None:
    ctx = Context(workspace=workspace)
    # items 0 .. 9 are suggested at 0.0, 0.1 ... 0.9, the others not at all
    sure = [Place(n, n, "refund" if n % 2 else "delivery", n / 10, 1 - n / 10) for n in range(10)]
    ctx.use(Queue).rank(ctx, Scope(ctx.project, "kind"), sure, 2)
    found = call("items", min_confidence=0.7, limit=2)
    assert ([one.item for one in found.items], found.total, found.next_offset) == ([7, 8], 3, 2)
    assert list(standing(call, max_confidence=0.2)) == [0, 1, 2]
    assert list(standing(call, min_confidence=0.3, max_confidence=0.5)) == [3, 4, 5]
    assert list(standing(call, min_confidence=0.3, suggestion="refund", contains="parcel")) == [
        3,
        5,
        7,
        9,
    ]
    assert call("items", min_confidence=0).total == 10
    with pytest.raises(InvalidInput, match="min_confidence is above max_confidence"):
        call("items", min_confidence=0.6, max_confidence=0.5)
    with pytest.raises(InvalidInput):
        call("items", min_confidence=1.1)


def test_sets_and_history_are_listed(call: Call) -> None:
    call("annotate", item=3, value="refund", annotator="ann")
    call("annotate", item=3, value="delivery", annotator="ann", expected=1, note="looked again")
    call("undo", annotator="ann")
    changes = call("history", item=3).changes
    assert [(one.action, one.value, one.holds, one.undone) for one in changes] == [
        ("annotate", "refund", False, False),
        ("annotate", "delivery", False, True),
        ("undo", "refund", True, False),
    ]
    with pytest.raises(NotFound, match="Item 99"):
        call("history", item=99)
    call("adjudicate", item=4, value="refund")
    (line,) = call("list_sets").sets
    assert (line.labelset, line.labels, line.items, line.complete) == ("labelset:kind@1", 3, 20, 1)
    assert call("list_sets", contains="other").sets == []


def test_prefetched_items_are_renewed_and_nobody_elses(call: Call) -> None:
    call("create_set", labels=LABELS, dataset="tickets", column="text", redundancy=1, expected=1)
    first = [task.item for task in call("next", annotator="ann", count=5, lease=60).tasks]
    try:
        clock.shift(50)
        assert [t.item for t in call("next", annotator="ann", count=5, lease=60).tasks] == first
        clock.shift(50)  # past the first reservation, within the renewed one
        other = [t.item for t in call("next", annotator="bob", count=10).tasks]
        assert not set(first) & set(other)
        clock.shift(61)
        late = [t.item for t in call("next", annotator="bob", count=20).tasks]
        assert set(first) <= set(late)
        with pytest.raises(Conflict):
            call("annotate", item=first[0], value="refund", annotator="ann")
    finally:
        clock.shift(-161)


BROWSER = """
import json, sys
from millrace.core.context import Context
from millrace.core.workspace import Workspace
from millrace.label.store import Answers, Change, Queue, Scope

root, database, who, count = sys.argv[1:5]
with Workspace.open(root, {"durability": "normal", "database": database or None}) as workspace:
    ctx, scope = Context(workspace=workspace), Scope("default", "kind")
    queue, answers = workspace.use(Queue), workspace.use(Answers)
    print("ready", flush=True)
    sys.stdin.readline()
    while tasks := queue.lease(ctx, scope, who, 600, int(count)):
        for task in tasks:
            answers.record(ctx, scope, Change(task.item, who, "annotate", "refund"))
            print(json.dumps([who, task.item]), flush=True)
"""


def test_two_browsers_in_two_processes_never_get_one_item(call: Call, workspace: Workspace) -> None:
    call("create_set", labels=LABELS, dataset="tickets", column="text", redundancy=1, expected=1)
    database = workspace.settings.database or ""
    children = [
        subprocess.Popen(
            [sys.executable, "-c", BROWSER, str(workspace.root), database, who, "3"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for who in ("ann", "bob")
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("\n")
        child.stdin.flush()
    said = [json.loads(line) for child in children for line in child.communicate()[0].splitlines()]
    assert [child.returncode for child in children] == [0, 0]
    assert sorted(item for _, item in said) == list(range(20))
    assert {tuple(answers) for answers in standing(call).values()} <= {("ann",), ("bob",)}
