"""How well `quality.check` finds planted label errors, and what a check costs.

Labels of banking77 (and of adult, a table) are changed at random: `uniform` to any other class,
`nearest` to the class whose rows look most alike, the slip that people make. Precision counts
only planted errors as hits, so errors that the data had before count against it.

Run: MILLRACE_DATA=... python bench/quality.py [labels|table|speed|all] [--share 0.05] [--seed 0]
"""

import argparse
import os
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray

from millrace.core.workspace import Workspace
from millrace.quality.engine import labels, outoffold
from millrace.quality.engine.check import Checker, Plan
from millrace.quality.engine.judge import Judge
from millrace.quality.engine.profile import profile
from millrace.services.encoder import Encoders

Floats = NDArray[np.floating]
Codes = NDArray[np.int64]


def flip(given: Codes, features: Floats, share: float, how: str, seed: int) -> tuple[Codes, Codes]:
    """Return labels with a share of them wrong, and which."""
    rng = np.random.default_rng(seed)
    k = int(given.max()) + 1
    wrong = rng.choice(given.size, round(share * given.size), replace=False)
    changed = given.copy()
    if how == "uniform":
        changed[wrong] = (given[wrong] + rng.integers(1, k, wrong.size)) % k
        return changed, wrong
    means = np.stack([features[given == code].mean(0) for code in range(k)])
    likeness = means @ means.T - 1e9 * np.eye(k)
    changed[wrong] = likeness.argmax(1)[given[wrong]]
    return changed, wrong


def report(name: str, given: Codes, said: Floats, wrong: Codes, seconds: float) -> None:
    """Print one line of the table."""
    weak = labels.Judged.of(given, said, "").skill < labels.KNOWING
    found = labels.doubts(given, said, labels.CLEAR_ODDS if weak else 0.0).rows
    planted = np.zeros(given.size, bool)
    planted[wrong] = True
    hits = planted[found]
    recall = hits.sum() / wrong.size
    half = planted[found[: wrong.size // 2]].mean()
    print(
        f"| {name} | {wrong.size} | {found.size} | {hits.mean():.3f} | {recall:.3f} | {half:.3f} "
        f"| {seconds:.1f} |",
        flush=True,
    )


def banking(data: Path) -> tuple[Floats, Codes, list[str]]:
    """Return vectors, labels and texts of the banking77 training rows."""
    table = pyarrow.csv.read_csv(data / "text" / "banking77" / "train.csv")
    texts = table["text"].to_pylist()
    given = np.unique(np.array(table["category"].to_pylist()), return_inverse=True)[1]
    with tempfile.TemporaryDirectory() as folder, Workspace.open(folder) as workspace:
        encoder = workspace.use(Encoders).get()
        print(f"encoder: {encoder.name} {encoder.notice}")
        vectors = encoder.encode(texts).astype(np.float64)
    return vectors, given.astype(np.int64), texts


def text_labels(data: Path, share: float, seed: int) -> None:
    """Measure every judge of texts on two kinds of errors."""
    vectors, right, texts = banking(data)
    hashed = outoffold.hashed(texts)
    for how in ("uniform", "nearest"):
        given, wrong = flip(right, vectors, share, how, seed)
        parts = outoffold.folds(given, seed)
        for name, judge, features in (
            ("logistic on vectors (used)", outoffold.logistic, vectors),
            ("discriminant on vectors", outoffold.linear, vectors),
            ("discriminant on hashed n-grams", outoffold.linear, hashed),
        ):
            start = time.process_time()
            said = judge(features, given, parts)
            report(f"banking77 {how}: {name}", given, said, wrong, time.process_time() - start)


def table_labels(data: Path, share: float, seed: int) -> None:
    """Measure the boosted trees on two tables."""
    for name, target in (("adult-train", "income"), ("telco", "Churn")):
        options = (
            pyarrow.csv.ReadOptions(column_names=[*(f"c{at}" for at in range(14)), target])
            if name == "adult-train"
            else None
        )
        table = pyarrow.csv.read_csv(data / "table" / f"{name}.csv", read_options=options)
        columns = profile(table)
        right = next(one for one in columns if one.name == target).codes
        features = [one for one in columns if one.name != target]
        given, wrong = flip(right, np.zeros((right.size, 1)), share, "uniform", seed)
        judge = Judge(features, None, np.arange(given.size), seed, None)
        start = time.process_time()
        judged = judge.judge(given, np.arange(given.size))
        assert judged is not None
        seconds = time.process_time() - start
        report(f"{name} uniform: boosted trees", given, judged.probabilities, wrong, seconds)


def speed(data: Path) -> None:
    """Measure a whole check of 50,000 rows and 15 columns, and of banking77 unencoded."""
    rng = np.random.default_rng(0)
    n = 50_000
    numbers = {f"x{at}": rng.lognormal(size=n).round(4) for at in range(8)}
    levels = {f"c{at}": rng.choice([f"v{one}" for one in range(3 + 4 * at)], n) for at in range(6)}
    score = numbers["x0"] + numbers["x1"] + rng.normal(size=n)
    table = pa.table({**numbers, **levels, "y": np.where(score > np.median(score), "up", "down")})
    rows = pyarrow.csv.read_csv(data / "text" / "banking77" / "train.csv")
    for name, found, target in (
        ("50,000 rows x 15 columns", table, "y"),
        ("banking77 train, texts by spelling", rows, "category"),
    ):
        start = time.process_time()
        count = sum(len(step.found) for step in Checker(found, Plan(target=target)).steps())
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        spent = time.process_time() - start
        print(f"{name}: {count} findings, {spent:.1f} CPU-s, peak RSS {peak:.0f} MB", flush=True)


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "what", nargs="?", default="all", choices=("labels", "table", "speed", "all")
    )
    parser.add_argument("--share", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    data = Path(os.environ["MILLRACE_DATA"])
    if asked.what in ("labels", "table", "all"):
        print("| errors and judge | planted | called | precision | recall | top half | CPU-s |")
        print("|---|---|---|---|---|---|---|")
    if asked.what in ("labels", "all"):
        text_labels(data, asked.share, asked.seed)
    if asked.what in ("table", "all"):
        table_labels(data, asked.share, asked.seed)
    if asked.what in ("speed", "all"):
        speed(data)


if __name__ == "__main__":
    main()
