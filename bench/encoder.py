"""Sentences per CPU-second: our encoder beside sentence-transformers on torch.

The test texts of banking77 are encoded by all-MiniLM-L6-v2 three ways, each in a process of its
own, in turns, with the same number of threads; the least CPU time of the rounds counts. Loading
and a warm-up of 64 texts are left out; tokenising is in. The embedding cache is off.

The reference needs an environment of its own with torch and sentence-transformers; name its
Python by --reference or MILLRACE_REFERENCE_PYTHON. Without it only ours is measured.

Run: python bench/encoder.py [--reference PYTHON] [--threads N] [--rounds N] [--accuracy]
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

OURS = """
import json, sys, time
import numpy as np
from millrace.core.workspace import Workspace
from millrace.services.encoder import Encoders
texts, precision, threads, out = json.load(sys.stdin)
with Workspace.open(out + ".workspace", {"threads": threads}) as workspace:
    encoder = workspace.use(Encoders).get("all-minilm-l6-v2", precision, cached=False)
    encoder.encode(texts[:64])
    start = time.process_time()
    vectors = encoder.encode(texts)
    print(time.process_time() - start)
np.save(out, vectors)
"""
THEIRS = """
import json, sys, time
import numpy as np, torch
from sentence_transformers import SentenceTransformer
texts, folder, threads, out = json.load(sys.stdin)
torch.set_num_threads(threads)
model = SentenceTransformer(folder, device="cpu")
model.encode(texts[:64])
start = time.process_time()
vectors = model.encode(texts, normalize_embeddings=True, show_progress_bar=False)
print(time.process_time() - start)
np.save(out, vectors)
"""


def run(python: str, program: str, threads: int, given: list[object]) -> float:
    """Run one way in a process of its own; return its CPU seconds."""
    surroundings = os.environ | {"OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "PASSIVE"}
    done = subprocess.run(
        [python, "-c", program],
        input=json.dumps(given),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env=surroundings,
    )
    return float(done.stdout.split()[-1])


def read(path: Path) -> tuple[list[str], list[str]]:
    """Return the texts and labels of one part of banking77."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [row["text"] for row in rows], [row["category"] for row in rows]


def accuracy(folder: Path) -> None:
    """Print the accuracy of logistic regression (C = 30) on frozen vectors, 77 intents."""
    import time

    from sklearn.linear_model import LogisticRegression

    from millrace.core.workspace import Workspace
    from millrace.services.encoder import Encoders

    (train, train_labels), (test, test_labels) = (
        read(folder / name) for name in ("train.csv", "test.csv")
    )
    with tempfile.TemporaryDirectory() as place, Workspace.open(Path(place) / "w") as workspace:
        for name in ("all-minilm-l6-v2", "all-minilm-l6-v2:int8", "hashed-1024"):
            encoder = workspace.use(Encoders).get(name, cached=False)
            start = time.process_time()
            head = LogisticRegression(C=30, max_iter=300)
            head.fit(encoder.encode(train), train_labels)
            score = head.score(encoder.encode(test), test_labels)
            spent = time.process_time() - start
            print(f"  {name:24s} accuracy {score:.4f}  ({spent:.0f} CPU-s with encoding)")


def measure(texts: list[str], reference: str, threads: int, rounds: int) -> None:
    """Print sentences per CPU-second of each way, and their ratios."""
    from millrace.services.encoder.spec import DEFAULT, find
    from millrace.services.encoder.weights import locate, missing

    weights = locate(find(DEFAULT))
    if weights is None:
        raise SystemExit(str(missing(find(DEFAULT))))
    ways: dict[str, tuple[str, str, object]] = {}
    if reference:
        ways["sentence-transformers, torch fp32"] = (reference, THEIRS, str(weights.folder))
    else:
        print("No reference environment (--reference): only ours is measured.")
    ways["millrace fp32"] = (sys.executable, OURS, "fp32")
    ways["millrace int8"] = (sys.executable, OURS, "int8")
    spent: dict[str, list[float]] = {name: [] for name in ways}
    vectors: dict[str, np.ndarray] = {}
    with tempfile.TemporaryDirectory() as place:
        for turn in range(rounds):
            for number, (name, (python, program, what)) in enumerate(ways.items()):
                out = f"{place}/{turn}-{number}.npy"
                spent[name].append(run(python, program, threads, [texts, what, threads, out]))
                vectors[name] = np.load(out)
    first = next(iter(ways))
    print(f"{len(texts)} texts, {threads} thread(s), least of {rounds} rounds")
    for name in ways:
        rate, base = len(texts) / min(spent[name]), len(texts) / min(spent[first])
        cosine = (vectors[name] * vectors[first]).sum(axis=1)
        print(
            f"  {name:36s} {rate:7.0f} sentences/CPU-s  {rate / base:5.2f}x"
            f"  cosine mean {cosine.mean():.5f} least {cosine.min():.5f}"
        )


def main() -> None:
    """Read the arguments and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--reference", default=os.environ.get("MILLRACE_REFERENCE_PYTHON", ""))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--accuracy", action="store_true")
    given = parser.parse_args()
    folder = Path(os.environ.get("MILLRACE_DATA", "")) / "text" / "banking77"
    if not folder.is_dir():
        print("Skipped: MILLRACE_DATA does not name the folder with text/banking77.")
        return
    measure(read(folder / "test.csv")[0], given.reference, given.threads, given.rounds)
    if given.accuracy:
        accuracy(folder)


if __name__ == "__main__":
    main()
