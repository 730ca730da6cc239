"""Pages of a table of 10 million rows, beside DuckDB and Polars over the same rows as Parquet.

    python bench/dataset_rows.py                 10,000,000 rows of 4 columns
    python bench/dataset_rows.py --rows 1000000

CPU milliseconds of this process, the least of several runs, through `dataset.rows` with the
total it tells; the others fetch the same page and count the same rows. Ratios are theirs
divided by ours, in one run.
"""

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from millrace.core.context import Context
from millrace.core.workspace import Workspace
from millrace.dataset.looking.rows import rows
from millrace.dataset.params import RowsPageParams
from millrace.stores.datasets import Datasets

VOCABULARY = "parcel refund kettle lamp late money track order broken where again never"
WORDS = np.array(list(VOCABULARY.split()))
CITIES = np.array(["Oslo", "Rome", "Lima", "Kyiv", "Riga"])
PART = 500_000


def batches(count: int) -> Iterator[pa.RecordBatch]:
    """Yield a whole number, a number, a category and four words a row, seeded."""
    dice = np.random.default_rng(0)
    for start in range(0, count, PART):
        size = min(PART, count - start)
        words = WORDS[dice.integers(0, len(WORDS), (size, 4))]
        table = pa.table(
            {
                "n": pa.array(dice.integers(0, 10**9, size)),
                "x": pa.array(dice.normal(size=size)),
                "city": pa.array(CITIES[dice.integers(0, 5, size)].tolist()),
                "text": pa.array([" ".join(row) for row in words.tolist()]),
            }
        )
        yield from table.to_batches()


def cpu(work: Callable[[], Any], times: int) -> float:
    """Return the least CPU time of several runs [ms]."""
    best = float("inf")
    for _ in range(times):
        begin = time.process_time()
        work()
        best = min(best, time.process_time() - begin)
    return round(1e3 * best, 2)


def pages(middle: int) -> dict[str, tuple[dict[str, Any], str, str]]:
    """Return each page: our params, and where and order of the others."""
    rome = {"column": "city", "op": "=", "value": "Rome"}
    few = {"column": "n", "op": "<", "value": 100_000}
    return {
        "first page": ({}, "true", ""),
        "page in the middle": ({"offset": middle}, "true", ""),
        "filtered, one in five": ({"filter": rome}, "city = 'Rome'", ""),
        "filtered, one in 10,000": ({"filter": few}, "n < 100000", ""),
        "searched": ({"search": "Kettle Lamp"}, "search", ""),
        "searched, counted to the end": (
            {"search": "Kettle Lamp", "count": "full"},
            "search",
            "",
        ),
        "sorted by number": ({"sort": {"column": "n", "descending": True}}, "true", "n desc"),
        "sorted by text": ({"sort": {"column": "text"}}, "true", "text"),
        "sorted, filtered": ({"sort": {"column": "n"}, "filter": rome}, "city = 'Rome'", "n"),
    }


def by_duckdb(path: Path, where: str, order: str, offset: int) -> None:
    """Fetch the page and its total from Parquet."""
    found = "contains(lower(city), 'kettle lamp') or contains(lower(text), 'kettle lamp')"
    where = found if where == "search" else where
    with duckdb.connect(config={"threads": 1}) as opened:
        source = f"from read_parquet('{path}') where {where}"
        opened.execute(f"select count(*) {source}").fetchall()
        ordered = f"order by {order}, _id" if order else ""
        opened.execute(f"select * {source} {ordered} limit 20 offset {offset}").fetchall()


def by_polars(path: Path, where: str, order: str, offset: int) -> None:
    """Fetch the page and its total from Parquet, streamed."""
    frame = pl.scan_parquet(path)
    if where == "search":
        lower = [pl.col(name).str.to_lowercase() for name in ("city", "text")]
        fits = [one.str.contains("kettle lamp", literal=True) for one in lower]
        frame = frame.filter(pl.any_horizontal(fits))
    elif where != "true":
        name, _, value = where.split(" ", 2)
        column = pl.col(name)
        frame = frame.filter(column < int(value) if name == "n" else column == value.strip("'"))
    frame.select(pl.len()).collect(engine="streaming")
    if order:
        frame = frame.sort([order.split()[0], "_id"], descending=["desc" in order, False])
    frame.slice(offset, 20).collect(engine="streaming")


def main() -> None:
    """Read the command line and print one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--times", type=int, default=3)
    args = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as place,
        Workspace.open(Path(place) / "ws", {"durability": "normal"}) as workspace,
    ):
        ctx = Context(workspace=workspace)
        stream = batches(args.rows)
        first = next(stream)
        reader = pa.RecordBatchReader.from_batches(first.schema, (b for b in [first, *stream]))
        ctx.use(Datasets).write(ctx, "big", reader)
        path = Path(place) / "big.parquet"
        snapshot = ctx.use(Datasets).info("big")
        with pq.ParquetWriter(path, snapshot.schema) as writer:
            for batch in ctx.use(Datasets).scan("big", batch_rows=PART):
                writer.write_batch(batch)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        ours = {
            name: cpu(lambda raw=raw: rows(RowsPageParams(dataset="big", **raw), ctx), args.times)
            for name, (raw, _, _) in pages(args.rows // 2).items()
        }
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        found: dict[str, Any] = {"rows": args.rows, "peak memory grew by [MB]": grown // 1024}
        for name, (raw, where, order) in pages(args.rows // 2).items():
            at = int(raw.get("offset", 0))
            duck = cpu(lambda w=where, o=order, a=at: by_duckdb(path, w, o, a), args.times)
            polars = cpu(lambda w=where, o=order, a=at: by_polars(path, w, o, a), args.times)
            found[name] = {
                "ours [CPU-ms]": ours[name],
                "duckdb / ours": round(duck / ours[name], 1),
                "polars / ours": round(polars / ours[name], 1),
            }
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
