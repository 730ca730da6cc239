"""The search: floor first, order, stop, interruption, repetition, and its end."""

from collections.abc import Callable

import numpy as np
import pytest

from millrace.automl.engine.budget import Budget
from millrace.automl.engine.final.finish import COPIES, finish
from millrace.automl.engine.portfolio import FLOOR, LEARNERS
from millrace.automl.engine.search import FoldDone, Search
from millrace.core.errors import Cancelled

Make = Callable[..., Search]


def drive(search: Search) -> list[FoldDone]:
    return [step for step in search.run() if isinstance(step, FoldDone)]


def end(search: Search, **options: bool):
    last = finish(search, **options)
    while True:
        try:
            next(last)
        except StopIteration as stop:
            return stop.value


@pytest.mark.parametrize("target", ["buys", "income"])
def test_the_floor_comes_first_and_the_result_is_not_below_it(make: Make, target: str) -> None:
    search = make(target)
    steps = drive(search)
    assert steps[0].trial.name == FLOOR
    assert len(search.trials) == 3
    outcome = end(search)
    gain = search.score.gain
    assert gain(outcome.values["single"]) >= gain(outcome.values["floor"])
    assert gain(outcome.values["ensemble"]) >= gain(outcome.values["single"]) - 1e-12
    assert sum(model.weight for model in outcome.models.values()) == pytest.approx(1)
    assert outcome.single in outcome.models
    assert not search.budget.clock_decided


def test_one_seed_gives_one_search(make: Make) -> None:
    runs: list[tuple[list[tuple[str, str, float]], dict[str, float], bytes]] = []
    for _ in range(2):
        search = make(most_trials=8, allowed=("lightgbm",))
        drive(search)
        outcome = end(search)
        trials = [(t.name, str(t.settings), t.guide(1)) for t in search.trials.values()]
        runs.append((trials, outcome.values, outcome.answer.tobytes()))
    assert runs[0] == runs[1]
    assert any(name.startswith("lightgbm-0") for name, _, _ in runs[0][0])


def test_a_resumed_search_ends_where_an_unbroken_one_does(make: Make) -> None:
    whole = make(most_trials=8, allowed=("lightgbm",))
    drive(whole)
    first = make(most_trials=8, allowed=("lightgbm",))
    for number, _ in enumerate(first.run()):
        if number == 12:
            break
    second = make(most_trials=8, allowed=("lightgbm",))
    second.trials, second.folds_used = first.trials, first.folds_used
    drive(second)
    assert list(second.trials) == list(whole.trials)
    for name, trial in whole.trials.items():
        assert trial.settings == second.trials[name].settings
        for at, result in trial.folds.items():
            assert np.array_equal(result.answer, second.trials[name].folds[at].answer)


def test_a_stop_keeps_what_there_is(make: Make) -> None:
    asked = {"stop": False}
    search = make(budget=Budget(1000, stopping=lambda: asked["stop"]), most_trials=None)
    for step in search.run():
        if isinstance(step, FoldDone) and step.trial.name != FLOOR:
            asked["stop"] = True
    assert len(search.trials) <= 3
    assert end(search).values["single"] > 0


def test_an_interruption_ends_at_once(make: Make) -> None:
    search = make(budget=Budget(1000, interrupted=lambda: True))
    with pytest.raises(Cancelled):
        drive(search)
    assert all(not trial.folds for trial in search.trials.values())


def test_a_spent_budget_still_gives_the_floor(make: Make) -> None:
    search = make(rows=400, budget=Budget(10, cpu_before=9.99), most_trials=None)
    drive(search)
    outcome = end(search)
    assert FLOOR in search.trials
    assert search.budget.clock_decided
    assert outcome.models


def test_small_tables_are_trained_with_several_seeds(make: Make) -> None:
    search = make(allowed=("lightgbm",), most_trials=1)
    drive(search)
    outcome = end(search)
    assert len(outcome.models) == COPIES
    assert outcome.prefers_ensemble


def test_the_floor_can_be_kept_for_speed(make: Make) -> None:
    search = make("income", most_trials=3)
    drive(search)
    outcome = end(search, also_floor=True)
    assert any(model.trial.name == FLOOR for model in outcome.models.values())


def test_folds_without_the_rare_class_have_no_say(make: Make) -> None:
    search = make("buys")
    y = np.zeros(search.data.n, np.int64)
    y[search.folds[1].valid[:2]] = 1  # every row of the second class is judged in one fold
    search.data.y = search.data.label = y
    drive(search)
    for trial in search.trials.values():
        values = {at: result.value for at, result in trial.folds.items()}
        assert values[0] is None
        assert values[1] is not None
        assert trial.guide(3) == values[1]
        assert trial.record(3)["value"] == values[1]
    outcome = end(search)
    assert all(np.isfinite(value) for value in outcome.values.values())


@pytest.mark.parametrize("learner", ["lightgbm", "catboost"])
def test_rounds_are_not_chosen_by_the_rows_they_are_judged_on(make: Make, learner: str) -> None:
    if learner == "catboost":
        pytest.importorskip("catboost")
    search = make("buys", rows=300, allowed=(learner,), most_trials=2)
    random = np.random.default_rng(0)
    search.data.y = search.data.label = random.permutation(search.data.y)  # nothing to learn
    drive(search)
    trial = next(one for name, one in search.trials.items() if name != FLOOR)
    assert len(trial.folds) == 3
    family = LEARNERS[learner]
    first, second = (trial.folds[at].choice["rounds"] for at in (0, 1))
    fold = search.folds[1]
    again = family.fit(search.data, fold.train, fold.valid, trial.settings, lambda: False)
    assert again.choice["rounds"] == second
    assert again.end is not None
    again.end(round(first))
    wanted = again.member.predict(search.data.views.take(fold.valid))
    assert np.allclose(trial.folds[1].answer, wanted, atol=1e-6)
