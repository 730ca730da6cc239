"""AutoML at 40 CPU seconds a table, with CatBoost and with the core alone.

Run: MILLRACE_DATA=/path/to/data python bench/automl.py [--budget 40] [--tables telco,adult]
Each run is a process of its own, so that the CPU time is the system's count for that process
(imports, search, last training and saving included). Rows: `train_test_split(test_size=0.25,
random_state=0)` of scikit-learn, stratified for classes; adult is adult-train and adult-test
joined (48,842 rows); the target of california is in units of 100,000.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
WANTED = {"german": 0.78, "telco": 0.846, "california": 0.455, "adult": 0.929}
ADULT = [
    *("age", "workclass", "fnlwgt", "education", "education_num", "marital", "occupation"),
    *("relationship", "race", "sex", "gain", "loss", "hours", "country", "income"),
]


def tables(name: str, data: Path) -> tuple[Any, Any, str]:
    """Return the training table, the test table and the target's name."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.csv
    from sklearn.model_selection import train_test_split

    folder = data / "table"
    if name == "adult":
        options = pyarrow.csv.ReadOptions(column_names=ADULT)
        parts = [
            pyarrow.csv.read_csv(folder / f"adult-{part}.csv", read_options=options)
            for part in ("train", "test")
        ]
        table, target = pa.concat_tables(parts), "income"
        answer = [value.strip().rstrip(".") for value in table["income"].to_pylist()]
    elif name == "german":
        options = pyarrow.csv.ReadOptions(column_names=[f"c{at}" for at in range(20)] + ["risk"])
        table, target = pyarrow.csv.read_csv(folder / "german.csv", read_options=options), "risk"
        answer = table["risk"].to_pylist()
    elif name == "telco":
        table, target = pyarrow.csv.read_csv(folder / "telco.csv"), "Churn"
        answer = table["Churn"].to_pylist()
    else:
        table, target = pyarrow.csv.read_csv(folder / "california.csv"), "median_house_value"
        answer = (table[target].to_numpy() / 100_000).tolist()
    table = table.set_column(table.column_names.index(target), target, pa.array(answer))
    stratify = None if name == "california" else answer
    train, test = train_test_split(
        np.arange(len(answer)), test_size=0.25, random_state=0, stratify=stratify
    )
    return table.take(train), table.take(test), target


def one(name: str, budget: float, learners: list[str] | None, data: Path) -> dict[str, Any]:
    """Train on one table and judge the model on the rows left out."""
    import numpy as np

    from millrace.automl.engine.scores import SCORES
    from millrace.core.context import Context
    from millrace.core.policy import Actor
    from millrace.core.workspace import Workspace
    from millrace.services.predictor.predictor import Predictor
    from millrace.stores.datasets import Datasets
    from millrace.stores.jobs import Jobs
    from millrace.stores.models import Models

    train, test, target = tables(name, data)
    with tempfile.TemporaryDirectory() as place, Workspace.open(Path(place) / "ws") as workspace:
        ctx = Context(workspace=workspace)
        workspace.use(Datasets).write(ctx, name, train)
        params = {"dataset": name, "target": target, "budget": budget, "learners": learners}
        begun = time.process_time()
        result = workspace.use(Jobs).call("automl.train", params, Actor())
        cpu = time.process_time() - begun
        folder = workspace.use(Models).load_folder(result.model)
        found: dict[str, Any] = {"cpu": cpu, "tried": result.tried, "folds": result.folds}
        for choice in ("ensemble", "single"):
            answer = Predictor.load(folder, None, choice).predict(test)
            truth = test[target].to_pylist()
            if answer.proba is None:
                y, given = np.array(truth), answer.values
            else:
                place_of = {value: at for at, value in enumerate(answer.classes)}
                y, given = np.array([place_of[value] for value in truth]), answer.proba
            found[choice] = SCORES[result.metric].value(y, given)
        return {**found, "chosen": result.chosen, "metric": result.metric}


def main() -> None:
    """Run every table with and without CatBoost and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budget", type=float, default=40.0)
    parser.add_argument("--tables", default="german,telco,california,adult")
    parser.add_argument("--one", default="")
    options = parser.parse_args()
    data = Path(os.environ.get("MILLRACE_DATA", ""))
    if not (data / "table").is_dir():
        sys.exit("MILLRACE_DATA does not name the folder with the real data sets.")
    if options.one:
        name, learners = options.one.split(":")
        chosen = learners.split(",") if learners else None
        print(json.dumps(one(name, options.budget, chosen, data)))
        return
    print("table       learners   metric   wanted  answers  single  op CPU-s  process CPU-s  tried")
    for name in options.tables.split(","):
        for label, learners in (("catboost", ""), ("core", "lightgbm,linear")):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            command = [sys.executable, __file__, "--budget", str(options.budget)]
            done = subprocess.run(
                [*command, "--one", f"{name}:{learners}"], check=True, capture_output=True
            )
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            found = json.loads(done.stdout.splitlines()[-1])
            print(
                f"{name:11s} {label:10s} {found['metric']:8s} {WANTED[name]:6.3f} "
                f"{found[found['chosen']]:8.4f} {found['single']:7.4f} {found['cpu']:9.1f} "
                f"{cpu:14.1f} {found['tried']:6d}",
                flush=True,
            )


if __name__ == "__main__":
    main()
