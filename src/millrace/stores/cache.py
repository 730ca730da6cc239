"""Cache: memory, then a SQLite file, then Redis; entries have a category, TTL and tags."""

import hashlib
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, Self

from millrace.core import clock
from millrace.core.errors import MissingExtra, Unavailable
from millrace.core.workspace import Workspace

SCHEMA = """
create table if not exists entry (
  category text not null, key text not null, value blob not null,
  expires_at real, used_at real not null, primary key (category, key)) without rowid;
create table if not exists tag (
  tag text not null, category text not null, key text not null,
  primary key (tag, category, key)) without rowid;
"""
TTL = {"embedding": None, "classification": 30 * 86400.0, "augmentation": 30 * 86400.0}
LIFTED_TTL = 60.0  # a copy in an upper tier lives so long: others may replace or drop it below
DEFAULT_TTL = 7 * 86400.0
MEMORY_BYTES = 64 * 2**20
Entry = tuple[str, str]


class Tier(Protocol):
    """One level of the cache below memory."""

    def get_many(self, category: str, keys: Sequence[str]) -> dict[str, bytes]:
        """Return the live values there are."""
        ...

    def put_many(
        self, category: str, values: Mapping[str, bytes], ttl: float | None, tags: Sequence[str]
    ) -> None:
        """Store values; they may be dropped at any time."""
        ...

    def tagged(self, tag: str) -> set[Entry]:
        """Return what carries a tag."""
        ...

    def remove(self, tag: str, entries: set[Entry]) -> None:
        """Forget a tag and these entries."""
        ...

    def close(self) -> None:
        """Release connections."""
        ...


