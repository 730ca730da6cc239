"""Series, comparison and significance by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from millrace.runs.engine import comparison
from millrace.runs.engine.columns import number
from millrace.runs.engine.series import shortened
from millrace.runs.engine.significance import Side, adjusted, against
from millrace.runs.types import Aggregate, RunLine
from millrace.services.report.answers import Answered

values = st.one_of(st.none(), st.floats(-1e6, 1e6))


@given(st.lists(values, min_size=1, max_size=300), st.integers(4, 60))
def test_no_peak_is_lost(raw: list[float | None], most: int) -> None:
    points = [(at, float(at), value) for at, value in enumerate(raw)]
    shown = shortened(points, most)
    assert len(shown) <= max(most, 2)
    assert shown == sorted(shown, key=lambda point: point[0])
    assert (shown[0], shown[-1]) == (points[0], points[-1])
    inner = [value for value in raw if value is not None]
    if inner:
        kept = [value for _, _, value in shown if value is not None]
        assert (min(kept), max(kept)) == (min(inner), max(inner))


def line(name: str, metrics: dict[str, float], params: dict[str, str]) -> RunLine:
    made = {
        key: Aggregate(last=value, min=value, max=value, step=0, count=1)
        for key, value in metrics.items()
    }
    facts = dict.fromkeys(("experiment", "user", "op", "job", "dataset", "model"), "")
    return RunLine(
        run=name,
        name=name,
        state="finished",
        started_at=1.0,
        ended_at=2.0,
        duration=1.0,
        deleted=False,
        metrics=made,
        params=params,
        tags={},
        **facts,
    )


LINES = [
    line("a", {"accuracy": 0.8, "val_loss": 0.5}, {"lr": "0.1", "seed": "1"}),
    line("b", {"accuracy": 0.9}, {"lr": "1e-2", "seed": "1", "net": "big"}),
]


def test_params_that_differ_come_first() -> None:
    rows = comparison.params(LINES)
    assert [(row.name, row.differs, row.numeric) for row in rows] == [
        ("lr", True, True),
        ("net", True, False),
        ("seed", False, True),
    ]
    assert rows[1].values == [None, "big"]


def test_metrics_are_held_against_the_baseline() -> None:
    accuracy, loss = comparison.metrics(LINES, 0)
    assert accuracy.difference == [0.0, pytest.approx(0.1)]
    assert (accuracy.greater_is_better, accuracy.best) == (True, 1)
    assert (loss.greater_is_better, loss.best, loss.difference) == (False, 0, [0.0, None])
    assert comparison.greater_is_better("anything") is None


@pytest.mark.parametrize(
    ("text", "found"), [("0.1", 0.1), ("nan", None), ("inf", None), ("x", None), (None, None)]
)
def test_numbers_among_params(text: str | None, found: float | None) -> None:
    assert number(text) == found


def side(name: str, right: list[int], ids: list[int]) -> Side:
    share = sum(right) / len(right)
    answers = Answered("right", np.array(ids), np.array(right, dtype=np.uint8))
    return Side(name, f"model:{name}@1", {"accuracy": (share, None, None)}, answers)


def test_two_models_on_the_same_rows() -> None:
    ids = list(range(40))
    base = side("base", [0] * 20 + [1] * 20, ids)
    good = side("good", [1] * 40, ids[::-1])
    tested = against(good, base, "dataset:d@1", 0.95)
    assert tested is not None
    assert (tested.rows, tested.test) == (40, "mcnemar")
    assert tested.p == pytest.approx(2 * 0.5**20)
    same = against(side("same", [0] * 20 + [1] * 20, ids), base, "dataset:d@1", 0.95)
    assert same is not None
    first, second = adjusted([tested, same], 0.95)
    assert (first.better, second.better) == ("run", "neither")
    assert first.adjusted == pytest.approx(4 * 0.5**20)


def test_without_answers_nothing_is_tested() -> None:
    base = Side("a", "model:a@1", {"mae": (2.0, 1.0, 3.0)}, None)
    other = Side("b", "model:b@1", {"mae": (1.5, 1.0, 2.0)}, None)
    tested = against(other, base, "dataset:d@1", 0.95)
    assert tested is not None
    assert (tested.p, tested.better, tested.test) == (None, "unknown", "none")
    assert adjusted([tested], 0.95) == [tested]
    assert against(side("c", [1], [0]), base, "dataset:d@1", 0.95) is None


def test_absolute_errors_are_tested_in_pairs() -> None:
    ids = np.arange(30)
    rng = np.random.default_rng(0)
    far = Answered("error", ids, rng.random(30) + 1)
    near = Answered("error", ids, far.values - 0.5 + rng.normal(0, 0.1, 30))
    sides = [
        Side(name, f"model:{name}@1", {"mae": (float(a.values.mean()), None, None)}, a)
        for name, a in (("far", far), ("near", near))
    ]
    tested = against(sides[1], sides[0], "dataset:d@1", 0.95)
    assert tested is not None
    assert tested.test == "paired t"
    assert adjusted([tested], 0.95)[0].better == "run"
