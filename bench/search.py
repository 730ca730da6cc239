"""Search on banking77: do queries find rows of their own intent, and what does one cost?

    MILLRACE_DATA=... python bench/search.py            quality and CPU on banking77
    python bench/search.py --part scale                 exact vectors at 20k to 200k rows

Indexes the 10,003 training questions and asks with the 3,080 test questions. Precision@10 is
the share of the ten hits that have the query's intent. Recall compares the vector leg with a
full sort in float64. All times are CPU time of this process.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.csv

from millrace.core.context import Context
from millrace.core.workspace import Workspace
from millrace.search import asking, making
from millrace.search.engine import fuse, legs, vectors, words
from millrace.search.store import Indexes
from millrace.search.types import BuildParams, QueryParams
from millrace.services.encoder import Encoders
from millrace.stores.artifacts import Artifacts
from millrace.stores.datasets import Datasets

MIXES = {
    "words": {"text": 1.0},
    "meaning": {"vector": 1.0},
    "words .75, meaning .25": {"text": 0.75, "vector": 0.25},
    "words .5, meaning .5": {"text": 0.5, "vector": 0.5},
    "words .25, meaning .75": {"text": 0.25, "vector": 0.75},
}


def cpu(work: Any) -> tuple[Any, float]:
    """Run something; return what it gave and its CPU seconds."""
    begin = time.process_time()
    found = work()
    return found, time.process_time() - begin


def banking(data: Path, queries: int) -> dict[str, Any]:
    """Measure quality and cost on banking77."""
    train = pyarrow.csv.read_csv(data / "text/banking77/train.csv")
    test = pyarrow.csv.read_csv(data / "text/banking77/test.csv")
    chosen = np.random.default_rng(0).permutation(test.num_rows)[:queries]
    asked = test.take(chosen).to_pylist()
    with (
        tempfile.TemporaryDirectory() as place,
        Workspace.open(Path(place) / "ws", {"durability": "normal"}) as workspace,
    ):
        ctx = Context(workspace=workspace)
        ctx.use(Datasets).write(ctx, "banking", train)
        params = BuildParams(dataset="banking", text=["text"], judge="category")
        made, build_seconds = cpu(lambda: making.build(params, ctx))
        found = ctx.use(Artifacts).get(made.index, "index")
        opened = ctx.use(Indexes).get(found)
        index = legs.Index(opened.ids, opened.vectors, opened.words)
        encoder = ctx.use(Encoders).get(made.encoder, cached=False)
        embedded, encode_seconds = cpu(
            lambda: encoder.encode([row["text"] for row in asked], kind="query")
        )
        quality, leg_cost = _legs(index, asked, embedded, train, made.weights)
        whole = [
            cpu(lambda t=row["text"]: asking.query(QueryParams(index="banking", text=t), ctx))[1]
            for row in asked[:200]
        ]
        exact = _recall(index, embedded)
    return {
        "rows": train.num_rows,
        "queries": len(asked),
        "encoder": made.encoder,
        "build_cpu_s": round(build_seconds, 1),
        "judged_weights": made.weights,
        "precision_at_10": quality,
        "vector_recall_at_10": exact,
        "cpu_ms_a_query": {
            **leg_cost,
            "encoding, in batches": round(1e3 * encode_seconds / len(asked), 2),
            "search.query, all in": round(1e3 * statistics.median(whole), 2),
        },
    }


def _legs(
    index: legs.Index, asked: list[dict[str, str]], embedded: Any, train: Any, judged: Any
) -> tuple[dict[str, float], dict[str, float]]:
    labels = dict(enumerate(train.column("category").to_pylist()))
    mixes = {**MIXES, "judged by labels": judged}
    hits = dict.fromkeys(mixes, 0.0)
    cost = {"words leg": 0.0, "meaning leg": 0.0}
    assert index.words is not None
    assert index.ids is not None
    assert index.vectors is not None
    for row, vector in zip(asked, embedded, strict=True):
        by_words, seconds = cpu(
            lambda t=row["text"]: words.find(index.words, words.terms(t), 100)  # type: ignore[arg-type]
        )
        cost["words leg"] += seconds
        by_meaning, seconds = cpu(
            lambda v=vector: vectors.nearest(index.ids, index.vectors, v, 100)  # type: ignore[arg-type]
        )
        cost["meaning leg"] += seconds
        for name, weights in mixes.items():
            found = fuse.fuse({"text": by_words, "vector": by_meaning}, weights, 10)
            hits[name] += fuse.precision([hit.id for hit in found], row["category"], labels)
    quality = {name: round(total / len(asked), 3) for name, total in hits.items()}
    return quality, {name: round(1e3 * total / len(asked), 2) for name, total in cost.items()}


def _recall(index: legs.Index, embedded: Any) -> float:
    assert index.ids is not None
    assert index.vectors is not None
    matrix = np.asarray(index.vectors, np.float64)
    same = 0.0
    for vector in embedded[:200]:
        best = index.ids[np.argsort(-(matrix @ vector.astype(np.float64)), kind="stable")[:10]]
        found = [row for row, _ in vectors.nearest(index.ids, index.vectors, vector, 10)]
        same += len(set(found) & set(best.tolist())) / 10
    return round(same / len(embedded[:200]), 4)


def scale() -> dict[str, Any]:
    """Measure exact search on random unit vectors of 384 numbers, mapped from a file."""
    return {f"{rows:,} rows, CPU-ms a query": one_size(rows) for rows in (20_000, 50_000, 200_000)}


def one_size(rows: int) -> dict[str, float]:
    """Measure one size, with all rows allowed and with one in a hundred."""
    dice = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as place:
        made = vectors.unit(dice.normal(size=(rows, 384)).astype(np.float32))
        vectors.save(Path(place), np.arange(rows), made)
        queries = made[dice.permutation(rows)[:20]]
        del made
        ids, matrix = vectors.load(Path(place))
        vectors.nearest(ids, matrix, queries[0], 10)
        found: dict[str, float] = {}
        for name, allowed in (("all", None), ("1 % allowed", ids[dice.random(rows) < 0.01])):
            costs = [cpu(partial(vectors.nearest, ids, matrix, q, 10, allowed))[1] for q in queries]
            found[name] = round(1e3 * statistics.median(costs), 1)
        return found


def main() -> None:
    """Read the command line and print one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--part", choices=("all", "banking", "scale"), default="all")
    parser.add_argument("--queries", type=int, default=3080)
    args = parser.parse_args()
    found: dict[str, Any] = {}
    if args.part in ("all", "banking"):
        data = os.environ.get("MILLRACE_DATA")
        if not data:
            raise SystemExit("MILLRACE_DATA does not name the folder with the real data sets")
        found["banking77"] = banking(Path(data), args.queries)
    if args.part in ("all", "scale"):
        found["scale"] = scale()
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
