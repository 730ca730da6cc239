"""One small example of each op of `runs`."""

from typing import Any

from tests.support.examples import Example, World

CLOCK = ("runs.*.run", "runs.*.started_at", "runs.*.ended_at", "runs.*.duration")
ONE = ("run", "started_at", "ended_at", "duration", "artifact_uri", "system_tags.*")
HISTORY = ("series.*.run", "series.*.times")
COMPARED = (*CLOCK, "baseline")


def two_runs(world: World) -> dict[str, Any]:
    ids: list[str] = []
    for name, rate in (("first", 0.1), ("second", 0.2)):
        run = world.call("runs.start", name=name, hyperparameters={"lr": rate}).run
        steps = [{"step": at, "metrics": {"loss": rate / (at + 1)}} for at in range(3)]
        world.call("runs.log", run=run, points=steps)
        world.call("runs.finish", run=run)
        ids.append(run)
    return {"runs": ids}


def no_params(world: World) -> dict[str, Any]:
    two_runs(world)
    return {}


def one_run(world: World) -> dict[str, Any]:
    return {"run": two_runs(world)["runs"][0]}


def deleted(world: World) -> dict[str, Any]:
    run = one_run(world)["run"]
    world.call("runs.delete", run=run)
    return {"run": run}


EXAMPLES = [
    Example("runs.list", {"sort": "min.loss", "search": "first"}, no_params, volatile=CLOCK),
    Example("runs.show", {}, one_run, volatile=ONE),
    Example("runs.history", {"metrics": ["loss"]}, two_runs, volatile=HISTORY),
    Example("runs.compare", {}, two_runs, volatile=COMPARED),
    Example(
        "runs.start", {"name": "mine", "hyperparameters": {"lr": 0.1}}, volatile=("run", "uri")
    ),
    Example("runs.log", {"metrics": {"loss": 0.5}, "step": 3}, one_run, volatile=("run",)),
    Example("runs.finish", {"state": "killed"}, one_run, volatile=("run",)),
    Example("runs.rename", {"name": "better"}, one_run, volatile=("run",)),
    Example("runs.tag", {"tags": {"team": "a"}}, one_run, volatile=("run",)),
    Example("runs.delete", {}, one_run, volatile=("run",)),
    Example("runs.restore", {}, deleted, volatile=("run",)),
]
