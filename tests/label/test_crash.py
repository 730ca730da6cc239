"""What was acknowledged survives a kill, once, with its event and its counts."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select

from millrace.core.context import Context
from millrace.core.workspace import Workspace
from millrace.label.store import Answers, Queue, Scope
from millrace.label.store.tables import item
from millrace.stores import tables

WRITER = """
import sys
from millrace.core.context import Context
from millrace.core.workspace import Workspace
from millrace.label.store import Answers, Change, Queue, Scope

with Workspace.open(sys.argv[1]) as workspace:
    ctx, scope = Context(workspace=workspace), Scope("default", "kind")
    queue, answers = workspace.use(Queue), workspace.use(Answers)
    queue.enqueue(ctx, scope, range(2_000), 1)
    while True:
        task = queue.lease(ctx, scope, "ann", 600)[0]
        answers.record(ctx, scope, Change(task.item, "ann", "annotate", "x"))
        print(task.item, flush=True)
"""


@pytest.mark.crash
def test_an_acknowledged_answer_survives_a_kill(tmp_path: Path) -> None:
    root = tmp_path / "ws"
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(root)], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        told = [int(child.stdout.readline()) for _ in range(40)]
        child.kill()
        told += [int(line) for line in child.stdout.read().split("\n")[:-1]]
    with Workspace.open(root) as workspace:
        ctx, scope = Context(workspace=workspace), Scope("default", "kind")
        kept = workspace.use(Answers).given(scope).items
        assert len(set(kept)) == len(kept)
        assert set(told) <= set(kept)
        assert len(kept) <= len(told) + 1  # at most the one that was being told
        queue = workspace.use(Queue)
        with queue.database.read() as connection:
            events = select(func.count()).where(tables.event.c.kind == "label.answered")
            assert connection.execute(events).scalar() == len(kept)
            answers = select(func.sum(item.c.answers)).where(scope.of(item))
            assert connection.execute(answers).scalar() == len(kept)
        assert queue.lease(ctx, scope, "bob", 60)[0].item not in kept
