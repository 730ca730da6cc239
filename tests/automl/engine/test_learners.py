"""Each family: learns, stops, settles, repeats byte for byte."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from millrace.automl.engine.learners import linear
from millrace.automl.engine.learners.boosting import MOST_ROUNDS, Boosting, mean_rounds, patience
from millrace.automl.engine.learners.catboosting import CatBoosting
from millrace.automl.engine.learners.learner import never
from millrace.automl.engine.portfolio import LEARNERS, PORTFOLIO
from millrace.automl.engine.scores import accuracy
from millrace.automl.engine.search import Search
from millrace.automl.engine.table.data import Data

Make = Callable[..., Search]
SETTINGS = {made.name: made.settings for made in PORTFOLIO}


def split(n: int) -> tuple[np.ndarray, np.ndarray]:
    rows = np.arange(n)
    return rows[rows % 3 != 0], rows[rows % 3 == 0]


@pytest.mark.parametrize("name", [None, "lightgbm-small", "lightgbm-extra"])
@pytest.mark.parametrize("target", ["buys", "income"])
def test_lightgbm_repeats_byte_for_byte(make: Make, name: str | None, target: str) -> None:
    data = make(target).data
    settings = SETTINGS[name] if name else {}
    texts: list[str] = []
    for _ in range(2):
        fitted = Boosting().fit(data, *split(data.n), settings, never)
        last = Boosting().refit(data, settings, [fitted.choice], never)
        texts.append(last.member.booster.model_to_string())  # pyright: ignore[reportAttributeAccessIssue]
    assert texts[0] == texts[1]


def test_the_defaults_of_lightgbm_run_for_a_hundred_rounds(make: Make) -> None:
    data = make().data
    assert Boosting().fit(data, *split(data.n), {}, never).choice == {"rounds": 100.0}


def test_boosting_stops_at_the_limit_and_when_it_gains_no_more(make: Make) -> None:
    data = make().data
    cut = Boosting().fit(data, *split(data.n), {"learning_rate": 0.1}, lambda: True)
    assert not cut.complete
    assert cut.choice["rounds"] == 1
    ended = Boosting().fit(data, *split(data.n), {"learning_rate": 0.3}, never)
    assert ended.complete
    assert ended.choice["rounds"] < MOST_ROUNDS


def test_rounds_settle_on_the_mean() -> None:
    assert mean_rounds([{"rounds": 10.0}, {"rounds": 21.0}]) == 16
    assert patience({}) is None
    assert patience({"learning_rate": 0.01}) == 150


@pytest.mark.parametrize("target", ["buys", "income"])
def test_catboost_learns_and_stops(make: Make, target: str, tmp_path: Path) -> None:
    pytest.importorskip("catboost", reason="the extra 'automl' is not installed")
    data = make(target).data
    settings = {**SETTINGS["catboost-plain"], "learning_rate": 0.3}
    fitted = CatBoosting().fit(data, *split(data.n), settings, never)
    assert fitted.complete
    assert fitted.member.predict(data.views).shape == ((data.n, 2) if data.k else (data.n,))
    cut = CatBoosting().refit(data, settings, [{"rounds": 50.0}], lambda: True)
    assert not cut.complete
    assert cut.choice["rounds"] <= 1
    assert not (Path.cwd() / "catboost_info").exists()


def test_catboost_repeats_byte_for_byte(make: Make, tmp_path: Path) -> None:
    pytest.importorskip("catboost", reason="the extra 'automl' is not installed")
    data = make().data
    for stem in ("a", "b"):
        made = CatBoosting().refit(data, SETTINGS["catboost-plain"], [{"rounds": 9.0}], never)
        made.member.save(tmp_path, stem)
    assert (tmp_path / "a.cbm").read_bytes() == (tmp_path / "b.cbm").read_bytes()


@pytest.mark.parametrize("family", ["lightgbm", "catboost", "linear"])
def test_three_classes_are_told_apart(three_classes: Data, family: str) -> None:
    if family == "catboost":
        pytest.importorskip("catboost", reason="the extra 'automl' is not installed")
    name = {"lightgbm": "lightgbm-small", "catboost": "catboost-plain", "linear": "linear"}[family]
    train, valid = split(three_classes.n)
    settings = SETTINGS[name]
    fitted = LEARNERS[family].fit(three_classes, train, valid, settings, never)
    answer = fitted.member.predict(three_classes.views.take(valid))
    assert np.allclose(answer.sum(axis=1), 1, atol=1e-6)
    assert accuracy(three_classes.y[valid], answer) > 0.8


@pytest.mark.parametrize("k", [2, 4])
def test_logistic_agrees_with_scikit_learn(k: int) -> None:
    random = np.random.default_rng(k)
    x = random.normal(size=(200, 5)).astype(np.float32)
    y = (x[:, 0] + random.normal(0, 0.5, 200) > 0).astype(int) + (k - 2) * (x[:, 1] > 0)
    y = np.unique(y, return_inverse=True)[1]
    classes = len(np.unique(y))
    weights, done = linear.logistic(x, y, classes, 1.0, None, never)
    assert done
    theirs = LogisticRegression(C=1.0, tol=1e-8, max_iter=2000).fit(x, y)
    ours = linear._member(weights, classes).answer(x)  # pyright: ignore[reportPrivateUsage]
    assert np.allclose(ours, theirs.predict_proba(x), atol=2e-3)


@pytest.mark.parametrize("shape", [(80, 6), (20, 50)])
def test_ridge_agrees_with_scikit_learn(shape: tuple[int, int]) -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=shape).astype(np.float32)
    y = x[:, 0] * 3 + random.normal(size=shape[0]) + 7
    member = linear._ridge(x, y, [2.0])[0]  # pyright: ignore[reportPrivateUsage]
    theirs = Ridge(2.0).fit(x.astype(np.float64), y)
    assert np.allclose(member.answer(x), theirs.predict(x), atol=1e-3)


def test_a_linear_fit_that_is_cut_still_answers(make: Make) -> None:
    data = make().data
    fitted = LEARNERS["linear"].fit(data, *split(data.n), {}, lambda: True)
    assert not fitted.complete
    assert np.isfinite(fitted.member.predict(data.views)).all()


def test_settings_of_the_portfolio_lie_in_their_spaces() -> None:
    from millrace.automl.engine.portfolio import SPACES

    for made in PORTFOLIO:
        for key, value in made.settings.items():
            space: Any = SPACES.get(made.learner, {}).get(key)
            if space is not None:
                assert space.low <= value <= space.high, (made.name, key)
