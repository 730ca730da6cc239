"""Accuracy and calibration of label.suggest on banking77 (or clinc150), through the op itself.

Zero-shot sees the texts of the test part and the 77 label names, nothing else. With N labels a
class, N rows drawn from the train part (seeded) stand beside them with their label. No test label
is ever read before scoring. What the method was tuned on: banking77 train and clinc150.

Run: MILLRACE_DATA=... python bench/label_suggest.py [--data clinc150] [--shots 1,5,10] [--seeds 5]
"""

import argparse
import csv
import json
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from millrace.core.context import Context
from millrace.core.policy import Actor
from millrace.core.workspace import Workspace
from millrace.label.engine.calibration import calibration_error
from millrace.stores.datasets import Datasets
from millrace.stores.jobs import Jobs

Rows = list[tuple[str, str]]
TARGETS = {("banking77", 0): 0.62, ("banking77", 5): 0.78}


def load(folder: Path, name: str) -> tuple[Rows, Rows]:
    """Return (text, label) rows of the train and test parts."""
    if name == "clinc150":
        parts = json.loads((folder / "text/clinc150/data_full.json").read_text(encoding="utf-8"))
        return tuple([(text, label) for text, label in parts[p]] for p in ("train", "test"))
    found: list[Rows] = []
    for part in ("train", "test"):
        with (folder / f"text/{name}/{part}.csv").open(encoding="utf-8") as file:
            found.append([(row["text"], row["category"]) for row in csv.DictReader(file)])
    return found[0], found[1]


def draw(train: Rows, shots: int, seed: int) -> Rows:
    """Draw `shots` rows of each label."""
    rng = np.random.default_rng(seed)
    labels = sorted({label for _, label in train})
    places = {label: [at for at, row in enumerate(train) if row[1] == label] for label in labels}
    return [train[at] for label in labels for at in rng.permutation(places[label])[:shots]]


def suggest(world: Workspace, test: Rows, known: Rows, labels: list[str]) -> dict[str, Any]:
    """Run the op on the test texts, with `known` rows beside them; score the test rows."""
    name = f"run-{time.monotonic_ns()}"
    rows = [(text, None) for text, _ in test] + [(text, label) for text, label in known]
    table = pa.table({"text": [row[0] for row in rows], "known": pa.array([r[1] for r in rows])})
    if not known:
        table = table.drop_columns(["known"])
    world.use(Datasets).write(Context(workspace=world), name, table)
    given = {"name": name, "dataset": name, "column": "text"}
    call(world, "label.create_set", **given, labels=[{"name": label} for label in labels])
    begun = time.process_time()
    column = "known" if known else None
    told = call(world, "label.suggest", labelset=name, labels_column=column)
    spent = time.process_time() - begun
    found = world.use(Datasets).read(told.dataset)
    order = np.argsort(found.column("_id").to_numpy())[: len(test)]
    said = np.array(found.column("suggestion").to_pylist(), dtype=object)[order]
    sure = found.column("confidence").to_numpy()[order]
    right = (said == np.array([label for _, label in test], dtype=object)).astype(np.float64)
    return {
        "accuracy": float(right.mean()),
        "ece": calibration_error(sure, right),
        "held_out": told.accuracy,
        "cpu": spent,
        "notes": told.notes,
    }


def call(world: Workspace, op: str, **params: Any) -> Any:
    """Run an op to its end."""
    return world.use(Jobs).call(op, params, Actor())


def runs(world: Workspace, args: argparse.Namespace) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """Yield (shots, seed, figures)."""
    train, test = load(Path(args.folder), args.data)
    labels = sorted({label for _, label in test})
    yield 0, 0, suggest(world, test, [], labels)
    for shots in [int(one) for one in args.shots.split(",")]:
        for seed in range(args.seeds):
            yield shots, seed, suggest(world, test, draw(train, shots, seed), labels)


def main() -> None:
    """Print a line a run, then the means beside the targets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", default=os.environ.get("MILLRACE_DATA", ""))
    parser.add_argument("--data", default="banking77", choices=["banking77", "clinc150"])
    parser.add_argument("--shots", default="1,5,10")
    parser.add_argument("--seeds", type=int, default=5)
    args = parser.parse_args()
    if not args.folder:
        parser.error("name the folder with the real data sets by --folder or MILLRACE_DATA")
    means: dict[int, list[dict[str, Any]]] = {}
    with tempfile.TemporaryDirectory() as folder, Workspace.open(f"{folder}/ws") as world:
        for shots, seed, found in runs(world, args):
            held = "" if found["held_out"] is None else f"{found['held_out']:.4f}"
            print(
                f"{args.data} labels a class {shots:2d} seed {seed}: accuracy "
                f"{found['accuracy']:.4f}  ECE {found['ece']:.3f}  held-out estimate {held or '-'}"
                f"  CPU {found['cpu']:.1f} s  {' '.join(found['notes'])}",
                flush=True,
            )
            means.setdefault(shots, []).append(found)
    for shots, found in means.items():
        target = TARGETS.get((args.data, shots))
        mean = float(np.mean([one["accuracy"] for one in found]))
        error = float(np.mean([one["ece"] for one in found]))
        wanted = "" if target is None else f"  (wanted {target:.2f})"
        print(f"mean, {shots} labels a class: accuracy {mean:.4f}{wanted}  ECE {error:.3f}")


if __name__ == "__main__":
    main()
