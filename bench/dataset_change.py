"""Add a column to a dataset, delete a fifth of its rows, restore a version; against Parquet.

Run: python bench/dataset_change.py [--rows 5000000]
Each step runs in its own process; CPU seconds are user + system of that process with all its
threads, from after the imports and the opening of the workspace to the end; the op is run with
job, events and all. The peer is DuckDB, which reads a Parquet file of the same rows and writes
the changed rows as another file, as one does without versions; it gets one thread, as every
other figure here is CPU and not wall time. Rows: two numbers, a text, one of five words' places.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

PART = 100_000  # rows
OPS: dict[str, tuple[str, dict[str, Any]]] = {
    "number": ("add_column", {"column": "s", "expression": "a * b + length(t)"}),
    "text": ("add_column", {"column": "u", "expression": "upper(t) || '!'"}),
    "delete": ("delete_rows", {"filter": {"column": "c", "op": "=", "value": 3}}),
    "restore": ("restore", {"dataset": "rows@1"}),
}
PEER = {
    "number": "SELECT *, a * b + length(t) AS s FROM read_parquet('{0}')",
    "text": "SELECT *, upper(t) || '!' AS u FROM read_parquet('{0}')",
    "delete": "SELECT * FROM read_parquet('{0}') WHERE c <> 3",
    "restore": "",
}


def rows(count: int) -> Iterator[pa.RecordBatch]:
    """Yield the rows part by part."""
    rng = np.random.default_rng(0)
    for at in range(0, count, PART):
        size = min(PART, count - at)
        yield pa.record_batch(
            {
                "a": rng.integers(0, 1000, size),
                "b": rng.random(size),
                "t": pa.array([f"row {n} of the table" for n in range(size)]),
                "c": rng.integers(0, 5, size),
            }
        )


def fill(folder: Path, count: int) -> None:
    """Write the rows as a dataset and as a Parquet file."""
    from millrace.core.context import Context
    from millrace.core.workspace import Workspace
    from millrace.stores.datasets import Datasets

    schema = next(rows(1)).schema
    with Workspace.open(folder / "ws") as workspace:
        reader = pa.RecordBatchReader.from_batches(schema, rows(count))
        workspace.use(Datasets).write(Context(workspace=workspace), "rows", reader)
    with pq.ParquetWriter(folder / "rows.parquet", schema) as writer:
        for part in rows(count):
            writer.write_batch(part)


def ours(name: str, folder: Path) -> float:
    """Run the op; return its CPU seconds."""
    from millrace.core.workspace import Workspace
    from millrace.stores.jobs import Jobs

    verb, params = OPS[name]
    more = {"only_count": False} if verb == "delete_rows" else {}
    with Workspace.open(folder / "ws") as workspace:
        jobs = workspace.use(Jobs)
        jobs.call("dataset.rows", {"dataset": "rows"})
        began = time.process_time()
        jobs.call(f"dataset.{verb}", {"dataset": "rows", **params, **more})
        return time.process_time() - began


def peer(name: str, folder: Path) -> float:
    """Write the changed rows with DuckDB; return its CPU seconds."""
    import duckdb

    query = PEER[name].format(folder / "rows.parquet")
    with duckdb.connect(config={"threads": 1}) as line:
        began = time.process_time()
        line.execute(f"COPY ({query}) TO '{folder / 'changed.parquet'}'")
        return time.process_time() - began


def measured(folder: Path, who: str, name: str) -> dict[str, float]:
    """Run one step in a fresh process."""
    command = [sys.executable, __file__, "--folder", str(folder), "--step", who, name]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def main() -> None:
    """Make the rows, run each step in a process of its own, print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--step", nargs=2)
    asked = parser.parse_args()
    if asked.step:
        who, name = asked.step
        took = (ours if who == "ours" else peer)(name, asked.folder)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"cpu_s": round(took, 3), "peak_mb": round(peak)}))
        return
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        fill(folder, asked.rows)
        for name in OPS:
            found = measured(folder, "ours", name)
            line = f"{name:<8} {found['cpu_s']:6.2f} CPU-s, peak {found['peak_mb']} MB"
            if PEER[name]:
                other = measured(folder, "peer", name)
                ratio = found["cpu_s"] / other["cpu_s"]
                line += f"; DuckDB writes it anew: {other['cpu_s']:.2f}; ratio {ratio:.2f}"
            print(line, flush=True)


if __name__ == "__main__":
    main()
