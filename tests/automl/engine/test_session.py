"""From a table and a request to a search."""

import numpy as np
import pyarrow as pa
import pytest

from millrace.automl.engine import portfolio, session
from millrace.automl.engine.budget import Budget
from millrace.automl.engine.final.finish import Outcome, finish
from millrace.core.errors import InvalidInput, LimitReached
from tests.support.models import messages, people


class Constant:
    """An encoder with little to say."""

    name, fingerprint = "constant", "1"

    def encode(self, texts: object) -> np.ndarray:
        random = np.random.default_rng(len(list(texts)))  # pyright: ignore[reportArgumentType]
        found = random.normal(size=(len(list(texts)), 8))  # pyright: ignore[reportArgumentType]
        return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def prepare(table: pa.Table, **wanted: object) -> session.Session:
    ids = table.append_column("_id", pa.array(range(table.num_rows)))
    request = session.Request(**wanted)  # pyright: ignore[reportArgumentType]
    columns = session.needed(ids.column_names, request)
    return session.prepare(ids.select(columns), request, Constant(), Budget(100))


def test_columns_are_chosen_and_apart_ones_left_out() -> None:
    request = session.Request("buys", ignore=["income"], group="city")
    names = [*people(10).column_names, "_id"]
    assert session.needed(names, request) == ["age", "member", "buys", "city", "_id"]
    only = session.Request("buys", features=["age"])
    assert session.needed(names, only) == ["age", "buys", "_id"]
    with pytest.raises(InvalidInput, match="no column 'nope'"):
        session.needed(names, session.Request("buys", ignore=["nope"]))


def test_groups_reach_the_folds() -> None:
    made = prepare(people(90), target="income", group="city")
    assert len(made.search.folds) <= 15
    cities = np.array(made.rows["city"].to_pylist())
    for fold in made.search.folds:
        assert not set(cities[fold.train]) & set(cities[fold.valid])
    assert "city" not in made.left_out


def test_one_group_is_refused() -> None:
    table = people(30).append_column("g", pa.array(["a"] * 30))
    with pytest.raises(InvalidInput, match="group column 'g' has one value"):
        prepare(table, target="buys", group="g")


def test_text_leads_with_its_own_head() -> None:
    made = prepare(messages(60), target="kind")
    data = made.search.data
    assert data.text_leads
    order = [c.name for c in portfolio.starting(data, {"lightgbm", "linear", "neighbours"})]
    assert order[:2] == ["linear", portfolio.FLOOR]
    assert "neighbours" in order


def test_nothing_to_learn_from_is_said() -> None:
    table = pa.table({"y": ["a", "b"] * 10, "same": [1] * 20})
    with pytest.raises(InvalidInput, match="No column is left to learn from: 'same' is constant"):
        prepare(table, target="y")


def test_a_budget_gone_before_training_is_said() -> None:
    table = people(60).append_column("_id", pa.array(range(60)))
    with pytest.raises(LimitReached, match="leaves too little to train") as caught:
        session.prepare(table, session.Request("buys"), None, Budget(2, cpu_before=1.9))
    assert "at least" in caught.value.hint


def test_encoding_that_cannot_end_in_time_says_so_early() -> None:
    session.check_encoding(Budget(100, cpu_before=10), 1024, 2048)
    with pytest.raises(LimitReached, match=r"Encoding 100000 texts takes about 97\d CPU seconds"):
        session.check_encoding(Budget(100, cpu_before=10), 1024, 100_000)
    with pytest.raises(LimitReached, match="Encoding 2048 texts"):
        session.check_encoding(Budget(100, cpu_before=90), 1024, 2048)


def test_ten_thousand_columns() -> None:
    random = np.random.default_rng(0)
    y = np.arange(40) % 2
    columns = {f"c{at}": random.normal(size=40) for at in range(10_000)}
    made = prepare(pa.table({**columns, "y": y + 0}), target="y", learners=["lightgbm"], trials=1)
    assert len(made.search.data.views.preprocessor.features) == 10_000


def outcome_of(table: pa.Table, **wanted: object) -> tuple[session.Session, Outcome]:
    made = prepare(table, **wanted)
    for _ in made.search.run():
        pass
    last = finish(made.search)
    while True:
        try:
            next(last)
        except StopIteration as end:
            return made, end.value


def test_the_units_of_a_target_do_not_matter() -> None:
    table = people(90).select(["age", "city", "member", "income"])
    small = table.set_column(3, "income", pa.array(np.asarray(table["income"]) * 1e-9))
    wanted = {"target": "income", "learners": ["linear"], "trials": 2}
    (_, one), (made, other) = outcome_of(table, **wanted), outcome_of(small, **wanted)
    assert other.values["single"] == pytest.approx(one.values["single"] * 1e-9, rel=1e-3)
    assert made.search.data.scale == pytest.approx(np.asarray(small["income"]).std())


def test_a_learner_that_refuses_the_table_is_left_out_with_a_note() -> None:
    pytest.importorskip("catboost", reason="the extra 'automl' is not installed")
    table = pa.table({"c": ["a", *[None] * 299], "y": [at % 2 == 0 for at in range(300)]})
    _, found = outcome_of(table, target="y", learners=["catboost"], trials=2)
    assert "'catboost-plain' could not be trained: CatBoost cannot learn" in found.warnings[0]
    assert found.models


def test_huge_numbers_are_learnt_from() -> None:
    random = np.random.default_rng(0)
    big = random.integers(2**60, 2**62, 60)
    huge = random.normal(size=60) * 1e300
    table = pa.table({"big": big, "huge": huge, "y": big > 2**61})
    _, found = outcome_of(table, target="y", learners=["linear"], trials=2)
    assert found.values["single"] > 0.9


def test_classes_of_one_group_are_pointed_at() -> None:
    table = people(90)
    apart = table.append_column("g", pa.array([str(v) for v in table["buys"].to_pylist()]))
    assert any("2 of 2 classes occur in one group only" in note for note in prepare(
        apart, target="buys", group="g").notes)  # fmt: skip
    assert not any("one group only" in note for note in prepare(
        table, target="buys", group="city").notes)  # fmt: skip
