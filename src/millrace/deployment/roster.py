"""What is served right now: follows deployments and aliases while the server runs."""

import threading
import time
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from logging import getLogger
from typing import Any, NoReturn

from millrace.core.context import Context
from millrace.core.errors import Internal, MillraceError, NotFound, Unavailable, choices
from millrace.core.ids import NUMBER, new_id, parse_ref
from millrace.deployment.engine.batch import Lane
from millrace.deployment.engine.handler import Loading, Served
from millrace.deployment.engine.shared import settle
from millrace.deployment.loader import Loader
from millrace.deployment.store import Deployments
from millrace.deployment.traffic import Key
from millrace.stores.artifacts import Artifact, Artifacts

POLL_SECONDS = 0.5
FRESH_SECONDS = 0.05  # an unknown name asks the control plane again after this
PINNED = 4
LONGEST = 20  # characters of a version
_log = getLogger("millrace.deployment")


@dataclass
class Entry:
    """One deployment: what answers for it, and versions that callers pinned by path."""

    meta: dict[str, Any]
    current: Served | None = None
    problem: str = ""
    pinned: OrderedDict[str, Served | str] = field(default_factory=OrderedDict[str, "Served | str"])


class Roster:
    """The deployments of every project, loaded; where none is named, `project` is meant.

    One thread reads the control plane twice a second, loads what changed and swaps it in;
    requests in flight end on the model they began with. Look-ups read plain dicts.
    """

    def __init__(self, ctx: Context, threads: int = 2) -> None:
        self.ctx = ctx
        self.project = ctx.project
        self.entries: dict[Key, Entry] = {}
        self.pool = ThreadPoolExecutor(threads, "model")
        self._loads = ThreadPoolExecutor(1, "roster")
        self._mark = -1
        self._looked = 0.0
        self._failed = False
        self._pending: Future[None] | None = None
        self._waiting: dict[tuple[Key, str], Future[None]] = {}
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

    def names(self, project: str = "") -> list[str]:
        """Return the names that are served in a project."""
        wanted = project or self.project
        return sorted(name for owner, name in list(self.entries) if owner == wanted)

    def find(self, name: str, version: str | None, project: str = "") -> Served:
        """Return what answers for a deployment, or for one version of its model."""
        key = (project or self.project, name)
        entry = self.entries.get(key)
        if entry is None:
            if time.monotonic() - self._looked > FRESH_SECONDS:
                raise Loading(self.look())
            if self._failed:
                raise Unavailable(
                    "The deployments cannot be read at the moment.", "Try again.", retry_after=1
                )
            names = self.names(project)
            where = f" in project '{project}'" if project else ""
            raise NotFound(
                f"There is no deployment '{name[:64]}'{where}.",
                f"There are {choices(names)}." if names else "There is none yet.",
                name=name[:64],
            )
        if version is None:
            return entry.current or self._without(key, entry)
        current = entry.current
        if current is not None and current.lane.model.signature.version == version:
            return current
        found = entry.pinned.get(version)
        if not NUMBER.fullmatch(version) or len(version) > LONGEST:
            found = f"'{version[:LONGEST]}' is not a version of a model."
        if found is None:
            raise Loading(self._pin(key, version))
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
        found = {(a.project, a.name): a for a in self.ctx.use(Deployments).everywhere()}
        for key in [key for key in list(self.entries) if key not in found]:
            del self.entries[key]
        for key in sorted(found, key=lambda key: key[0] != self.project):  # one's own first
            self._bring(key, found[key])
        self._mark = mark

    def _without(self, key: Key, entry: Entry) -> NoReturn:
        if not entry.problem:
            raise Loading(self.look())
        project, name = key
        where = "" if project == self.project else f" --project {project}"
        raise Unavailable(
            f"The deployment '{name}' has no model that works: {entry.problem}",
            f"See 'millrace deployment show {name}{where}'.",
        )

    def _follow(self) -> None:
        while not self._stop.is_set():
            error = self.look().exception()
            if error is not None:
                _log.warning("the deployments could not be read: %s", error, exc_info=error)
            self._stop.wait(POLL_SECONDS)

    def _bring(self, key: Key, deployment: Artifact) -> None:
        meta, (project, name) = deployment.meta, key
        entry = self.entries.setdefault(key, Entry(meta))
        entry.meta = meta
        try:
            model = self.ctx.use(Artifacts).get(meta["model"], "model", project)
            if entry.current is None or entry.current.ref != model.ref:
                entry.pinned.clear()
                entry.current = self._load(model, name, meta)
            entry.problem = ""
        except MillraceError as error:
            entry.problem = str(error)
            _log.warning("deployment '%s' of project '%s': %s", name, project, error)
        pinned = {v: s for v, s in entry.pinned.items() if isinstance(s, Served)}
        entry.pinned = OrderedDict(pinned)  # a version that was not there may be there now
        for served in (entry.current, *pinned.values()):
            if served is not None:
                served.sample, served.price = _kept(meta)

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
        return Served(name, model.ref, lane, *_kept(meta), model.project)

    def _pin(self, key: Key, version: str) -> Future[None]:
        with self._lock:
            pending = self._waiting.get((key, version))
            if pending is None or pending.done():
                pending = self._loads.submit(self._load_pinned, key, version)
                self._waiting[key, version] = pending
            return pending

    def _load_pinned(self, key: Key, version: str) -> None:
        entry = self.entries.get(key)
        if entry is None:
            return
        found: Served | str
        try:
            ref = parse_ref(entry.meta["model"], "model")
            model = self.ctx.use(Artifacts).get(f"{ref.name}@{version}", "model", key[0])
            found = self._load(model, key[1], entry.meta)
        except MillraceError as error:
            found = error.problem
        entry.pinned[version] = found
        while len(entry.pinned) > PINNED:
            entry.pinned.popitem(last=False)
        self._waiting.pop((key, version), None)


def _kept(meta: dict[str, Any]) -> tuple[float, float]:
    """Return which share of a deployment's requests is kept, and the price of a CPU hour."""
    return float(meta.get("sample", 1.0)), float(meta.get("price", 0.0))
