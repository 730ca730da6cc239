"""What a training job leaves behind: finished trials while it runs, a model at its end."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load, save

from millrace.automl.engine.budget import Budget
from millrace.automl.engine.search import Search
from millrace.automl.engine.trial import FoldResult, Trial
from millrace.automl.types import TrainResult
from millrace.core.context import Context
from millrace.core.errors import InvalidInput, NotFound
from millrace.stores.artifacts import Artifacts
from millrace.stores.models import Models
from millrace.stores.objects import Objects


class History:
    """Keeps finished folds in stored files, so that a checkpoint is a digest and a few numbers.

    Each trial's predictions are one safetensors file, written again when a fold is added.
    """

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._kept: dict[str, tuple[int, str]] = {}

    def write(self, search: Search) -> dict[str, Any]:
        """Store what is new and return the checkpoint's data."""
        lines = [self._line(trial) for trial in search.trials.values() if trial.folds]
        budget = search.budget
        return {
            "trials": self._objects.put_bytes(json.dumps(lines).encode()),
            "cpu": budget.cpu_used(),
            "wall": budget.wall_used(),
            "clock_decided": budget.clock_decided,
            "folds_used": search.folds_used,
        }

    def _line(self, trial: Trial) -> dict[str, Any]:
        count, digest = self._kept.get(trial.name, (0, ""))
        if count != len(trial.folds):
            answers = {str(at): result.answer for at, result in trial.folds.items()}
            digest = self._objects.put_bytes(save(answers))
            self._kept[trial.name] = (len(trial.folds), digest)
        return {
            "name": trial.name,
            "learner": trial.learner,
            "origin": trial.origin,
            "settings": trial.settings,
            "answers": digest,
            "folds": {
                str(at): {
                    "value": result.value,
                    "guide": result.guide,
                    "cpu": result.cpu,
                    "complete": result.complete,
                    "choice": result.choice,
                }
                for at, result in trial.folds.items()
            },
        }

    def restore(self, checkpoint: dict[str, Any], search: Search) -> None:
        """Give a search the trials of an earlier attempt."""
        lines = json.loads(self._objects.get_bytes(checkpoint["trials"]))
        for line in lines:
            answers = load(self._objects.get_bytes(line["answers"]))
            trial = Trial(line["name"], line["learner"], line["origin"], line["settings"])
            for at, kept in line["folds"].items():
                trial.folds[int(at)] = FoldResult(answer=answers[at], **kept)
            search.trials[trial.name] = trial
            self._kept[trial.name] = (len(trial.folds), line["answers"])
        search.folds_used = checkpoint["folds_used"]


def resumed(budget: Budget, checkpoint: dict[str, Any] | None) -> None:
    """Count what earlier attempts spent."""
    if checkpoint:
        budget.cpu_before += checkpoint["cpu"]
        budget.wall_before += checkpoint["wall"]
        budget.clock_decided = checkpoint["clock_decided"]


def published(ctx: Context, name: str) -> TrainResult | None:
    """Return the result of this job if an earlier attempt had already saved its model."""
    if ctx.job is None:
        return None
    try:
        versions = ctx.use(Artifacts).versions("model", name, ctx.project)
    except NotFound:
        return None
    for version in versions:
        if version.job == ctx.job and "training" in version.meta:
            return TrainResult.model_validate({**version.meta["training"], "model": version.ref})
    return None


def publish(
    ctx: Context, name: str, folder: Path, result: TrainResult, more: dict[str, Any]
) -> TrainResult:
    """Save the model folder as the next version of `name`; return the result that names it."""
    numbers = {result.metric: result.value, "cpu": result.cpu, "trials": float(result.tried)}
    numbers |= {f"{result.metric}_{name}": value for name, value in result.values.items()}
    meta = {
        "task": result.task,
        "target": result.target,
        "features": list(result.features),
        "classes": result.classes,
        "metric": result.metric,
        "metrics": numbers,
        "training": result.model_dump(mode="json"),
        **{key: value for key, value in more.items() if key != "parents"},
    }
    ref = ctx.use(Models).save(ctx, name, folder, meta, more["parents"])
    return result.model_copy(update={"model": ref})


def keep_answers(ctx: Context, rows: Any, answer: Any) -> str:
    """Store out-of-fold answers with the `_id`s of their rows; return the digest."""
    arrays = {"_id": np.asarray(rows), "answer": np.asarray(answer, dtype=np.float32)}
    return ctx.use(Objects).put_bytes(save(arrays))


def training(ctx: Context, ref: str) -> TrainResult:
    """Return what `automl.train` recorded of a model.

    Errors: not_found, no such model; invalid_input, something else made it.
    """
    found = ctx.use(Models).get(ref, ctx.project)
    if "training" not in found.meta:
        raise InvalidInput(
            f"'{found.ref}' was not made by automl.train, so it has no leaderboard.",
            "Run 'millrace evaluation run' to judge it.",
            model=found.ref,
        )
    return TrainResult.model_validate({**found.meta["training"], "model": found.ref})