class Sqlite:
    """The tier every workspace has; safe for several processes, lost on corruption."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._raw = sqlite3.connect(path, timeout=30, check_same_thread=False, isolation_level=None)
        for line in ("pragma journal_mode=wal", "pragma synchronous=off"):
            self._raw.execute(line)
        self._raw.executescript(SCHEMA)

    def get_many(self, category: str, keys: Sequence[str]) -> dict[str, bytes]:
        """Return the live values there are."""
        found: dict[str, bytes] = {}
        now = clock.now()
        with self._lock:
            for at in range(0, len(keys), 500):
                part = keys[at : at + 500]
                marks = ",".join("?" * len(part))
                rows = self._raw.execute(
                    f"select key, value from entry where category = ? and key in ({marks}) "
                    "and (expires_at is null or expires_at > ?)",
                    [category, *part, now],
                )
                found.update(rows)
        return found

    def put_many(
        self, category: str, values: Mapping[str, bytes], ttl: float | None, tags: Sequence[str]
    ) -> None:
        """Store values; they may be dropped at any time."""
        now = clock.now()
        expires = None if ttl is None else now + ttl
        with self._lock:
            self._raw.execute("begin immediate")
            self._raw.executemany(
                "insert or replace into entry values (?, ?, ?, ?, ?)",
                [(category, key, value, expires, now) for key, value in values.items()],
            )
            self._raw.executemany(
                "insert or ignore into tag values (?, ?, ?)",
                [(tag, category, key) for tag in tags for key in values],
            )
            self._raw.execute("commit")

    def tagged(self, tag: str) -> set[Entry]:
        """Return what carries a tag."""
        with self._lock:
            rows = self._raw.execute("select category, key from tag where tag = ?", [tag])
            return {(category, key) for category, key in rows}

    def remove(self, tag: str, entries: set[Entry]) -> None:
        """Forget a tag and these entries."""
        with self._lock:
            self._raw.execute("begin immediate")
            self._raw.executemany("delete from entry where category = ? and key = ?", entries)
            self._raw.execute("delete from tag where tag = ?", [tag])
            self._raw.execute("commit")

    def sweep(self) -> int:
        """Remove what has expired; return how many."""
        with self._lock:
            return self._raw.execute(
                "delete from entry where expires_at <= ?", [clock.now()]
            ).rowcount

    def close(self) -> None:
        """Close the file."""
        self._raw.close()


class Redis:
    """The tier several machines share."""

    def __init__(self, url: str) -> None:
        try:
            import redis
        except ImportError as error:
            raise MissingExtra(
                "The Redis cache needs the 'redis' library.", "pip install 'millrace[redis]'"
            ) from error
        self._error: type[Exception] = redis.RedisError
        self._raw: Any = redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5)

    def get_many(self, category: str, keys: Sequence[str]) -> dict[str, bytes]:
        """Return the live values there are."""
        if not keys:
            return {}
        values = self._ask(lambda: self._raw.mget([_name(category, key) for key in keys]))
        return {key: value for key, value in zip(keys, values, strict=True) if value is not None}

    def put_many(
        self, category: str, values: Mapping[str, bytes], ttl: float | None, tags: Sequence[str]
    ) -> None:
        """Store values; they may be dropped at any time."""
        pipe = self._raw.pipeline(transaction=False)
        names = [_name(category, key) for key in values]
        for name, value in zip(names, values.values(), strict=True):
            pipe.set(name, value, px=None if ttl is None else max(1, int(ttl * 1000)))
        for tag in tags:
            pipe.sadd(f"millrace:tag:{tag}", *(f"{category}\0{key}" for key in values))
        self._ask(pipe.execute)

    def tagged(self, tag: str) -> set[Entry]:
        """Return what carries a tag."""
        members = self._ask(lambda: self._raw.smembers(f"millrace:tag:{tag}"))
        pairs = (member.decode().split("\0", 1) for member in members)
        return {(category, key) for category, key in pairs}

    def remove(self, tag: str, entries: set[Entry]) -> None:
        """Forget a tag and these entries."""
        names = [_name(category, key) for category, key in entries]
        self._ask(lambda: self._raw.delete(f"millrace:tag:{tag}", *names))

    def close(self) -> None:
        """Close the connections."""
        self._raw.close()

    def _ask(self, call: Any) -> Any:
        try:
            return call()
        except self._error as error:
            raise Unavailable(
                f"Redis did not answer: {error}.", "Check the 'redis' setting or leave it empty."
            ) from error


class Cache:
    """Values that may be computed again; a miss costs time, never an answer."""

    def __init__(self, tiers: Sequence[Tier]) -> None:
        self.tiers = list(tiers)
        self.hits = 0
        self.misses = 0
        self._memory: OrderedDict[tuple[str, str], tuple[bytes, float | None]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    @classmethod
    def open(cls, workspace: Workspace) -> Self:
        """Open the workspace's cache file and Redis when one is set."""
        tiers: list[Tier] = [Sqlite(workspace.folder("cache") / "cache.db")]
        if workspace.settings.redis:
            tiers.append(Redis(workspace.settings.redis))
        return cls(tiers)

    def close(self) -> None:
        """Close every tier."""
        for tier in self.tiers:
            tier.close()

    def get(self, category: str, key: str, *, fresh: bool = False) -> bytes | None:
        """Return one value or None; a fresh one may have been put by another process just now."""
        return self.get_many(category, [key], fresh=fresh).get(key)

    def get_many(
        self, category: str, keys: Iterable[str], *, fresh: bool = False
    ) -> dict[str, bytes]:
        """Return the values there are; what a lower tier had is lifted into the upper ones."""
        wanted = list(dict.fromkeys(keys))
        found = {} if fresh else self._remembered(category, wanted)
        for depth, tier in enumerate(self.tiers):
            left = [key for key in wanted if key not in found]
            if not left:
                break
            more = tier.get_many(category, left)
            if more:
                self._remember(category, more, None)
                for upper in self.tiers[:depth]:
                    upper.put_many(category, more, LIFTED_TTL, ())
            found.update(more)
        self.hits += len(found)
        self.misses += len(wanted) - len(found)
        return found

    def put(
        self,
        category: str,
        key: str,
        value: bytes,
        ttl: float | None = None,
        tags: Sequence[str] = (),
    ) -> None:
        """Keep one value; `ttl` [s] left out takes the category's own."""
        self.put_many(category, {key: value}, ttl, tags)

    def put_many(
        self,
        category: str,
        values: Mapping[str, bytes],
        ttl: float | None = None,
        tags: Sequence[str] = (),
    ) -> None:
        """Keep several values in every tier, in one batch each."""
        if not values:
            return
        life = ttl if ttl is not None else TTL.get(category, DEFAULT_TTL)
        self._remember(category, values, life)
        for tier in self.tiers:
            tier.put_many(category, values, life, tags)

    def drop(self, tag: str) -> int:
        """Forget everything with a tag, such as a model or a dataset; return how many."""
        with self._lock:
            self._memory.clear()
            self._bytes = 0
        entries = {entry for tier in self.tiers for entry in tier.tagged(tag)}
        for tier in self.tiers:
            tier.remove(tag, entries)
        return len(entries)

    def _remembered(self, category: str, keys: Sequence[str]) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        now = clock.now()
        with self._lock:
            for key in keys:
                held = self._memory.get((category, key))
                if held is not None and (held[1] is None or held[1] > now):
                    found[key] = held[0]
                    self._memory.move_to_end((category, key))
        return found

    def _remember(self, category: str, values: Mapping[str, bytes], life: float | None) -> None:
        """Hold values in memory: for good if they never change, else a minute at most."""
        expires = None
        if life is not None or TTL.get(category, DEFAULT_TTL) is not None:
            expires = clock.now() + min(LIFTED_TTL, LIFTED_TTL if life is None else life)
        with self._lock:
            for key, value in values.items():
                old = self._memory.pop((category, key), None)
                self._bytes += len(value) - (len(old[0]) if old else 0)
                self._memory[(category, key)] = (value, expires)
            while self._bytes > MEMORY_BYTES and self._memory:
                _, (dropped, _) = self._memory.popitem(last=False)
                self._bytes -= len(dropped)


def _name(category: str, key: str) -> str:
    return f"millrace:{category}:{hashlib.blake2b(key.encode(), digest_size=20).hexdigest()}"
