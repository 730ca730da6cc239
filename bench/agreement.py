"""Agreement on ConvAbuse severity, and the cost of Dawid-Skene and of the queue.

Figures: Fleiss' kappa and Krippendorff's alpha to 1e-4 of the recorded ones; Dawid-Skene of
25,000 invented answers in CPU-s, beside the majority; CPU-ms to hand out and to store one item of
a queue of 100,000.

Run: MILLRACE_DATA=... python bench/agreement.py [--items 100000]
"""

import argparse
import csv
import os
import tempfile
import time
from pathlib import Path

import numpy as np

from millrace.core.context import Context
from millrace.core.workspace import Workspace
from millrace.label.engine import agreement
from millrace.label.engine.consensus import dawid_skene, majority
from millrace.label.engine.ratings import Ratings, code
from millrace.label.store import Answers, Change, Queue, Scope

RECORDED = {"fleiss_kappa": 0.4333, "krippendorff_alpha": 0.4374}


def convabuse(folder: Path) -> None:
    """Compare with the recorded figures; the first answer of an annotator to an item counts."""
    path = folder / "agreement" / "convabuse_annotations.csv"
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    begun = time.process_time()
    coded = code(
        [int(row["item"]) for row in rows],
        [row["annotator"] for row in rows],
        [row["severity"] for row in rows],
        ["-3", "-2", "-1", "0", "1"],
    )
    counts = coded.ratings.counts()
    found = {
        "fleiss_kappa": agreement.fleiss(counts),
        "krippendorff_alpha": agreement.alpha(counts),
    }
    spent = time.process_time() - begun
    size = f"{coded.ratings.n} items, {coded.ratings.a} annotators, {coded.ratings.m} answers"
    print(f"convabuse severity: {size}, {spent * 1e3:.0f} CPU-ms")
    for name, value in found.items():
        gap = abs(value - RECORDED[name])
        verdict = "ok" if gap <= 1e-4 else "MISSED"
        print(f"  {name} {value:.6f}  recorded {RECORDED[name]:.4f}  gap {gap:.1e}  {verdict}")
    ordinal = agreement.alpha(counts, "ordinal")
    print(f"  ordinal alpha {ordinal:.4f}, AC1 {agreement.gwet_ac1(counts):.4f}")


def crowd(seed: int, n: int, a: int, k: int, each: int) -> tuple[Ratings, np.ndarray]:
    """Invent annotators of differing skill and habits."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(k, n, p=rng.dirichlet(np.ones(k) * 3))
    skill = rng.beta(3, 1.5, a)[:, None, None]
    habit = skill * np.eye(k) + (1 - skill) * rng.dirichlet(np.ones(k) * 0.5, (a, k))
    items = np.repeat(np.arange(n), each)
    who = np.concatenate([rng.permutation(a)[:each] for _ in range(n)])
    given = (habit[who, truth[items]].cumsum(1) < rng.random((len(items), 1))).sum(1)
    return Ratings(items, who, np.minimum(given, k - 1), n, a, k), truth


def consensus() -> None:
    """Time Dawid-Skene on 25,000 answers."""
    for n, a, k, each in ((5_000, 50, 5, 5), (8_333, 176, 2, 3), (2_500, 500, 20, 10)):
        ratings, truth = crowd(0, n, a, k, each)
        begun = time.process_time()
        found = dawid_skene(ratings)
        spent = time.process_time() - begun
        votes = (majority(ratings).labels() == truth).mean()
        print(
            f"Dawid-Skene, {ratings.m} answers, {a} annotators, {k} labels: {spent:.3f} CPU-s, "
            f"{found.iterations} rounds, accuracy {(found.labels() == truth).mean():.4f} "
            f"(majority {votes:.4f})  (wanted < 0.5 CPU-s)"
        )


def queue(items: int) -> None:
    """Time handing out and storing items of a long queue."""
    with tempfile.TemporaryDirectory() as folder, Workspace.open(f"{folder}/ws") as world:
        ctx, scope = Context(workspace=world), Scope("default", "bench")
        line, answers = world.use(Queue), world.use(Answers)
        line.enqueue(ctx, scope, range(items), 2)
        out: list[float] = []
        kept: list[float] = []
        for who in ("ann", "bob"):
            for _ in range(300):
                begun = time.process_time()
                task = line.lease(ctx, scope, who, 600)[0]
                out.append(time.process_time() - begun)
                begun = time.process_time()
                answers.record(ctx, scope, Change(task.item, who, "annotate", "x"))
                kept.append(time.process_time() - begun)
        for name, spent in (("hand out", out), ("store", kept)):
            median, worst = np.median(spent) * 1e3, max(spent) * 1e3
            print(
                f"queue of {items}: {name} one item, median {median:.1f}, worst {worst:.1f} CPU-ms"
            )


def main() -> None:
    """Print every figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", default=os.environ.get("MILLRACE_DATA", ""))
    parser.add_argument("--items", type=int, default=100_000)
    args = parser.parse_args()
    if args.folder:
        convabuse(Path(args.folder))
    else:
        print("MILLRACE_DATA names no folder: convabuse is left out")
    consensus()
    queue(args.items)


if __name__ == "__main__":
    main()
