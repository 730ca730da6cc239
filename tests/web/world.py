"""The loop gone round once, quickly, so that every screen of the app has something to show."""

import csv
import io
import json
import time
from typing import Any

from tests.support.server import SAMPLES, Server

ASKED = 60  # requests of a kind that the model has not seen


INTENTS = ("order_status", "refund_status")


def parcels() -> tuple[str, str]:
    """Return tickets of two intents, some to learn from and some to judge on."""
    with (SAMPLES / "tickets.csv").open(encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    kept = [row[1:] for row in rows if row[-1] in INTENTS]
    return written([head[1:], *kept[:80]]), written([head[1:], *kept[80:120]])


def written(rows: list[list[str]]) -> str:
    """Return rows as the text of a CSV file."""
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def train(server: Server, seed: int) -> str:
    """Train one more version of the model 'parcels'; return its reference."""
    made = server.call(
        "automl.train",
        dataset="parcels",
        target="intent",
        name="parcels",
        learners=["linear"],
        trials=1,
        budget=20,
        seed=seed,
    )
    return made["model"]


def ask(server: Server, deployment: str, **row: str) -> dict[str, Any]:
    """Ask a deployment about one row, as a client would."""
    inputs = [
        {"name": name, "datatype": "BYTES", "shape": [1], "data": [value]}
        for name, value in row.items()
    ]
    body = json.dumps({"inputs": inputs}).encode()
    sent = {"content-type": "application/json"}
    status, _, raw = server.send("POST", f"/v2/models/{deployment}/infer", body, sent)
    assert status == 200, raw
    return json.loads(raw)


def ask_shifted(server: Server, deployment: str, count: int = ASKED) -> None:
    """Ask about rows that look different from the training data, and wait for the log."""
    before = server.call("monitor.requests", deployment=deployment, limit=1)["matching"]
    for number in range(count):
        ask(
            server,
            deployment,
            created_at="2026-11-20T10:00:00",
            channel="fax",
            priority="urgent",
            text=f"The dark mode of your mobile app crashed {number} times on page {number}",
        )
    end = time.monotonic() + 30
    while (
        server.call("monitor.requests", deployment=deployment, limit=1)["matching"] < before + count
    ):
        assert time.monotonic() < end, "the request log does not grow"
        time.sleep(0.1)


def wait_logged(server: Server, deployment: str, count: int) -> None:
    """Wait until the log holds so many requests: they are written in bunches."""
    end = time.monotonic() + 30
    while server.call("monitor.requests", deployment=deployment, limit=1)["matching"] < count:
        assert time.monotonic() < end, "the request log does not grow"
        time.sleep(0.1)


def log_runs(server: Server, count: int, name: str = "by hand") -> list[str]:
    """Log runs as somebody's own script would."""
    made = []
    for number in range(count):
        run = server.call(
            "runs.start", name=f"{name} {number}", hyperparameters={"depth": str(number + 1)}
        )["run"]
        points = [
            {"step": step, "metrics": {"loss": 1 / (1 + step + number), "auc": 0.5 + 0.04 * step}}
            for step in range(10)
        ]
        server.call("runs.log", run=run, points=points)
        server.call("runs.finish", run=run, state="finished")
        made.append(run)
    return made


def furnish(server: Server) -> None:
    """Go round: two versions, a champion, its figures, a deployment, a watch, runs."""
    learn, judge = parcels()
    server.load("parcels.csv", learn, name="parcels")
    server.load("parcels-later.csv", judge, name="parcels-later")
    for seed in (1, 2):
        model = train(server, seed)
        server.call("evaluation.run", model=model, dataset="parcels-later", resamples=50)
    server.call("model.promote", model="parcels@1")
    server.call("explanation.importance", model="parcels@1", dataset="parcels-later", repeats=2)
    server.call("model.card", model="parcels@1")
    server.call("deployment.create", name="parcels", model="parcels@champion", sample=1.0)
    server.call(
        "label.create_set", name="parcels", dataset="parcels", column="text", from_column="intent"
    )
    server.call("monitor.watch", deployment="parcels", least=20)
    ask_shifted(server, "parcels")
    log_runs(server, 3)
