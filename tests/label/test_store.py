"""The queue and the answers, on SQLite and on Postgres."""

import contextlib
import threading
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from millrace.core import clock
from millrace.core.context import Context
from millrace.core.errors import Conflict, NotFound
from millrace.core.workspace import Workspace
from millrace.label.store import JUDGE, Answers, Change, Place, Queue, Scope
from millrace.label.store.tables import annotation, item, lease
from millrace.stores import tables

NUMBER = count()
LEASE = 60.0


@pytest.fixture
def ctx(database: str, tmp_path: Path) -> Iterator[Context]:
    flags: dict[str, object] = {"durability": "normal", "database": database}
    with Workspace.open(tmp_path / "ws", flags) as workspace:
        yield Context(workspace=workspace)


@pytest.fixture(autouse=True)
def still_clock() -> Iterator[None]:
    before = clock.now() - time.time()
    yield
    clock.shift(before - (clock.now() - time.time()))


class Desk:
    """One label set with the two stores, and what people do to it."""

    def __init__(self, ctx: Context, items: int = 5, wanted: int = 1) -> None:
        self.ctx = ctx
        self.scope = Scope("default", f"set{next(NUMBER)}")
        self.queue, self.answers = ctx.use(Queue), ctx.use(Answers)
        self.queue.enqueue(ctx, self.scope, range(items), wanted)

    def next(self, who: str, wanted: int = 1, seconds: float = LEASE) -> list[int]:
        return [t.item for t in self.queue.lease(self.ctx, self.scope, who, seconds, wanted)]

    def do(self, who: str, number: int, action: str = "annotate", value: str | None = "x", **more):
        shown = value if action in ("annotate", "adjudicate") else None
        return self.answers.record(self.ctx, self.scope, Change(number, who, action, shown, **more))

    def undo(self, who: str, number: int | None = None):
        return self.answers.undo(self.ctx, self.scope, who, LEASE, number)

    def rows(self) -> dict[int, dict]:
        with self.queue.database.read() as connection:
            found = connection.execute(select(item).where(self.scope.of(item))).mappings().all()
        return {row["item"]: dict(row) for row in found}

    def size(self) -> dict[str, int]:
        return self.queue.size(self.scope)


@pytest.fixture
def desk(ctx: Context) -> Desk:
    return Desk(ctx)


def test_items_go_out_in_order_and_once(desk: Desk) -> None:
    assert desk.next("ann", 2) == [0, 1]
    assert desk.next("bob", 2) == [2, 3]
    assert desk.next("ann", 2) == [0, 1]  # asking again gives the same
    desk.do("ann", 0)
    assert desk.next("ann", 2) == [1, 4]
    assert desk.next("cy") == []
    assert desk.size()["leased"] == 4


def test_redundancy_is_never_exceeded(ctx: Context) -> None:
    desk = Desk(ctx, items=1, wanted=2)
    assert [desk.next(who) for who in ("ann", "bob", "cy")] == [[0], [0], []]
    with pytest.raises(Conflict, match="0 of 2 answers and 2 people at work"):
        desk.do("cy", 0)
    desk.do("ann", 0)
    desk.do("bob", 0, value="y")
    assert desk.size()["complete"] == 1
    assert desk.answers.given(desk.scope).values == ["x", "y"]


def test_a_lapsed_lease_goes_to_the_next(desk: Desk) -> None:
    assert desk.next("ann") == [0]
    assert desk.next("bob", 4) == [1, 2, 3, 4]
    assert desk.next("cy") == []
    clock.shift(LEASE + 1)
    assert desk.next("cy") == [0]
    assert desk.next("ann") == [1]  # and who was too late gets another
    with pytest.raises(Conflict):
        desk.do("ann", 0)


def test_a_late_answer_is_taken_while_nobody_else_has_the_item(desk: Desk) -> None:
    desk.next("ann")
    clock.shift(LEASE + 1)
    assert desk.do("ann", 0).version == 1


def test_a_skipped_item_goes_to_somebody_else_only(desk: Desk) -> None:
    assert desk.next("ann") == [0]
    assert desk.next("bob") == [1]
    desk.do("ann", 0, "skip")
    assert desk.next("ann") == [2]
    desk.do("bob", 1)
    assert desk.next("bob") == [0]
    assert desk.size()["skipped"] == 1
    assert desk.do("ann", 2).state == "answered"


def test_a_flagged_item_goes_to_nobody_until_it_is_taken_back(desk: Desk) -> None:
    desk.next("ann")
    desk.do("ann", 0, "flag", note="cut off")
    assert desk.size()["flagged"] == 1
    assert desk.next("bob") == [1]
    with pytest.raises(Conflict, match="was flagged"):
        desk.do("cy", 0)
    assert desk.undo("ann").state == "none"
    assert desk.next("ann") == [0]


