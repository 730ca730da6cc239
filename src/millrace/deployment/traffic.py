"""Answered requests kept as rows of `requests-<deployment>`: bounded, written aside."""

import threading
from collections import defaultdict, deque
from collections.abc import Sequence
from logging import getLogger
from typing import Any

from millrace.core.context import Context
from millrace.core.errors import Conflict, MillraceError
from millrace.deployment.engine.handler import Seen
from millrace.stores.datasets import Datasets

PREFIX = "requests-"
FLUSH_SECONDS = 5.0
COMPACT_EVERY = 50
TRIES = 8
Key = tuple[str, str]  # project and name of a deployment
_log = getLogger("millrace.deployment")


class Traffic:
    """Collects a sample of the requests and appends it to datasets now and then.

    A deployment's rows go to its own project, that of `ctx` where it says none. `add` never
    waits. What comes while the buffer is full is counted as dropped, and the count is written
    with the next rows.
    """

    def __init__(
        self, ctx: Context, max_requests: int = 20_000, max_bytes: int = 64 * 2**20
    ) -> None:
        self.ctx = ctx
        self.max_requests = max_requests
        self.max_bytes = max_bytes
        self.dropped = 0
        self._buffer: deque[Seen] = deque()
        self._bytes = 0
        self._lost: dict[Key, int] = defaultdict(int)
        self._flushes: dict[Key, int] = defaultdict(int)
        self._flushing = threading.Lock()
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to write in the background."""
        self._thread = threading.Thread(target=self._work, name="traffic", daemon=True)
        self._thread.start()

    def add(self, seen: Seen) -> None:
        """Keep one request; called on the event loop."""
        if len(self._buffer) >= self.max_requests or self._bytes >= self.max_bytes:
            self.dropped += 1
            self._lost[self._key(seen)] += 1
            return
        self._bytes += seen.size
        self._buffer.append(seen)
        if len(self._buffer) == self.max_requests // 2:
            self._wake.set()

    def flush(self) -> int:
        """Write what has been kept; return the number of requests written."""
        with self._flushing:
            groups: dict[Key, list[Seen]] = defaultdict(list)
            for _ in range(len(self._buffer)):
                seen = self._buffer.popleft()
                self._bytes -= seen.size
                groups[self._key(seen)].append(seen)
            return sum(self._write(key, found) for key, found in groups.items())

    def close(self) -> None:
        """Write the rest and stop."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=30)
        self.flush()

    def _work(self) -> None:
        while not self._stop.is_set():
            self._wake.wait(FLUSH_SECONDS)
            self._wake.clear()
            self.flush()

    def _key(self, seen: Seen) -> Key:
        return seen.served.project or self.ctx.project, seen.served.name

    def _write(self, key: Key, found: Sequence[Seen]) -> int:
        from millrace.deployment.engine import rows

        project, deployment = key
        ctx, name = self.ctx.but(project=project), PREFIX + deployment
        lost = self._lost.pop(key, 0)
        parents = sorted({f"deployment:{deployment}", *(seen.served.ref for seen in found)})
        datasets = ctx.use(Datasets)
        meta = {"dropped": lost, "deployment": deployment}
        try:
            _append(datasets, ctx, name, rows.table(found), (parents, meta))
        except Exception:  # noqa: BLE001  a bug must not end the log: what is lost is counted
            self.dropped += len(found)
            self._lost[key] += lost + len(found)
            _log.exception("%d requests of '%s' were not kept", len(found), deployment)
            return 0
        self._flushes[key] += 1
        if self._flushes[key] % COMPACT_EVERY == 0:
            self._compact(datasets, name, project)
        return len(found)

    def _compact(self, datasets: Datasets, name: str, project: str) -> None:
        try:
            datasets.compact(name, project)
        except MillraceError as error:  # the log is whole all the same
            _log.warning("the log '%s' was not compacted: %s", name, error)


def _append(
    datasets: Datasets,
    ctx: Context,
    name: str,
    table: Any,
    about: tuple[list[str], dict[str, Any]],
) -> None:
    """Append rows; another process that came first is waited out."""
    for attempt in range(TRIES):
        try:
            datasets.write(ctx, name, table, mode="append", parents=about[0], meta=about[1])
            return
        except Conflict:
            if attempt == TRIES - 1:
                raise
