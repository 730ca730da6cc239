"""Small prepared tables."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from millrace.automl.engine.budget import Budget
from millrace.automl.engine.scores import choose
from millrace.automl.engine.search import Search
from millrace.automl.engine.table import data, folds, target
from tests.support.models import people

Make = Callable[..., Search]


@pytest.fixture
def make() -> Make:
    """Makes a search on a small table."""

    def build(
        name: str = "buys",
        rows: int = 120,
        allowed: tuple[str, ...] = ("lightgbm", "linear"),
        budget: Budget | None = None,
        most_trials: int | None = 3,
    ) -> Search:
        table = people(rows)
        found = target.read(table, name)
        ready = data.prepare(table.select(["age", "city", "member"]), found, {}, None).data
        layout = folds.make(ready.y, found.task, 3)
        score = choose("auto", found.task, ready.k)
        return Search(ready, layout, score, budget or Budget(1000), set(allowed), most_trials)

    return build


@pytest.fixture
def three_classes() -> data.Data:
    """Three classes of a hundred and fifty rows that a number tells apart."""
    random = np.random.default_rng(0)
    y = random.integers(0, 3, 150)
    table = pa.table({"x": y + random.normal(0, 0.4, 150), "y": [f"c{v}" for v in y]})
    return data.prepare(table.select(["x"]), target.read(table, "y"), {}, None).data
