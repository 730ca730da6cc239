"""The search: portfolio on a holdout, the promising on all folds, then Optuna."""

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from millrace.automl.engine import portfolio, suggest
from millrace.automl.engine.budget import Budget
from millrace.automl.engine.learners.boosting import mean_rounds
from millrace.automl.engine.portfolio import FLOOR, LEARNERS, Configuration
from millrace.automl.engine.scores import Score
from millrace.automl.engine.table.data import Data
from millrace.automl.engine.table.folds import Fold
from millrace.automl.engine.trial import FoldResult, Origin, Trial
from millrace.core.errors import Cancelled, Internal, InvalidInput

HOLDOUT_SHARE = 0.25
FLOOR_SHARE = 0.35
HOPELESS_SHARE = 0.08
FOLDS_SHARE = 0.6
RESERVE_SHARE = 0.2
FIT_SHARE = 0.25
DEAR_SHARE = 0.15
RESERVED = 3
PROMOTED = 8
ALWAYS_PROMOTED = 4
# A small table's single holdout is mostly noise, so there a whole round of folds screens.
SMALL = 2_500
GUESS = {"lightgbm": 5.0, "catboost": 12.0, "linear": 2.0, "neighbours": 2.0}


@dataclass
class FoldDone:
    """A trial was judged on one more fold."""

    trial: Trial
    fold: int


@dataclass
class Phase:
    """The search enters its next part."""

    name: str


