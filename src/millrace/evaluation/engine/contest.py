"""Recipes over the same folds: trained one fold at a time, so that it can stop and resume."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from millrace.core.errors import InvalidInput, choices
from millrace.evaluation.engine.bootstrap import estimate
from millrace.evaluation.engine.classification import Answers
from millrace.evaluation.engine.compare import corrected_t
from millrace.evaluation.engine.crossval import Problem, Recipe, Split, answers
from millrace.evaluation.engine.regression import Values
from millrace.evaluation.engine.summary import ERRORS, families
from millrace.evaluation.types import CrossResult, FoldScores, FoldTest
from millrace.services.significance.paired import holm

Array = NDArray[Any]


@dataclass
class Plan:
    """What is judged: the problem, its labels, the recipes and the fold of each row."""

    dataset: str
    target: str
    problem: Problem
    labels: list[str]
    recipes: Sequence[Recipe]
    place: Array
    count: int
    notes: list[str] = field(default_factory=list[str])


class Contest:
    """Scores of every recipe in every fold done so far."""

    def __init__(self, plan: Plan, metric: str) -> None:
        self.plan = plan
        self.notes = plan.notes
        self.done = 0
        self.scores: dict[str, list[dict[str, float]]] = {r.name: [] for r in plan.recipes}
        self.seconds = dict.fromkeys(self.scores, 0.0)
        self.metric = metric
        if metric == "auto":
            self.metric = "accuracy" if plan.problem.k else "rmse"

    def step(self, at: int) -> dict[str, float]:
        """Train every recipe on one fold; return the compared metric of each."""
        plan = self.plan
        place = plan.place[at // plan.count]
        test = np.flatnonzero(place == at % plan.count)
        split = Split(plan.problem, np.flatnonzero(place != at % plan.count), test)
        found: dict[str, float] = {}
        for recipe in plan.recipes:
            start = time.process_time()
            said = answers(recipe, split)
            self.seconds[recipe.name] += time.process_time() - start
            measured = self._measure(test, said)
            self.scores[recipe.name].append(measured)
            if self.metric in measured:
                found[recipe.name] = measured[self.metric]
        self.done = at + 1
        return found

    def _measure(self, test: Array, said: Array) -> dict[str, float]:
        y = self.plan.problem.y[test]
        if self.plan.problem.k:
            judged = Answers(list(self.plan.labels), y, said.argmax(axis=1), said)
        else:
            judged = Values(y, said)
        measured: dict[str, float] = {}
        for family in families(judged):
            measured |= estimate(family)
        if self.metric not in measured:
            raise InvalidInput(
                f"Metric '{self.metric}' cannot be taken of {self.plan.problem.task} folds.",
                f"Choose one of {choices(list(measured), 20)}.",
                field="metric",
            )
        return {name: value for name, value in measured.items() if not np.isnan(value)}

    def state(self) -> dict[str, Any]:
        """Return what a resumed contest needs, as small JSON."""
        scores = {name: list(folds) for name, folds in self.scores.items()}
        return {"done": self.done, "scores": scores, "seconds": dict(self.seconds)}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state; an empty one is the beginning."""
        self.done = int(state.get("done", 0))
        self.scores.update(state.get("scores", {}))
        self.seconds.update(state.get("seconds", {}))

    def result(self, confidence: float) -> CrossResult:
        """Sum up: the best recipe first, and tested against each other one.

        Errors: invalid_input, the metric is not defined in any fold.
        """
        plan = self.plan
        notes = [*self.notes, *self._undefined()]
        lines = sorted(map(self._line, self.scores), key=self._rank)
        tests = self._tests([line.name for line in lines], confidence)
        return CrossResult(
            dataset=plan.dataset,
            target=plan.target,
            task=plan.problem.task,
            rows=len(plan.problem.y),
            folds=plan.count,
            repeats=len(plan.place),
            metric=self.metric,
            recipes=lines,
            tests=tests,
            verdict=_verdict(lines, tests, self.metric, 1 - confidence),
            notes=notes,
        )

    def _undefined(self) -> list[str]:
        folds = next(iter(self.scores.values()))  # what is so decides, which is one for all
        missing = sum(self.metric not in fold for fold in folds)
        if missing == len(folds):
            raise InvalidInput(
                f"Metric '{self.metric}' is not defined in any fold.",
                "Ask for fewer folds, or for a metric that needs no rows of every class.",
                field="metric",
            )
        why = f"{missing} of {len(folds)} folds have no {self.metric}: their rows are all alike."
        return [why] if missing else []

    def _of(self, name: str) -> list[float]:
        """Return the compared metric of a recipe in every fold that has one."""
        return [fold[self.metric] for fold in self.scores[name] if self.metric in fold]

    def _line(self, name: str) -> FoldScores:
        folds = self.scores[name]
        known = {metric for fold in folds for metric in fold}
        means = {
            metric: float(np.mean([fold[metric] for fold in folds if metric in fold]))
            for metric in sorted(known)
        }
        scores = self._of(name)
        spread = float(np.std(scores, ddof=1)) if len(scores) > 1 else 0.0
        return FoldScores(
            name=name,
            metrics=means,
            deviation=spread,
            scores=scores,
            seconds=round(self.seconds[name], 3),
        )

    def _rank(self, line: FoldScores) -> tuple[float, str]:
        mean = line.metrics[self.metric]
        return (mean if self.metric in ERRORS else -mean, line.name)

    def _tests(self, names: list[str], confidence: float) -> list[FoldTest]:
        rows, count = len(self.plan.problem.y), self.plan.count
        best = np.array(self._of(names[0]))
        if len(best) < 2:
            return []
        found: list[FoldTest] = []
        for name in names[1:]:
            other = np.array(self._of(name))
            test = corrected_t(best - other, rows * (count - 1) / count, rows / count, confidence)
            found.append(
                FoldTest(
                    a=names[0],
                    b=name,
                    difference=test.difference,
                    low=test.low,
                    high=test.high,
                    t=test.t if np.isfinite(test.t) else None,
                    p=test.p,
                    adjusted=test.p,
                )
            )
        adjusted = holm([test.p for test in found])
        return [
            test.model_copy(update={"adjusted": value})
            for test, value in zip(found, adjusted, strict=True)
        ]


def _verdict(lines: list[FoldScores], tests: list[FoldTest], metric: str, level: float) -> str:
    name, best = metric.replace("_", " "), lines[0]
    said = f"'{best.name}' has the best mean {name}, {best.metrics[metric]:.4g}"
    if not tests:
        return f"{said}."
    beaten = [test.b for test in tests if test.adjusted < level]
    level_with = [test.b for test in tests if test.adjusted >= level]
    parts = [said]
    if beaten:
        parts.append(f"better than {choices(beaten)} beyond chance")
    if level_with:
        parts.append(f"not better than {choices(level_with)} beyond chance")
    return "; ".join(parts) + "."
