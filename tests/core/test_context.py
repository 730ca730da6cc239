"""Context, policy, events, clock and failpoints."""

import os
import subprocess
import sys

import pytest

from millrace.core import clock, policy
from millrace.core.context import Context
from millrace.core.errors import Cancelled, NotAllowed
from millrace.core.events import Checkpoint, Event, Progress
from millrace.core.failpoints import failpoint
from millrace.core.policy import EFFECTS, ROLES, Actor
from millrace.core.workspace import Workspace
from millrace.kinds.rows import Params


def test_events_reach_the_sink(workspace: Workspace) -> None:
    seen: list[Event] = []
    ctx = Context(workspace=workspace, sink=seen.append)
    ctx.emit("trial", number=1)
    ctx.progress(1, 4, "first")
    assert [event.kind for event in seen] == ["trial", "progress"]
    assert seen[1].data == {"done": 1, "total": 4, "note": "first"}
    assert Progress.of(1, None).data["total"] is None
    assert Checkpoint(data={"a": 1}).kind == "checkpoint"


def test_without_a_sink_events_go_nowhere(ctx: Context) -> None:
    ctx.emit("trial")
    ctx.progress(1, 2)
    assert ctx.stopping() is False


def test_progress_and_check_stop_cancelled_work(workspace: Workspace) -> None:
    ctx = Context(workspace=workspace, cancelled=lambda: True)
    with pytest.raises(Cancelled):
        ctx.check()
    with pytest.raises(Cancelled):
        ctx.progress(1, 2)


def test_a_copy_changes_only_what_is_named(ctx: Context) -> None:
    copy = ctx.but(seed=7)
    assert (copy.seed, ctx.seed) == (7, 0)
    assert copy.workspace is ctx.workspace


def test_calling_needs_a_runner(ctx: Context, workspace: Workspace) -> None:
    with pytest.raises(TypeError, match="has no runner"):
        ctx.call(print, Params())
    given = Context(workspace=workspace, caller=lambda f, p, c: (f, p, c.seed))
    assert given.call(print, Params()) == (print, Params(), 0)


@pytest.mark.parametrize("role", sorted(ROLES))
@pytest.mark.parametrize("effect", EFFECTS)
def test_roles_may_do_what_their_table_says(role: str, effect: str) -> None:
    actor = Actor(name="ann", role=role)
    if effect in ROLES[role]:
        policy.check(actor, "barn.x", effect)
    else:
        with pytest.raises(NotAllowed, match=f"'ann' with role '{role}' may not run 'barn.x'"):
            policy.check(actor, "barn.x", effect)


@pytest.mark.parametrize("role", ["", "admin", "OWNER", "owner "])
def test_an_unknown_role_may_do_nothing(role: str) -> None:
    for effect in EFFECTS:
        with pytest.raises(NotAllowed):
            policy.check(Actor(role=role), "barn.x", effect)


def test_a_role_named_on_the_op_may_run_it() -> None:
    policy.check(Actor(role="viewer"), "barn.x", "write", ("viewer",))
    with pytest.raises(NotAllowed):
        policy.check(Actor(role="viewer"), "barn.x", "write", ("annotator",))


def test_the_clock_can_be_moved() -> None:
    before = clock.now()
    clock.shift(3600)
    try:
        assert 3599 < clock.now() - before < 3700
    finally:
        clock.shift(-3600)


def test_failpoints_do_nothing_unless_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MILLRACE_FAILPOINT", raising=False)
    failpoint("a")
    monkeypatch.setenv("MILLRACE_FAILPOINT", "b:1:kill")
    failpoint("a")


@pytest.mark.crash
def test_a_failpoint_kills_at_the_nth_pass() -> None:
    code = (
        "from millrace.core.failpoints import failpoint\n"
        "for n in range(5):\n    print(n, flush=True); failpoint('a')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "MILLRACE_FAILPOINT": "a:3:kill"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.split()) == (-9, ["0", "1", "2"])
