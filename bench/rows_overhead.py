"""CPU that the engine adds to a batch of 1,000 rows of a rows-op, all in.

Method: a rows-op that returns its batch unchanged runs over 400,000 rows in process, on SQLite
with durability=full: read from Lance, validate, stage fragments, record cursor and events in one
fenced transaction a batch, publish once. CPU of the whole process (all threads) from call to
return, imports and a warm-up run left out. Beside it, in the same process: pyarrow reading and
writing the same rows as one Parquet row group a batch.
Target: at most 6 ms CPU a batch.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from millrace.core.context import Context
from millrace.core.registry import op
from millrace.core.workspace import Workspace
from millrace.kinds.batch import Batch
from millrace.kinds.rows import RowsParams
from millrace.stores.datasets import Datasets
from millrace.stores.jobs import Jobs

BATCHES, ROWS = 400, 1000


@op("bench.same", effect="write")
def same(batch: Batch, params: RowsParams, ctx: Context) -> Batch:
    """Return the batch."""
    return batch


def main() -> None:
    generator = np.random.default_rng(0)
    rows = BATCHES * ROWS
    words = np.array([f"word{number}" for number in range(5000)])
    table = pa.table(
        {
            "a": generator.normal(size=rows),
            "b": generator.integers(0, 1000, rows),
            "c": words[generator.integers(0, 5000, rows)],
            "d": generator.random(rows) < 0.5,
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        with Workspace.open(Path(folder) / "ws") as workspace:
            ctx = Context(workspace=workspace)
            workspace.use(Datasets).write(ctx, "source", table)
            workspace.use(Datasets).write(ctx, "small", table.slice(0, 5000))
            jobs = workspace.use(Jobs)
            jobs.call("bench.same", {"dataset": "small", "output": "warm"})
            began = time.process_time()
            jobs.call("bench.same", {"dataset": "source", "output": "out", "batch_rows": ROWS})
            ours = (time.process_time() - began) / BATCHES * 1e3
        pq.write_table(table, f"{folder}/in.parquet")
        began = time.process_time()
        with pq.ParquetWriter(f"{folder}/out.parquet", table.schema) as writer:
            for batch in pq.ParquetFile(f"{folder}/in.parquet").iter_batches(ROWS):
                writer.write_batch(batch)
        parquet = (time.process_time() - began) / BATCHES * 1e3
    print(
        json.dumps(
            {
                "rows_op_cpu_ms_a_batch": round(ours, 2),
                "pyarrow_parquet_cpu_ms_a_batch": round(parquet, 2),
                "target_ms": 6,
                "met": ours <= 6,
            }
        )
    )
    sys.exit(0 if ours <= 6 else 1)


if __name__ == "__main__":
    main()
