"""What is served right now: follows deployments and aliases while the server runs."""

import threading
import time
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from logging import getLogger
from typing import Any

from millrace.core.context import Context
from millrace.core.errors import Internal, MillraceError, NotFound, Unavailable, choices
from millrace.core.ids import new_id, parse_ref
from millrace.deployment.engine.batch import Lane
from millrace.deployment.engine.handler import Loading, Served
from millrace.deployment.engine.shared import settle
from millrace.deployment.loader import Loader
from millrace.deployment.store import KIND, Deployments
from millrace.deployment.traffic import Traffic
from millrace.stores.artifacts import Artifact, Artifacts

POLL_SECONDS = 0.5
FRESH_SECONDS = 0.05  # an unknown name asks the control plane again after this
PINNED = 4
_log = getLogger("millrace.deployment")


@dataclass
class Entry:
    """One deployment: what answers for it, and versions that callers pinned by path."""

    meta: dict[str, Any]
    current: Served | None = None
    problem: str = ""
    pinned: OrderedDict[str, Served | str] = field(default_factory=OrderedDict[str, "Served | str"])


class Roster:
    """The deployments of one project, loaded.

    One thread reads the control plane twice a second, loads what changed and swaps it in;
    requests in flight end on the model they began with. Look-ups read plain dicts.
    """

    def __init__(self, ctx: Context, traffic: Traffic, threads: int = 2) -> None:
        self.ctx = ctx
        self.traffic = traffic
        self.entries: dict[str, Entry] = {}
        self.pool = ThreadPoolExecutor(threads, "model")
        self._loads = ThreadPoolExecutor(1, "roster")
        self._mark = -1
        self._looked = 0.0
        self._failed = False
        self._pending: Future[None] | None = None
        self._waiting: dict[tuple[str, str], Future[None]] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to follow the control plane."""
        self._thread = threading.Thread(target=self._follow, name="roster", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop following; models are let go."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=30)
        self._loads.shutdown(cancel_futures=True)
        self.pool.shutdown()

    @property
    def is_ready(self) -> bool:
        """Say whether every deployment was loaded or found to be broken."""
        return self._mark >= 0 and all(e.current or e.problem for e in list(self.entries.values()))

    def names(self) -> list[str]:
        """Return the names that are served."""
        return sorted(list(self.entries))

    def find(self, name: str, version: str | None) -> Served:
        """Return what answers for a deployment, or for one version of its model."""
        entry = self.entries.get(name)
        if entry is None:
            if time.monotonic() - self._looked > FRESH_SECONDS:
                raise Loading(self.look())
            if self._failed:
                raise Unavailable(
                    "The deployments cannot be read at the moment.", "Try again.", retry_after=1
                )
            raise NotFound(
                f"There is no deployment '{name[:64]}'.",
                f"There are {choices(self.names())}." if self.entries else "There is none yet.",
                name=name[:64],
            )
        if version is None:
            return self._current(name, entry)
        current = entry.current
        if current is not None and current.lane.model.signature.version == version:
            return current
        found = entry.pinned.get(version)
        if found is None:
            raise Loading(self._pin(name, version[:20]))
        if isinstance(found, str):
            raise NotFound(found, "Name a version that exists, or leave the version out.")
        return found

    def look(self) -> Future[None]:
        """Read the control plane now, unless that is under way."""
        with self._lock:
            if self._pending is None or self._pending.done():
                self._pending = self._loads.submit(self.refresh)
            return self._pending

    def refresh(self) -> None:
        """Bring what is served in line with the control plane."""
        begin, read = time.monotonic(), False
        try:
            self._read()
            read = True
        finally:
            self._failed = not read
            self._looked = begin if read else time.monotonic()

    def _read(self) -> None:
        mark = self.ctx.use(Deployments).mark()
        if mark == self._mark:
            return
        found = {a.name: a for a in self.ctx.use(Artifacts).list(KIND, self.ctx.project)}
        for name in [name for name in list(self.entries) if name not in found]:
            del self.entries[name]
        for name, deployment in found.items():
            self._bring(name, deployment)
        self._mark = mark

    def _current(self, name: str, entry: Entry) -> Served:
        if entry.current is not None:
            return entry.current
        if not entry.problem:
            raise Loading(self.look())
        raise Unavailable(
            f"The deployment '{name}' has no model that works: {entry.problem}",
            f"See 'millrace deployment show {name}'.",
        )

    def _follow(self) -> None:
        while not self._stop.is_set():
            error = self.look().exception()
            if error is not None:
                _log.warning("the deployments could not be read: %s", error, exc_info=error)
            self._stop.wait(POLL_SECONDS)

    def _bring(self, name: str, deployment: Artifact) -> None:
        entry = self.entries.get(name)
        meta = deployment.meta
        self.traffic.prices[name] = float(meta.get("price", 0.0))
        if entry is None:
            entry = self.entries.setdefault(name, Entry(meta))
        entry.meta = meta
        try:
            model = self.ctx.use(Artifacts).get(meta["model"], "model", self.ctx.project)
            if entry.current is None or entry.current.ref != model.ref:
                entry.pinned.clear()
                entry.current = self._load(model, name, meta)
            entry.current.sample = float(meta.get("sample", 1.0))
            entry.problem = ""
        except MillraceError as error:
            entry.problem = str(error)
            _log.warning("deployment '%s': %s", name, error)

    def _load(self, model: Artifact, name: str, meta: dict[str, Any]) -> Served:
        try:
            loaded = self.ctx.use(Loader).load(model, name)
            loaded.warm_up()
            begin = time.perf_counter()
            loaded.warm_up()
        except MillraceError:
            raise
        except Exception as error:
            number = new_id("error")
            _log.exception("model '%s' cannot be loaded, %s", model.ref, number)
            raise Internal(
                f"The model '{model.ref}' cannot be loaded.", f"The log has it under '{number}'."
            ) from error
        lane = Lane(loaded, self.pool, row_seconds=time.perf_counter() - begin)
        settle()
        return Served(name, model.ref, lane, float(meta.get("sample", 1.0)))

    def _pin(self, name: str, version: str) -> Future[None]:
        with self._lock:
            pending = self._waiting.get((name, version))
            if pending is None or pending.done():
                pending = self._loads.submit(self._load_pinned, name, version)
                self._waiting[name, version] = pending
            return pending

    def _load_pinned(self, name: str, version: str) -> None:
        entry = self.entries.get(name)
        if entry is None:
            return
        found: Served | str
        try:
            ref = parse_ref(entry.meta["model"], "model")
            if not version.isdigit():
                raise NotFound(f"'{version}' is not a version of model '{ref.name}'.")
            model = self.ctx.use(Artifacts).get(f"{ref.name}@{version}", "model", self.ctx.project)
            found = self._load(model, name, entry.meta)
        except MillraceError as error:
            found = error.problem
        entry.pinned[version] = found
        while len(entry.pinned) > PINNED:
            entry.pinned.popitem(last=False)
        self._waiting.pop((name, version), None)
