"""Import 5M rows of CSV, against writing the same rows to Parquet with pyarrow.

Run: python bench/dataset_import.py [--rows 5000000] [--seed 0]
Each step runs in its own process; CPU seconds are user + system of that process with all its
threads, from after the imports (the import op first takes in 50 rows) to the end. The rows: a
number with two decimals, a time, one of 50 words and a text of 8 words drawn from a vocabulary of
20,000 by Zipf's law. No cell is quoted unless `--quoted`.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc_csv
import pyarrow.parquet as pq

PART = 250_000  # rows
STEPS = ("parquet", "csv_to_parquet", "import")


def rows(count: int, seed: int):
    """Yield the rows part by part."""
    rng = np.random.default_rng(seed)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    lengths = rng.integers(2, 10, 20_000)
    words = np.array(["".join(rng.choice(letters, size)) for size in lengths], dtype=object)
    odds = 1 / np.arange(1, len(words) + 1)
    odds /= odds.sum()
    start = np.datetime64("2024-01-01T00:00:00")
    for at in range(0, count, PART):
        size = min(PART, count - at)
        drawn = words[rng.choice(len(words), (size, 8), p=odds)]
        yield pa.table(
            {
                "amount": rng.normal(100, 20, size).round(2),
                "at": pa.array(start + rng.integers(0, 30_000_000, size).astype("timedelta64[s]")),
                "city": pa.array(words[rng.integers(0, 50, size)], pa.string()),
                "text": pa.array([" ".join(line) for line in drawn], pa.string()),
            }
        )


def make(folder: Path, count: int, seed: int, quoted: bool) -> None:
    """Write the CSV and an Arrow file of the same rows."""
    style = "needed" if quoted else "none"
    csv = arrow = None
    for part in rows(count, seed):
        if csv is None:
            options = pc_csv.WriteOptions(quoting_style=style)
            csv = pc_csv.CSVWriter(folder / "rows.csv", part.schema, write_options=options)
            arrow = pa.ipc.new_file(folder / "rows.arrow", part.schema)
        csv.write_table(part)
        arrow.write_table(part)
    csv.close()
    arrow.close()


def step(name: str, folder: Path) -> dict[str, float]:
    """Do one step in this process and return what it took."""
    if name in ("parquet", "csv_to_parquet"):
        found = write_parquet(folder, from_csv=name == "csv_to_parquet")
    else:
        found = run_import(folder)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {**found, "peak_rss_mb": round(peak, 1)}


def cpu() -> float:
    """Return CPU seconds of this process, its threads and its children."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    sub = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + sub.ru_utime + sub.ru_stime


def write_parquet(folder: Path, from_csv: bool) -> dict[str, float]:
    """Write the rows with pyarrow, from memory-mapped Arrow or from the CSV."""
    pa.set_cpu_count(1)
    source = pa.ipc.open_file(pa.memory_map(str(folder / "rows.arrow")))
    # touched once before the clock starts, so that only the writing is counted
    parts = [source.get_batch(at) for at in range(source.num_record_batches)]
    total = sum(part.num_rows for part in parts)
    began = cpu()
    if from_csv:
        convert = pc_csv.ConvertOptions(column_types=source.schema)
        read = pc_csv.ReadOptions(block_size=16 << 20, use_threads=False)
        parts = pc_csv.open_csv(folder / "rows.csv", read_options=read, convert_options=convert)
    with pq.ParquetWriter(folder / "rows.parquet", source.schema) as writer:
        for part in parts:
            writer.write_batch(part)
    return {"cpu_s": cpu() - began, "rows": total}


def run_import(folder: Path) -> dict[str, float]:
    """Import the CSV through the op, with job, events and all."""
    from millrace.core.workspace import Workspace
    from millrace.stores.datasets import Datasets
    from millrace.stores.jobs import Jobs

    with Workspace.open(folder / "ws") as workspace:
        workspace.use(Datasets)
        few = folder / "few.csv"
        few.write_text("amount,city\n" + "1.5,Oslo\n" * 50, encoding="utf-8")
        workspace.use(Jobs).call("dataset.import", {"path": str(few), "name": "few"})
        began = cpu()
        made = workspace.use(Jobs).call(
            "dataset.import", {"path": str(folder / "rows.csv"), "name": "rows"}
        )
        return {"cpu_s": cpu() - began, "rows": made.rows, "quarantined": made.quarantined}


def main() -> None:
    """Make the rows, run each step in a process of its own, print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--quoted", action="store_true")
    parser.add_argument("--step", choices=STEPS)
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    if asked.step:
        print(json.dumps(step(asked.step, asked.folder)))
        return
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        make(folder, asked.rows, asked.seed, asked.quoted)
        print(f"{asked.rows:,} rows, CSV {(folder / 'rows.csv').stat().st_size:,} bytes")
        best: dict[str, dict[str, float]] = {}
        for _ in range(asked.repeat):
            for name in STEPS:
                found = measured(name, folder)
                if name not in best or found["cpu_s"] < best[name]["cpu_s"]:
                    best[name] = found
        for name, found in best.items():
            print(name, json.dumps(found))
        took = {name: found["cpu_s"] for name, found in best.items()}
        print(f"import / writing Parquet:        {took['import'] / took['parquet']:.2f}")
        print(f"import / CSV to Parquet:         {took['import'] / took['csv_to_parquet']:.2f}")
        print(f"import peak RSS:                 {best['import']['peak_rss_mb']:.0f} MB")


def measured(name: str, folder: Path) -> dict[str, float]:
    """Run one step in a fresh process."""
    workspace = folder / "ws"
    if workspace.exists():
        subprocess.run(["rm", "-rf", str(workspace)], check=True)
    command = [sys.executable, __file__, "--step", name, "--folder", str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


if __name__ == "__main__":
    main()
