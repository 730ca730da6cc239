"""Run what arrived together: batches without a timer, answers cut by (offset, rows)."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import chain
from logging import getLogger
from time import perf_counter, thread_time
from typing import Any

import numpy as np

from millrace.core.errors import Internal, LimitReached, MillraceError, TimedOut
from millrace.core.ids import new_id
from millrace.deployment.engine.codec import Call, cut
from millrace.deployment.engine.signature import Answer, Model

Outcome = Answer | MillraceError
Done = Callable[[Outcome, float], None]

AT_ONCE_SECONDS = 20e-6  # below this, gathering a batch costs more than it saves
INLINE_SECONDS = 0.002
_log = getLogger("millrace.deployment")


@dataclass(slots=True)
class Work:
    """One request waiting for a model; `done` gets the outcome and its share of seconds."""

    call: Call
    done: Done
    since: float


class Lane:
    """One model and the requests waiting for it, on one event loop.

    Requests read in one turn of the loop are answered by one call of the model, capped by
    rows. A model expected to take longer than `INLINE_SECONDS` runs in a thread, and what
    arrives meanwhile makes the next batch: no timer, no waiting while the model is idle.
    A model that takes less than `AT_ONCE_SECONDS` gains nothing by that and answers at once.
    """

    def __init__(
        self,
        model: Model,
        pool: Executor,
        *,
        max_rows: int = 1024,
        max_waiting: int = 100_000,
        max_seconds: float = 30.0,
        row_seconds: float = 1.0,
    ) -> None:
        self.model = model
        self.pool = pool
        self.max_rows = max_rows
        self.max_waiting = max_waiting
        self.max_seconds = max_seconds
        self.row_seconds = row_seconds  # unless known, the first batch runs in a thread
        self.last_seconds = 0.0
        self._waiting: deque[Work] = deque()
        self._waiting_rows = 0
        self._busy = False
        self._ticking = False

    @property
    def is_working(self) -> bool:
        """Say whether something waits or runs."""
        return self._busy

    @property
    def waiting_rows(self) -> int:
        """Return how many rows wait."""
        return self._waiting_rows

    def at_once(self, call: Call) -> Outcome | None:
        """Answer now when the model is idle and that quick; else None: submit it."""
        if self._busy or call.rows * self.row_seconds > AT_ONCE_SECONDS:
            return None
        begin = perf_counter()
        outcome = _predict(self.model, call.columns, call.rows)
        self.last_seconds = seconds = perf_counter() - begin
        seconds /= call.rows
        if seconds > self.row_seconds or seconds < self.row_seconds / 2:
            self._learn(seconds)
        return outcome

    def check_room(self, call: Call) -> None:
        """Raise `limit_reached` when more rows wait than the lane takes."""
        if self._waiting_rows and self._waiting_rows + call.rows > self.max_waiting:
            raise LimitReached(
                f"{self._waiting_rows} rows wait for '{self.model.signature.model}', which is all "
                "it takes.",
                "Send less at once, or try again in a second.",
                retry_after=1,
            )

    def submit(self, call: Call, done: Done) -> None:
        """Queue a request; `done` is called once, on the loop, never from within submit."""
        self._waiting.append(Work(call, done, perf_counter()))
        self._waiting_rows += call.rows
        if not self._busy:
            self._busy = True
            asyncio.get_running_loop().call_soon(self._next)

    def _tick(self) -> None:
        self.expire()
        self._ticking = self._busy
        if self._busy:
            asyncio.get_running_loop().call_later(1.0, self._tick)

    def expire(self) -> None:
        """Answer `timed_out` to what has waited too long."""
        limit = perf_counter() - self.max_seconds
        while self._waiting and self._waiting[0].since < limit:
            work = self._pop()
            late = TimedOut(
                f"The model had no time for the request within {self.max_seconds:g} s.",
                "Try again, or serve it from more processes.",
            )
            work.done(late, 0.0)

    def _learn(self, measured: float) -> None:
        """Follow the cost of a row: up by degrees, down at once."""
        smooth = self.row_seconds + 0.2 * (measured - self.row_seconds)
        self.row_seconds = smooth if smooth < 2 * measured else 2 * measured

    def _pop(self) -> Work:
        work = self._waiting.popleft()
        self._waiting_rows -= work.call.rows
        return work

    def _take(self) -> list[Work]:
        batch = [self._pop()]
        rows = batch[0].call.rows
        while self._waiting and rows + self._waiting[0].call.rows <= self.max_rows:
            work = self._pop()
            rows += work.call.rows
            batch.append(work)
        return batch

    def _next(self) -> None:
        """Run one batch; the rest follows in the next turn, so that the loop breathes."""
        if not self._waiting:
            self._busy = False
            return
        batch = self._take()
        rows = sum(work.call.rows for work in batch)
        if rows * self.row_seconds <= INLINE_SECONDS:
            self._finish(batch, *self._run(batch))
            return
        loop = asyncio.get_running_loop()
        if not self._ticking:
            self._ticking = True
            loop.call_later(1.0, self._tick)
        future = self.pool.submit(self._run, batch)
        future.add_done_callback(
            lambda done: loop.call_soon_threadsafe(self._finish, batch, *done.result())
        )

    def _run(self, batch: Sequence[Work]) -> tuple[list[Outcome], float]:
        begin = thread_time()  # not wall: a wait for the interpreter is no cost of the model
        outcomes = run(self.model, [work.call for work in batch])
        return outcomes, thread_time() - begin

    def _finish(self, batch: Sequence[Work], outcomes: list[Outcome], seconds: float) -> None:
        rows = sum(work.call.rows for work in batch)
        measured = seconds / rows
        self._learn(measured)
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._next)
        else:
            self._busy = False
        for work, outcome in zip(batch, outcomes, strict=True):
            work.done(outcome, measured * work.call.rows)


def run(model: Model, calls: Sequence[Call]) -> list[Outcome]:
    """Answer several requests by one call of the model, each with its own rows.

    When the joint call fails, each request is tried alone: one bad row spoils only its own
    request. Shapes: every column of a call holds `rows` values; answers are cut in order.
    """
    rows = sum(call.rows for call in calls)
    columns = calls[0].columns if len(calls) == 1 else join([call.columns for call in calls])
    outcome = _predict(model, columns, rows)
    if len(calls) == 1:
        return [outcome]
    if isinstance(outcome, MillraceError):
        return [_predict(model, call.columns, call.rows) for call in calls]
    found: list[Outcome] = []
    offset = 0
    for call in calls:
        found.append(cut(outcome, offset, call.rows))
        offset += call.rows
    return found


def _predict(model: Model, columns: dict[str, Any], rows: int) -> Outcome:
    try:
        answer = model.predict(columns, rows)
    except MillraceError as error:
        return error
    except Exception:  # noqa: BLE001  the edge of a request: a model's bug must not end the server
        number = new_id("error")
        _log.exception("model '%s' failed, %s", model.signature.model, number)
        return _internal(model, number)
    if len(answer.values) != rows or (answer.proba is not None and len(answer.proba) != rows):
        number = new_id("error")
        got = len(answer.values)
        _log.error("model '%s' gave %d of %d, %s", model.signature.model, got, rows, number)
        return _internal(model, number)
    return answer


def _internal(model: Model, number: str) -> Internal:
    return Internal(
        f"The model '{model.signature.model}' failed on this request.",
        f"The log has the details under '{number}'.",
        id=number,
    )


def join(parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Put the columns of several requests one after the other."""
    return {name: _join([part[name] for part in parts]) for name in parts[0]}


def _join(values: list[Any]) -> Any:
    arrays = [value for value in values if isinstance(value, np.ndarray)]
    if len(arrays) == len(values) and len({array.dtype for array in arrays}) == 1:
        return np.concatenate(arrays)
    lists = (value.tolist() if isinstance(value, np.ndarray) else value for value in values)
    return list(chain.from_iterable(lists))
