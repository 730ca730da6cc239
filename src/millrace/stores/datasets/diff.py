"""How two versions of a dataset differ, row by row."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa

from millrace.core.errors import Unavailable

MEMORY = "512MB"


@dataclass(frozen=True)
class Diff:
    """How one version differs from an older one, by row id; the first ids of each kind."""

    added: int
    removed: int
    changed: int
    columns_added: list[str]
    columns_removed: list[str]
    columns_retyped: list[str]
    shared: list[str]
    added_ids: list[int] = field(default_factory=list[int])
    removed_ids: list[int] = field(default_factory=list[int])
    changed_ids: list[int] = field(default_factory=list[int])


@dataclass(frozen=True)
class Differing:
    """Rows that differ: how many are added, removed and changed, and the first ids of each."""

    counts: tuple[int, int, int]
    ids: tuple[list[int], list[int], list[int]]


def compare(
    old: pa.RecordBatchReader,
    new: pa.RecordBatchReader,
    shared: Sequence[str],
    shown: int,
    folder: Path,
) -> Differing:
    """Match rows by `_id` and compare the shared columns exactly.

    Cost: both streams are read once; the join spills to `folder` beyond 512 MB.
    """
    differs = " or ".join(f"(o.{_quoted(c)} is distinct from n.{_quoted(c)})" for c in shared)
    query = (
        "create temp table differing as select coalesce(o._id, n._id) as id, "
        "case when o._id is null then 0 when n._id is null then 1 else 2 end as kind "
        "from old o full join new n on o._id = n._id "
        f"where o._id is null or n._id is null or ({differs or 'false'})"
    )
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY,
        "threads": 1,
        "temp_directory": str(folder / "spilled"),
    }
    try:
        with duckdb.connect(config=config) as database:
            database.register("old", old)
            database.register("new", new)
            database.execute(query)
            counts = dict(
                database.execute("select kind, count(*) from differing group by kind").fetchall()
            )
            first = "select id from differing where kind = ? order by id limit ?"
            ids = [
                [int(row[0]) for row in database.execute(first, [kind, shown]).fetchall()]
                for kind in range(3)
            ]
    except duckdb.Error as error:
        raise Unavailable(
            f"The versions could not be compared: {str(error)[:160]}.", "Free memory or disk."
        ) from error
    added, removed, changed = (int(counts.get(kind, 0)) for kind in range(3))
    return Differing((added, removed, changed), (ids[0], ids[1], ids[2]))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
