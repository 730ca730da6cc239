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
_log = getLogger("millrace.deployment")


class Traffic:
    """Collects a sample of the requests and appends it to datasets now and then.

    `add` never waits. What comes while the buffer is full is counted as dropped, and the count
    is written with the next rows.
    """

    def __init__(
        self, ctx: Context, max_requests: int = 20_000, max_bytes: int = 64 * 2**20
    ) -> None:
        self.ctx = ctx
        self.max_requests = max_requests
        self.max_bytes = max_bytes
        self.prices: dict[str, float] = {}
        self.dropped = 0
        self._buffer: deque[Seen] = deque()
        self._bytes = 0
        self._lost: dict[str, int] = defaultdict(int)
        self._flushes: dict[str, int] = defaultdict(int)
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
            self._lost[seen.served.name] += 1
            return
        self._bytes += seen.size
        self._buffer.append(seen)
        if len(self._buffer) == self.max_requests // 2:
            self._wake.set()

    def flush(self) -> int:
        """Write what has been kept; return the number of requests written."""
        with self._flushing:
            groups: dict[str, list[Seen]] = defaultdict(list)
            for _ in range(len(self._buffer)):
                seen = self._buffer.popleft()
                self._bytes -= seen.size
                groups[seen.served.name].append(seen)
            return sum(self._write(name, found) for name, found in groups.items())

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

    def _write(self, deployment: str, found: Sequence[Seen]) -> int:
        from millrace.deployment.engine import rows

        name = PREFIX + deployment
        lost = self._lost.pop(deployment, 0)
        parents = sorted({f"deployment:{deployment}", *(seen.served.ref for seen in found)})
        datasets = self.ctx.use(Datasets)
        meta = {"dropped": lost, "deployment": deployment}
        try:
            table = rows.table(found, self.prices.get(deployment, 0.0))
            _append(datasets, self.ctx, name, table, (parents, meta))
        except Exception:  # noqa: BLE001  a bug must not end the log: what is lost is counted
            self.dropped += len(found)
            self._lost[deployment] += lost + len(found)
            _log.exception("%d requests of '%s' were not kept", len(found), deployment)
            return 0
        self._flushes[name] += 1
        if self._flushes[name] % COMPACT_EVERY == 0:
            self._compact(datasets, name)
        return len(found)

    def _compact(self, datasets: Datasets, name: str) -> None:
        try:
            datasets.compact(name, self.ctx.project)
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
