"""The next point of a learner's space, from what is known so far."""

from collections.abc import Sequence
from typing import Any

import optuna

from millrace.automl.engine.portfolio import SPACES, from_space
from millrace.automl.engine.trial import Trial

FIRST_RANDOM = 4


def suggest(learner: str, trials: Sequence[Trial], count: int, seed: int) -> dict[str, Any]:
    """Return settings to try next, by a tree-structured Parzen estimator.

    The study is made anew from the trials each time, so that the answer depends on them and
    the seed only, also after a resume. `count` folds are compared.
    Source: Bergstra et al., Algorithms for hyper-parameter optimization, 2011.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    space = SPACES[learner]
    sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=FIRST_RANDOM)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for trial in trials:
        point = {name: trial.settings[name] for name in space if name in trial.settings}
        if trial.learner == learner and len(point) == len(space) and trial.covers(count):
            study.add_trial(
                optuna.trial.create_trial(
                    params=point, distributions=space, value=trial.guide(count)
                )
            )
    return from_space(learner, study.ask(space).params)


def next_learner(learners: Sequence[str], trials: Sequence[Trial], count: int) -> str:
    """Return which learner to tune: the best two times of three, else the others in turn."""
    best = {
        name: max((t.guide(count) for t in trials if t.learner == name), default=-float("inf"))
        for name in learners
    }
    order = sorted(learners, key=lambda name: (-best[name], name))
    searched = sum(1 for trial in trials if trial.origin == "search")
    if len(order) == 1 or searched % 3 != 2:
        return order[0]
    return order[1 + (searched // 3) % (len(order) - 1)]