def test_a_second_writer_gets_a_conflict(desk: Desk) -> None:
    first = desk.do("ann", 0)
    with pytest.raises(Conflict, match="already has an answer") as caught:
        desk.do("ann", 0, value="y")
    assert caught.value.facts["version"] == first.version
    second = desk.do("ann", 0, value="y", expected=1)
    assert (second.version, second.value) == (2, "y")
    with pytest.raises(Conflict, match="is at version 2, not 1"):
        desk.do("ann", 0, value="z", expected=1)
    with pytest.raises(Conflict, match="1 of 1 answers"):
        desk.do("bob", 0)
    assert desk.answers.given(desk.scope).values == ["y"]


def test_the_same_again_changes_nothing(desk: Desk) -> None:
    desk.do("ann", 0)
    again = desk.do("ann", 0)
    assert (again.version, again.repeated) == (1, True)
    assert len(desk.answers.history(desk.scope, 0)) == 1


def test_undo_walks_back_and_keeps_the_history(desk: Desk) -> None:
    desk.do("ann", 0, value="x")
    desk.do("ann", 0, value="y", expected=1)
    assert desk.undo("ann").value == "x"
    back = desk.undo("ann")
    assert (back.state, back.value, back.version) == ("none", None, 4)
    with pytest.raises(NotFound, match="nothing to take back"):
        desk.undo("ann")
    history = [(row.action, row.state, row.value) for row in desk.answers.history(desk.scope, 0)]
    assert history == [
        ("annotate", "answered", "x"),
        ("annotate", "answered", "y"),
        ("undo", "answered", "x"),
        ("undo", "none", None),
    ]
    assert desk.next("ann") == [0]  # reserved again
    assert desk.do("ann", 0, value="z").version == 5


def test_undo_of_one_item_leaves_the_others(desk: Desk) -> None:
    desk.do("ann", 0)
    desk.do("ann", 1)
    assert desk.undo("ann", 0).item == 0
    assert desk.answers.given(desk.scope).items == [1]
    with pytest.raises(NotFound, match="item 0"):
        desk.undo("ann", 0)


def test_a_job_writes_once_however_often_it_lives(ctx: Context, desk: Desk) -> None:
    desk.do("ann", 0)
    desk.do("ann", 1)
    lived = desk.ctx.but(job=None)
    with desk.queue.database.begin() as connection:
        values = {
            "id": "job-1", "op": "label.undo", "op_version": 1, "project": "default",
            "actor": {}, "params": {}, "queue": "default", "state": "running", "created_at": 0.0,
            "epoch": 1,
        }  # fmt: skip
        connection.execute(tables.job.insert().values(values))
    job = lived.but(job="job-1", epoch=1)
    first = desk.answers.undo(job, desk.scope, "ann", LEASE)
    again = desk.answers.undo(job, desk.scope, "ann", LEASE)
    assert (first.item, again.item, again.repeated) == (1, 1, True)
    assert desk.answers.given(desk.scope).items == [0]


def test_adjudication_stands_beside_the_answers(desk: Desk) -> None:
    desk.do("ann", 0)
    desk.do(JUDGE, 0, "adjudicate", "y")
    assert desk.answers.given(desk.scope).values == ["x"]
    assert desk.answers.given(desk.scope, "adjudicated").values == ["y"]
    with pytest.raises(Conflict, match="answer of 'adjudication'"):
        desk.do(JUDGE, 0, "adjudicate", "x")
    desk.do(JUDGE, 1, "adjudicate", "y")
    assert desk.next("bob") == [2]


def test_answers_as_they_stood(desk: Desk) -> None:
    desk.do("ann", 0)
    mark = desk.answers.newest(desk.scope)
    desk.do("ann", 0, value="y", expected=1)
    desk.do("ann", 1)
    assert desk.answers.given(desk.scope).values == ["y", "x"]
    assert desk.answers.given(desk.scope, upto=mark).values == ["x"]
    desk.undo("ann", 0)
    assert desk.answers.given(desk.scope, upto=mark).values == ["x"]


def test_many_are_loaded_and_nobody_loses_an_answer(desk: Desk) -> None:
    desk.do("ann", 0)
    rows = [(0, "ann", "y"), (0, "bob", "y"), (0, "bob", "x"), (9, "bob", "x")]
    assert desk.answers.load(desk.ctx, desk.scope, rows, 1, 1) == (2, 2)
    assert desk.answers.given(desk.scope).values == ["x", "y", "x"]
    assert desk.rows()[9]["open"] == 0
    assert desk.answers.load(desk.ctx, desk.scope, rows, 1, 1) == (0, 4)
    assert desk.answers.people(desk.scope) == {"ann": {"answered": 1}, "bob": {"answered": 2}}


def test_ranks_reorder_and_keep_what_is_done(desk: Desk) -> None:
    desk.do("ann", 3)
    desk.next("bob")
    places = [Place(one, 4 - one, "x", 0.5, 0.5) for one in (1, 2, 3, 4)] + [Place(8, 4)]
    desk.queue.rank(desk.ctx, desk.scope, places, 1)
    assert desk.next("cy", 5) == [4, 2, 1, 8]
    assert desk.next("bob") == [0]
    assert desk.queue.suggestions(desk.scope, 0.5) == [(n, "x", 0.5) for n in (1, 2, 3, 4)]