@dataclass
class Search:
    """State of one search; `trials` may hold those of an earlier attempt.

    `folds_used` is how many folds the final comparison is made on, 0 until decided.
    """

    data: Data
    folds: list[Fold]
    score: Score
    budget: Budget
    allowed: set[str]
    most_trials: int | None = None
    trials: dict[str, Trial] = field(default_factory=dict[str, Trial])
    folds_used: int = 0
    screen: int = 1

    def __post_init__(self) -> None:
        if self.data.n < SMALL:
            self.screen = min(len(self.folds), 5)

    def run(self) -> Generator[FoldDone | Phase, None, None]:
        """Search until the budget, the number of trials or a stop ends it.

        Yields after each fold. Random: seeded; reproducible while `budget.clock_decided` is
        false. Errors: cancelled, when interrupted.
        """
        waiting = portfolio.starting(self.data, self.allowed)
        yield Phase("holdout")
        yield from self._holdout(waiting)
        if not self.folds_used:
            self.folds_used = self._decide_folds()
        yield Phase("folds")
        if self._floor_goes_on():
            yield from self._cover(self.trials[FLOOR])
        while not self.budget.stopping():
            trial = self._next(waiting)
            if trial is None:
                return
            yield from self._advance(trial)

    def _holdout(self, waiting: list[Configuration]) -> Generator[FoldDone, None, None]:
        while waiting:
            started = [t for t in self.trials.values() if t.covers(self.screen)]
            if len(started) >= 3 and self.budget.fraction() >= HOLDOUT_SHARE:
                self.budget.clock_decided = True
                return
            if FLOOR in self.trials and (self.budget.stopping() or self._is_full()):
                return
            made = waiting.pop(0)
            trial = self._trial(made.name, made.learner, "portfolio", made.settings)
            if made.name != FLOOR and not self._affordable(trial, self.screen):
                continue
            self.trials[made.name] = trial
            for at in range(self.screen):
                if at not in trial.folds:
                    yield from self._fold(trial, at)
                if trial.cut or trial.error:
                    break

    def _trial(self, name: str, learner: str, origin: Origin, settings: dict[str, Any]) -> Trial:
        if name in self.trials:
            return self.trials[name]
        return Trial(name, learner, "floor" if name == FLOOR else origin, settings)

    def _next(self, waiting: list[Configuration]) -> Trial | None:
        """Return what to work on: a promising trial, an untried default, or a new point."""
        promising = self._promising()
        for trial in promising:
            if self._affordable(trial, self.folds_used):
                return trial
        while waiting and not self._is_full():
            made = waiting.pop(0)
            trial = self._trial(made.name, made.learner, "portfolio", made.settings)
            if not trial.error and self._affordable(trial, self.screen):
                return trial
        learners = portfolio.tunable(self.data, self.allowed & self._finished())
        if not learners or self._is_full():
            return None
        count = len(self.trials)
        known = list(self.trials.values())
        learner = suggest.next_learner(learners, known, self.screen)
        settings = suggest.suggest(learner, known, self.screen, self.data.seed + count)
        trial = Trial(f"{learner}-{count:03d}", learner, "search", settings)
        return trial if self._affordable(trial, self.screen) else None

    def _is_full(self) -> bool:
        """Return whether as many configurations were tried as were asked for."""
        return self.most_trials is not None and len(self.trials) >= self.most_trials

    def _finished(self) -> set[str]:
        """Return the learners with a trial that ran to its end, so that tuning makes sense."""
        return {trial.learner for trial in self.trials.values() if trial.folds and not trial.cut}

    def _promising(self) -> list[Trial]:
        """Return trials among the best on the screening folds that lack the other folds.

        Beyond the first four, a trial must come near the floor or surpass it.
        """
        screened = [t for t in self.trials.values() if t.covers(self.screen)]
        screened.sort(key=lambda trial: (-trial.guide(self.screen), trial.name))
        judged = self.trials[FLOOR]
        floor = judged.guide(self.screen if judged.covers(self.screen) else 1)
        least = floor - 0.5 * abs(screened[0].guide(self.screen) - floor) if screened else floor
        near = [t for t in screened[ALWAYS_PROMOTED:PROMOTED] if t.guide(self.screen) >= least]
        chosen = screened[:ALWAYS_PROMOTED] + near
        return [
            t
            for t in chosen
            if t.name != FLOOR and not (t.cut or t.error or t.covers(self.folds_used))
        ]

    def _advance(self, trial: Trial) -> Generator[FoldDone, None, None]:
        self.trials[trial.name] = trial
        wanted = self.folds_used if trial.covers(self.screen) else self.screen
        for at in range(wanted):
            if at not in trial.folds:
                yield from self._fold(trial, at)
            if trial.cut or trial.error or self.budget.stopping():
                return

    def _floor_goes_on(self) -> bool:
        """Return whether LightGBM's defaults are judged beyond the first fold."""
        return not (self.trials[FLOOR].cut or portfolio.is_hopeless(self.data))

    def _cover(self, trial: Trial) -> Generator[FoldDone, None, None]:
        for at in range(self.folds_used):
            if at not in trial.folds:
                yield from self._fold(trial, at)

    def _fold(self, trial: Trial, at: int) -> Generator[FoldDone, None, None]:
        fold, before = self.folds[at], self.budget.cpu_used()
        learner = LEARNERS[trial.learner]
        limit = self.budget.limit(self._reserve_for(trial))
        try:
            fitted = learner.fit(self.data, fold.train, fold.valid, trial.settings, limit)
        except InvalidInput as error:
            if trial.name == FLOOR:
                raise
            trial.error = error.problem
            return
        if fitted.end is not None and trial.folds:
            # Rounds that these very rows chose would flatter them; other folds choose for them.
            fitted.end(mean_rounds([trial.folds[at].choice for at in sorted(trial.folds)]))
        answer = self.data.in_units(fitted.member.predict(self.data.views.take(fold.valid)))
        if self.budget.interrupted():
            raise Cancelled("The work was cancelled.")
        if not np.isfinite(answer).all():
            raise Internal(f"Learner '{trial.learner}' predicted values that are not finite.")
        y = self.data.y[fold.valid]
        defined = self.score.is_defined(y)
        trial.folds[at] = FoldResult(
            self.score.value(y, answer) if defined else None,
            self.score.guide(y, answer) if defined else None,
            self.budget.cpu_used() - before,
            fitted.complete,
            fitted.choice,
            answer.astype(np.float32) if self.data.k else answer,
        )
        yield FoldDone(trial, at)

    def _reserve_for(self, trial: Trial) -> float:
        if trial.name == FLOOR and not trial.folds:
            share = HOPELESS_SHARE if portfolio.is_hopeless(self.data) else FLOOR_SHARE
            return self.budget.left() * (1.0 - share)
        return max(self.reserve(), self.budget.left() - FIT_SHARE * self.budget.cpu)

    def reserve(self) -> float:
        """Return the CPU time kept back for refitting the best trials on all rows [s]."""
        screened = [trial for trial in self.trials.values() if trial.covers(self.screen)]
        screened.sort(key=lambda trial: -trial.guide(self.screen))
        costs = [self.refit_cost(trial) for trial in screened[:RESERVED]]
        best = costs[0] if costs else 0.0
        return max(best, min(sum(costs), RESERVE_SHARE * self.budget.cpu))

    def refit_cost(self, trial: Trial) -> float:
        """Return the CPU time that fitting this trial once on all rows should take [s]."""
        return 1.15 * trial.fold_cpu * self.data.n / max(1, len(self.folds[0].train))

    def _affordable(self, trial: Trial, count: int) -> bool:
        cost = self._guess(trial) * (count - len(trial.folds))
        return self.budget.allows(cost, self.reserve())

    def _guess(self, trial: Trial) -> float:
        """Return what one fold of a trial should cost [CPU s]."""
        if trial.folds:
            return trial.fold_cpu
        same = [
            known.fold_cpu
            for known in self.trials.values()
            if known.folds and known.learner == trial.learner and known.origin != "floor"
        ]
        if same:
            return float(np.median(same)) * 1.3
        floor = self.trials.get(FLOOR)
        return GUESS[trial.learner] * floor.fold_cpu if floor and floor.folds else 0.0

    def _decide_folds(self) -> int:
        """Return how many folds the time allows for the floor and the three best trials.

        Trials so dear that a few of their folds would eat the budget have no say.
        """
        floor = self.trials[FLOOR]
        dear = DEAR_SHARE * self.budget.cpu
        fair = [
            trial
            for trial in self.trials.values()
            if trial.covers(self.screen) and not trial.cut and trial.fold_cpu * self.screen <= dear
        ]
        if not fair:
            return self.screen if floor.covers(self.screen) else 1
        fair.sort(key=lambda trial: -trial.guide(self.screen))
        chosen = {trial.name: trial for trial in fair[:RESERVED]}
        if self._floor_goes_on():
            chosen[FLOOR] = floor
        a_fold = sum(trial.fold_cpu for trial in chosen.values())
        room = FOLDS_SHARE * (self.budget.left() - self.reserve())
        for count in (len(self.folds), 10, 5, 3, 2):
            if self.screen <= count <= len(self.folds) and a_fold * (count - self.screen) <= room:
                self.budget.clock_decided |= count < len(self.folds)
                return count
        self.budget.clock_decided = True
        return self.screen
