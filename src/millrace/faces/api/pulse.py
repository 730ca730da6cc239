"""One look at the event table per process wakes every stream that waits for events."""

import asyncio
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import contextmanager
from typing import Any, Protocol

from millrace.kinds.job import FINAL, EventLine, Job

EVERY = 0.2  # time between two looks while somebody listens [s]
KEEP_ALIVE = 15.0  # longest silence of a stream [s]
PAGE = 500  # events read at once


class Look(Protocol):
    """Asks the Jobs store something in a thread."""

    async def __call__(self, function: Callable[[Any], Any]) -> Any:
        """Return what the function returns."""
        ...


class Pulse:
    """Beats whenever the newest event changes."""

    def __init__(self, look: Look, stopping: Callable[[], bool]) -> None:
        self._look = look
        self._stopping = stopping
        self._beat = asyncio.Event()
        self._listeners = 0
        self._task: asyncio.Task[None] | None = None

    async def stream(
        self, after: int, job: str | None, project: str | None = None
    ) -> AsyncIterator[list[EventLine]]:
        """Give events above `after` in pages, for ever; an empty page means silence.

        Those of one project, or of all. What happens elsewhere is read over once.
        Reads from the table by sequence number only, so that nothing is missed or given twice
        however the beats fall.
        """
        with self._listening():
            while not self._stopping():
                beat = self._beat
                page, seen = await self._look(lambda jobs, a=after: _read(jobs, a, job, project))
                after = max(after, seen)
                if page:
                    yield page
                elif not await _struck(beat):
                    yield []

    async def until_end(self, after: int, id: str) -> AsyncIterator[list[EventLine] | Job]:
        """Give a job's events, and at last the job itself once it has ended or is paused.

        The state is read before the events: when it is final, every event is there already.
        """
        with self._listening():
            while not self._stopping():
                beat = self._beat
                job: Job = await self._look(lambda jobs: jobs.get(id))
                page = await self._page(after, id)
                if page:
                    after = page[-1].seq
                    yield page
                elif job.state in FINAL or job.state == "paused":
                    yield job
                    return
                elif not await _struck(beat):
                    yield []

    async def _page(self, after: int, job: str | None) -> list[EventLine]:
        return await self._look(lambda jobs: jobs.events(after, job, PAGE))

    @contextmanager
    def _listening(self) -> Generator[None]:
        self._listeners += 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            self._listeners -= 1

    async def _run(self) -> None:
        last = -1  # the first look always beats: an event may stand between a read and it
        while self._listeners and not self._stopping():
            newest = await self._look(lambda jobs: jobs.last_event())
            if newest != last:
                last = newest
                self._turn()
            await asyncio.sleep(EVERY)
        self._turn()

    def _turn(self) -> None:
        done, self._beat = self._beat, asyncio.Event()
        done.set()


def _read(
    jobs: Any, after: int, job: str | None, project: str | None
) -> tuple[list[EventLine], int]:
    """Return a page of events, and the number up to which everything has been looked at.

    Numbers appear in order, so nothing below the newest of before the look comes later.
    """
    newest = jobs.last_event()
    page = (jobs if project is None else jobs.of(project)).events(after, job, PAGE)
    full = len(page) == PAGE
    return page, page[-1].seq if full else max(newest, page[-1].seq if page else 0)


async def _struck(beat: asyncio.Event) -> bool:
    """Wait for a beat; False after a long silence."""
    try:
        await asyncio.wait_for(beat.wait(), KEEP_ALIVE)
    except TimeoutError:
        return False
    return True
