"""Event streams inside the process: no hole, nothing twice, whatever the timing."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from millrace.core.workspace import Workspace
from millrace.faces.api.pulse import Pulse
from millrace.kinds.job import EventLine, Job
from millrace.stores.jobs import Jobs
from millrace.stores.sql import Database
from tests.faces.http import Caller


def write(workspace: Workspace, count: int, job: str | None = None) -> None:
    database = workspace.use(Database)
    for number in range(count):
        with database.begin() as connection:
            database.emit(connection, "tick", {"number": number}, job=job)


def pulse_of(workspace: Workspace, stopping: Callable[[], bool] = lambda: False) -> Pulse:
    async def look(function: Callable[[Any], Any]) -> Any:
        return await asyncio.to_thread(function, workspace.use(Jobs))

    return Pulse(look, stopping)


async def collect(pulse: Pulse, after: int, count: int) -> list[EventLine]:
    found: list[EventLine] = []
    async for page in pulse.stream(after, None):
        found.extend(page)
        if len(found) >= count:
            break
    return found


def test_readers_see_every_event_once_while_writers_write(opened: Workspace) -> None:
    write(opened, 20)

    async def main() -> list[list[EventLine]]:
        pulse = pulse_of(opened)
        writers = [threading.Thread(target=write, args=(opened, 40)) for _ in range(3)]
        readers = [asyncio.create_task(collect(pulse, 0, 140)) for _ in range(3)]
        for writer in writers:
            writer.start()
            await asyncio.sleep(0.05)
        found = await asyncio.wait_for(asyncio.gather(*readers), 30)
        for writer in writers:
            await asyncio.to_thread(writer.join)
        return found

    for events in asyncio.run(main()):
        numbers = [event.seq for event in events]
        assert numbers == sorted(set(numbers))
        assert len(numbers) == 140


def test_what_happens_in_another_project_is_read_over_once(opened: Workspace) -> None:
    database = opened.use(Database)
    asked: list[int] = []

    class Watched(Jobs):
        def events(self, after: int, job: str | None = None, limit: int = 1000) -> list[EventLine]:
            asked.append(after)
            return super().events(after, job, limit)

    async def main() -> list[EventLine]:
        async def look(function: Callable[[Any], Any]) -> Any:
            return await asyncio.to_thread(function, opened.use(Watched))

        found: list[EventLine] = []
        async for page in Pulse(look, lambda: False).stream(0, None, "mine"):
            found.extend(page)
            if len(found) == 2:
                break
            await asyncio.to_thread(emit, "mine")
        return found

    def emit(project: str) -> None:
        with database.begin() as connection:
            database.emit(connection, "tick", {}, project=project)

    for _ in range(30):
        emit("other")
    emit("mine")
    emit("other")
    found = asyncio.run(asyncio.wait_for(main(), 20))
    assert len({event.seq for event in found}) == 2
    assert asked == [0, found[0].seq + 1]  # not again from the event before


def test_a_reader_goes_on_where_it_stopped(opened: Workspace) -> None:
    write(opened, 10)

    async def main() -> tuple[list[EventLine], list[EventLine]]:
        pulse = pulse_of(opened)
        first = (await collect(pulse, 0, 10))[:4]
        return first, await collect(pulse, first[-1].seq, 6)

    first, rest = asyncio.run(main())
    assert [event.data["number"] for event in [*first, *rest]] == list(range(10))


def test_an_event_between_read_and_first_beat_is_seen_soon(opened: Workspace) -> None:
    async def main() -> list[EventLine]:
        pulse = pulse_of(opened)
        reader = asyncio.create_task(collect(pulse, 0, 1))
        await asyncio.sleep(0)
        await asyncio.to_thread(write, opened, 1)
        return await asyncio.wait_for(reader, 5)

    assert len(asyncio.run(main())) == 1


def test_streams_end_with_the_server(opened: Workspace) -> None:
    ending = threading.Event()

    async def main() -> None:
        pulse = pulse_of(opened, ending.is_set)
        reader = asyncio.create_task(collect(pulse, 0, 1))
        await asyncio.sleep(0.3)
        ending.set()
        await asyncio.wait_for(reader, 5)

    asyncio.run(main())


def test_a_job_stream_ends_with_the_job(opened: Workspace) -> None:
    jobs = opened.use(Jobs)
    job = jobs.submit("sample.count", {"upto": 5})

    async def main() -> list[Any]:
        found: list[Any] = []
        runner = asyncio.create_task(asyncio.to_thread(jobs.run, job.id))
        async for page in pulse_of(opened).until_end(0, job.id):
            found.extend(page if isinstance(page, list) else [page])
        await runner
        return found

    *events, end = asyncio.run(main())
    assert isinstance(end, Job)
    assert (end.state, end.result["last"]) == ("done", 5)
    assert [e.data["number"] for e in events if e.kind == "number"] == [1, 2, 3, 4, 5]
    assert events[-1].data["state"] == "done"


def test_sse_of_an_ended_job(opened: Workspace) -> None:
    jobs = opened.use(Jobs)
    job = jobs.submit("sample.count", {"upto": 2})
    jobs.run(job.id)
    caller = Caller(opened)
    whole = caller.get(f"/jobs/{job.id}/events")
    assert whole.headers["content-type"].startswith("text/event-stream")
    blocks = whole.body.decode().strip().split("\n\n")
    ids = [int(b.split("\n")[0].removeprefix("id: ")) for b in blocks if b.startswith("id: ")]
    assert ids == sorted(set(ids))
    assert blocks[-1].startswith("event: end\ndata: {")
    resumed = caller.get(f"/jobs/{job.id}/events", headers={"last-event-id": str(ids[1])})
    assert f"id: {ids[1]}\n" not in resumed.body.decode()
    assert f"id: {ids[2]}\n" in resumed.body.decode()


@pytest.mark.parametrize("path", ["/events", "/jobs/{id}/events"])
@pytest.mark.parametrize("last", ["x", "²", "9" * 5000])
def test_a_wrong_last_event_id_is_422(opened: Workspace, path: str, last: str) -> None:
    job = opened.use(Jobs).submit("sample.count", {"upto": 2})
    path = path.format(id=job.id)
    answer = Caller(opened).get(path, headers={"last-event-id": last})
    assert (answer.status, answer.json()["code"]) == (422, "invalid_input")
    for after in (-1, 2**63, "x", ""):
        assert Caller(opened).get(f"{path}?after={after}").status == 422


def test_a_plain_op_streams_its_events(opened: Workspace) -> None:
    sent = {"accept": "text/event-stream"}
    body = Caller(opened).post("/ops/sample.add", {"first": 1}, headers=sent).body.decode()
    assert '"kind":"adding"' in body
    assert body.endswith('event: result\ndata: {"value":2.0,"words":"1 + 1"}\n\n')
    failed = Caller(opened).post("/ops/sample.fail", {"code": "conflict"}, headers=sent)
    assert failed.body.decode().startswith(": open\n\nevent: error\n")
    assert Caller(opened).post("/ops/sample.add", {}, headers=sent).status == 422