def test_wanting_more_opens_items_again(desk: Desk) -> None:
    desk.do("ann", 0)
    with desk.queue.database.begin() as connection:
        desk.queue.want(connection, desk.scope, 2)
    assert desk.next("bob") == [0]
    assert desk.next("ann") == [1]


def test_an_unknown_item_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound, match="Item 77 is not in the queue"):
        desk.do("ann", 77)


def test_every_change_has_its_event(desk: Desk) -> None:
    desk.do("ann", 0)
    desk.undo("ann")
    with desk.queue.database.read() as connection:
        query = select(tables.event.c.kind).order_by(tables.event.c.seq)
        kinds = list(connection.execute(query).scalars())
    assert kinds[-3:] == ["label.queued", "label.answered", "label.none"]


def test_a_broken_transaction_leaves_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.next("ann")
    before = desk.rows()

    def fail(*_: object, **__: object) -> None:
        raise Conflict("The disk is gone.")

    monkeypatch.setattr(desk.queue.database, "emit", fail)
    with pytest.raises(Conflict, match="disk"):
        desk.do("ann", 0)
    assert desk.rows() == before
    assert desk.answers.given(desk.scope).items == []


def test_threads_never_share_an_item(ctx: Context) -> None:
    desk = Desk(ctx, items=24)
    taken: list[int] = []
    lock = threading.Lock()

    def work(who: str) -> None:
        while found := desk.next(who, 2):
            for number in found:
                desk.do(who, number)
            with lock:
                taken.extend(found)

    threads = [threading.Thread(target=work, args=(f"p{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(range(24))


PEOPLE = ("ann", "bob", "cy")
ACTIONS = ("next", "next", "answer", "answer", "stray", "skip", "flag", "undo", "lapse", "rank")
steps = st.lists(
    st.tuples(st.sampled_from(ACTIONS), st.sampled_from(PEOPLE), st.integers(0, 3)), max_size=40
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps, st.integers(1, 2))
def test_any_history_keeps_the_promises(ctx: Context, done: list, wanted: int) -> None:
    desk = Desk(ctx, items=4, wanted=wanted)
    for action, who, number in done:
        with contextlib.suppress(Conflict, NotFound):  # refused; the promises hold all the same
            _step(desk, action, who, number, wanted)
        _check(desk, wanted)


def _step(desk: Desk, action: str, who: str, number: int, wanted: int) -> None:
    if action == "next":
        held, free = _available(desk, who, wanted)
        found = desk.next(who, 1 + 9 * (number == 3))
        assert set(found) <= held | free
        assert len(found) == min(1 + 9 * (number == 3), len(held | free))
    elif action == "answer":
        for held in desk.next(who):
            desk.do(who, held, value="xy"[number % 2])
    elif action == "stray":
        desk.do(who, number)
    elif action in ("skip", "flag"):
        desk.do(who, number, action)
    elif action == "undo":
        desk.undo(who)
    elif action == "lapse":
        clock.shift(LEASE + 1)
    else:
        order = [Place((one + number) % 4, one) for one in range(4)]
        desk.queue.rank(desk.ctx, desk.scope, order, wanted)


def _current(desk: Desk) -> list:
    with desk.queue.database.read() as connection:
        query = select(annotation).where(
            desk.scope.of(annotation), annotation.c.superseded_by.is_(None)
        )
        return list(connection.execute(query))


def _leases(desk: Desk) -> set[tuple[int, str]]:
    with desk.queue.database.read() as connection:
        live = select(lease).where(desk.scope.of(lease), lease.c.expires_at > clock.now())
        return {(row.item, row.annotator) for row in connection.execute(live)}


def _available(desk: Desk, who: str, wanted: int) -> tuple[set[int], set[int]]:
    """Say by brute force which items this person holds, and may be given besides."""
    current, leases = _current(desk), _leases(desk)
    held = {number for number, owner in leases if owner == who}
    free = set()
    for number in range(4):
        states = {r.annotator: r.state for r in current if r.item == number and r.state != "none"}
        slots = sum(state == "answered" for state in states.values())
        slots += sum(one == number for one, _ in leases)
        if slots < wanted and who not in states and "flagged" not in states.values():
            free.add(number)
    return held, free - held


def _check(desk: Desk, wanted: int) -> None:
    rows, current = desk.rows(), _current(desk)
    with desk.queue.database.read() as connection:
        query = (
            select(lease.c.item, func.count()).where(desk.scope.of(lease)).group_by(lease.c.item)
        )
        leases = {row[0]: row[1] for row in connection.execute(query)}
    for number, row in rows.items():
        states = [one.state for one in current if one.item == number]
        assert row["answers"] == states.count("answered")
        assert row["skips"] == states.count("skipped")
        assert row["flags"] == states.count("flagged")
        assert row["leases"] == leases.get(number, 0)
        assert row["answers"] + row["leases"] <= wanted
        is_free = row["answers"] + row["leases"] < wanted and not row["flags"]
        assert bool(row["open"]) == is_free
    assert len({row["position"] for row in rows.values()}) == len(rows)
