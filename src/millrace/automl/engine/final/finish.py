"""Choosing the single model and the ensemble, and training both on all rows."""

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from millrace.automl.engine.final import ensemble
from millrace.automl.engine.learners.boosting import FLOOR_ROUNDS
from millrace.automl.engine.learners.learner import Fitted
from millrace.automl.engine.portfolio import FLOOR, LEARNERS
from millrace.automl.engine.search import SMALL, Phase, Search
from millrace.automl.engine.trial import Judged, Trial, judge
from millrace.services.predictor.members.member import Member

Array = NDArray[Any]


# On small tables one seed decides much, so boosted trees are trained with several.
COPIES = 3
BOOSTED = ("lightgbm", "catboost")


@dataclass
class Model:
    """A trial trained on all rows, its share in the ensemble and its out-of-fold value."""

    trial: Trial
    fitted: Fitted
    weight: float
    value: float


@dataclass
class Outcome:
    """What the search ends with; values are out-of-fold, on the same rows for all three.

    `rows` and `answer` are the out-of-fold answers of what is preferred.
    """

    single: str
    values: dict[str, float]
    models: dict[str, Model]
    rows: Array
    answer: Array
    prefers_ensemble: bool
    folds_used: int
    warnings: list[str] = field(default_factory=list[str])

    @property
    def members(self) -> dict[str, Member]:
        """Return the trained members by name."""
        return {name: model.fitted.member for name, model in self.models.items()}


def finish(search: Search, *, also_floor: bool = False) -> Generator[Phase, None, Outcome]:
    """Weigh the trials, then train the chosen ones on all rows.

    The single model is the best trial on the compared folds, so never below the floor, and
    the ensemble starts from it. Models that no longer fit the budget are left out.
    `also_floor` trains LightGBM's defaults too, with no share in the ensemble: a fast model
    to fall back on when latency is limited.
    Errors: cancelled, when interrupted.
    """
    found, floor = _compared(search)
    single = found.trials[int(np.argmax(found.guides(search.score)))]
    weights = _weigh(search, found)
    if also_floor and search.trials[FLOOR] in found.trials:
        weights.setdefault(FLOOR, 0.0)
    order = sorted(weights, key=lambda name: (name != single.name, -weights[name], name))
    models: dict[str, Model] = {}
    for name in order:
        trial = search.trials[name]
        if models and not search.budget.allows(search.refit_cost(trial)):
            continue
        yield Phase(f"training {name} on all rows")
        value = search.score.value(found.y, found.answers[found.trials.index(trial)])
        for copied in range(_copies(search, trial)):
            title = name if copied == 0 else f"{name}.{copied + 1}"
            models[title] = Model(trial, _refit(search, trial, copied), weights[name], value)
    outcome = _outcome(search, found, single, models)
    outcome.values["floor"] = floor
    outcome.warnings = _warnings(search, single, models)
    return outcome


def _copies(search: Search, trial: Trial) -> int:
    if search.data.n >= SMALL or trial.learner not in BOOSTED:
        return 1
    fits = search.budget.allows(COPIES * search.refit_cost(trial))
    return COPIES if fits else 1


def _refit(search: Search, trial: Trial, copied: int) -> Fitted:
    choices = [trial.folds[at].choice for at in sorted(trial.folds)]
    data = search.data.with_seed(search.data.seed + copied)
    limit = search.budget.last_limit()
    return LEARNERS[trial.learner].refit(data, trial.settings, choices, limit)


def _warnings(search: Search, single: Trial, models: dict[str, Model]) -> list[str]:
    warnings = _floor_note(search)
    if single.cut and single.name != FLOOR:
        warnings.append(
            f"The best model, '{single.name}', was cut short by the budget in its folds."
        )
    warnings += [
        f"'{trial.name}' could not be trained: {trial.error}"
        for trial in search.trials.values()
        if trial.error
    ]
    warnings += [
        f"'{name}' was cut short by the budget in its last training."
        for name, model in models.items()
        if not model.fitted.complete
    ]
    return warnings


def _compared(search: Search) -> tuple[Judged, float]:
    """Return the trials on the folds they are compared on, and the floor's value there.

    A floor that the clock cut short is compared on the first fold only; if it wins there,
    everything is.
    """
    trials, y = list(search.trials.values()), search.data.y
    floor = search.trials[FLOOR]
    if not floor.covers(search.folds_used):
        first = judge(trials, search.folds, 1, y)
        guides = first.guides(search.score)
        at = first.trials.index(floor)
        value = search.score.value(first.y, first.answers[at])
        all_folds = judge(trials, search.folds, search.folds_used, y)
        if all_folds.trials and guides[at] < max(guides):
            return all_folds, value
        search.folds_used = 1
        return first, value
    found = judge(trials, search.folds, search.folds_used, y)
    return found, search.score.value(found.y, found.answers[found.trials.index(floor)])


def _floor_note(search: Search) -> list[str]:
    floor = search.trials[FLOOR]
    if floor.covers(search.folds_used) and not floor.cut:
        return []
    rounds = int(floor.folds[0].choice["rounds"])
    return [
        f"LightGBM with its defaults was given {rounds} of {FLOOR_ROUNDS} rounds and compared "
        "on the first fold only, to keep the budget."
    ]


def _weigh(search: Search, found: Judged) -> dict[str, float]:
    costs = [search.refit_cost(trial) for trial in found.trials]
    # Greedy choice itself takes time, and some is kept for writing and checking the model.
    allowance = 0.9 * search.budget.left()
    purse = ensemble.Purse(costs, allowance)
    rounds = ensemble.ROUNDS if len(found.y) >= 1_000 else 12
    chosen = ensemble.greedy(
        found.answers, found.y, search.score, purse, rounds=rounds, seed=search.data.seed
    )
    return {found.trials[at].name: weight for at, weight in chosen.items()}


def _outcome(search: Search, found: Judged, single: Trial, models: dict[str, Model]) -> Outcome:
    shares: dict[int, float] = {}
    for model in models.values():
        shares[found.trials.index(model.trial)] = model.weight
    total = sum(shares.values())
    shares = {at: share / total for at, share in shares.items()}
    for model in models.values():
        copies = sum(other.trial is model.trial for other in models.values())
        model.weight = shares[found.trials.index(model.trial)] / copies
    answer = ensemble.combine(found.answers, shares)
    alone = found.answers[found.trials.index(single)]
    score, y = search.score, found.y
    mixed = sum(map(bool, shares.values())) > 1
    better = mixed and score.guide(y, answer) > score.guide(y, alone)
    repeated = not mixed and sum(bool(model.weight) for model in models.values()) > 1
    return Outcome(
        single.name,
        {"ensemble": score.value(y, answer), "single": score.value(y, alone)},
        models,
        found.rows,
        answer if better or repeated else alone,
        better or repeated,
        search.folds_used,
    )
