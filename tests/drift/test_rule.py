"""The verdict over a table: silent when nothing changed, specific when something did."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from millrace.core.errors import InvalidInput
from millrace.drift.engine import category, columns, domain, number, relations, rule, texts
from millrace.drift.engine.finding import Finding


def table(seed: int, rows: int, **changes: Any) -> pa.Table:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=rows)
    return pa.table(
        {
            "x": x + changes.get("shift", 0.0),
            "y": changes.get("sign", 0.8) * x + 0.6 * rng.normal(size=rows),
            "n": np.floor(rng.exponential(3.0, rows)).astype(np.int64),
            "c": rng.choice(["a", "b", "c"], rows, p=changes.get("mix", [0.6, 0.3, 0.1])),
        }
    )


def drifted(reference: pa.Table, current: pa.Table) -> set[str]:
    found = rule.table(reference, current, 0.01, seed=0)
    return {one.finding.column for one in found if one.drifted}


def test_equal_processes_do_not_drift() -> None:
    assert not any(drifted(table(run, 1500), table(run + 100, 400)) for run in range(5))


def test_a_shift_is_found_in_its_column() -> None:
    assert "x" in drifted(table(1, 1500), table(2, 400, shift=0.5))


def test_a_changed_mix_is_found_in_its_column() -> None:
    assert "c" in drifted(table(1, 1500), table(2, 400, mix=[0.4, 0.3, 0.3]))


def test_a_changed_relation_is_found_only_by_all_columns_together() -> None:
    assert drifted(table(1, 2000), table(2, 500, sign=-0.8)) == {rule.JOINT}


def test_a_tiny_but_certain_change_is_negligible() -> None:
    rng = np.random.default_rng(0)
    before, now = pa.table({"x": rng.normal(size=400_000)}), rng.normal(0.015, 1, 400_000)
    found = rule.table(before, pa.table({"x": now}), 0.01, 0, joint_test=False)
    assert found[0].adjusted < 0.01
    assert not found[0].drifted
    assert "1 changes are certain but negligible" in rule.verdict(found, 0.01)


def test_zeros_that_creep_in_are_named() -> None:
    rng = np.random.default_rng(0)
    now = rng.exponential(size=300)
    now[rng.random(300) < 0.1] = 0.0
    found = number.test("x", rng.exponential(size=3000), now)
    assert min(found.tests, key=lambda name: found.tests[name]) == "top_value"
    assert found.says.startswith("the value 0 was 0.0 %")


def test_missing_values_are_tested_and_named() -> None:
    rng = np.random.default_rng(0)
    now = rng.normal(size=300)
    now[:60] = np.nan
    found = number.test("x", rng.normal(size=3000), now)
    assert found.p < 1e-6
    assert found.says == "missing 0.0 % before, 20.0 % now"


def test_a_new_category_is_found_though_it_is_rare() -> None:
    before = pa.chunked_array([["a"] * 900 + ["b"] * 100])
    now = pa.chunked_array([["a"] * 178 + ["b"] * 14 + ["new"] * 8])
    found = category.test("c", before, now)
    assert found.p < 1e-4
    assert found.facts["new_levels"] == 1
    assert "1 new values" in found.says


def test_rare_levels_are_pooled_and_no_row_is_lost() -> None:
    levels = ["a", "b", "c", "d"]
    before, now = np.array([900.0, 80, 3, 2]), np.array([90.0, 8, 1, 0])
    names, pooled_before, pooled_now = category.pool(levels, before, now)
    assert names == ["a", "b", category.RARE]
    assert pooled_before.sum() == before.sum()
    assert pooled_now.sum() == now.sum()


def test_cramer_of_equal_shares_is_nought() -> None:
    assert category.cramer(np.array([10.0, 30.0]), np.array([1.0, 3.0])) == pytest.approx(0)


def test_told_apart_by_chance_has_no_small_p() -> None:
    rng = np.random.default_rng(0)
    is_current = (np.arange(400) % 4 == 0).astype(np.int64)
    p = [
        domain.told_apart(rng.normal(size=(400, 20)), is_current, domain.ridge, run).p
        for run in range(20)
    ]
    assert min(p) > 0.01


def cloud(seed: int, rows: int, topic: int | None = None) -> np.ndarray:
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 6, rows)
    if topic is not None:
        group[: rows // 6] = topic
    return 3 * np.eye(6, 12)[group] + rng.normal(size=(rows, 12))


def text_test(current: np.ndarray) -> Finding:
    vectors = np.concatenate([cloud(0, 500), current])
    is_current = np.repeat(np.array([0, 1], np.int64), [500, len(current)])
    length = Finding("t", "number", {"none": 1.0}, 0.0, "", 0.0, "")
    return texts.test("t", vectors, is_current, length, seed=0)


def test_texts_of_the_same_topics_have_not_drifted() -> None:
    assert text_test(cloud(1, 200)).p > 0.01


def test_a_topic_that_grows_is_found_and_told() -> None:
    found = text_test(cloud(1, 200, topic=2))
    assert found.p < 0.001
    assert found.says.startswith("one topic of")


def test_a_shift_of_all_texts_is_found_by_their_mean() -> None:
    vectors = np.random.default_rng(0).normal(size=(700, 12))
    is_current = np.repeat(np.array([0, 1], np.int64), [500, 200])
    assert texts.means_differ(vectors, is_current, 0) > 0.01
    vectors[500:, 0] += 0.6
    assert texts.means_differ(vectors, is_current, 0) < 1e-5


def test_equal_texts_are_one_topic_and_no_drift() -> None:
    vectors = np.ones((120, 4))
    is_current = np.repeat(np.array([0, 1], np.int64), [60, 60])
    assert set(texts.topics(vectors, 0)) == {0}
    assert texts.means_differ(vectors, is_current, 0) == 1.0


def test_relations_ignore_which_window_a_row_is_from() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(200, 3))
    order = rng.permutation(200)
    made = relations.spread(features, [])
    assert made.shape == (200, 6)
    np.testing.assert_allclose(relations.spread(features[order], []), made[order], atol=1e-9)


def test_relations_of_missing_values_and_levels_are_finite() -> None:
    features = np.column_stack([[np.nan] * 10 + [1.0, 2.0] * 15, np.arange(40) % 3])
    assert np.isfinite(relations.spread(features.astype(float), [1])).all()


def chunked(values: list[Any], kind: pa.DataType | None = None) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values, kind)])


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1.5, 2.5] * 40, "number"),
        (list(range(80)), "skipped"),
        ([True, False] * 40, "category"),
        (["a", "b"] * 40, "category"),
        ([f"user-{at}" for at in range(80)], "skipped"),
        ([f"please send order {at} to my new address" for at in range(80)], "text"),
        ([[1.0, 2.0]] * 80, "skipped"),
    ],
)
def test_columns_are_told_by_type_and_values(values: list[Any], kind: str) -> None:
    assert columns.pair("c", chunked(values), chunked(values), asked=False).kind == kind


def test_dates_are_tested_only_when_asked_for() -> None:
    dates = chunked(list(range(30)), pa.timestamp("s"))
    assert columns.pair("at", dates, dates, asked=False).why == "time moves on by itself"
    asked = columns.pair("at", dates, dates, asked=True)
    assert asked.kind == "number"
    assert columns.numbers(asked.current).tolist() == list(range(30))


def test_a_column_whose_type_changed_is_not_compared() -> None:
    found = columns.pair("c", chunked([1.0] * 30), chunked(["1"] * 30), asked=False)
    assert found.why == "its type was double and is string now"


def test_too_few_values_are_left_out_and_said() -> None:
    found = rule.Tests()
    found.add(columns.pair("x", chunked([1.0] * 10), chunked([2.0] * 500), asked=False))
    found.add(columns.pair("c", chunked(["a"] * 10), chunked(["b"] * 500), asked=False))
    assert [one.why for one in found.skipped] == ["fewer than 20 numbers", "fewer than 20 rows"]
    assert rule.verdict(rule.judge(found.findings, 0.01), 0.01).startswith("No verdict")


def test_a_sample_of_texts_is_drawn_from_those_that_are_there() -> None:
    texts = chunked([None, *(f"text {row}" for row in range(30))])
    found = rule.some_texts(texts, 10, seed=0)
    assert len(set(found)) == 10
    assert None not in found


def test_durations_and_empty_columns_are_handled() -> None:
    spans = chunked([1, 2, 3] * 10, pa.duration("s"))
    assert columns.numbers(spans)[:3].tolist() == [1.0, 2.0, 3.0]
    empty = chunked([None] * 30, pa.string())
    assert columns.pair("e", empty, empty, asked=False).kind == "category"


def test_short_texts_of_many_levels_are_a_category_unless_nearly_all_differ() -> None:
    names = chunked([f"n{at % 60}" for at in range(120)])
    assert columns.pair("c", names, names, asked=False).kind == "category"


def test_psi_of_columns_refuses_what_it_cannot_compare() -> None:
    texts = chunked([f"please send order {at} to my new address" for at in range(80)])
    with pytest.raises(InvalidInput, match="holds free text"):
        rule.psi_of_columns("t", texts, texts, 10)
    with pytest.raises(InvalidInput, match="no finite values"):
        rule.psi_of_columns("x", chunked([float("nan")] * 9), chunked([1.0] * 9), 10)


def test_psi_of_categories_counts_levels() -> None:
    score, missing = rule.psi_of_columns(
        "c", chunked(["a", "a", "b", "b"]), chunked(["a", "b", "b", "b", None]), 10
    )
    assert score > 0
    assert missing == (0.0, 0.2)


def emptied(kind: str, share: float) -> tuple[pa.Table, pa.Table]:
    rng = np.random.default_rng(0)
    values: Any = rng.normal(size=400)
    if kind == "text":
        values = [f"the parcel {at} has not come to my door yet" for at in range(400)]
    whole = pa.table({"x": pa.array(values)})
    gone = pa.array(values, mask=np.arange(400) >= 400 * (1 - share))
    return whole, pa.table({"x": gone if share < 1 else pa.nulls(400)})


@pytest.mark.parametrize("share", [0.97, 1.0])
def test_a_column_that_comes_empty_is_drift(share: float) -> None:
    for before, now in (emptied("number", share), emptied("number", share)[::-1]):
        found = rule.table(before, now, 0.01, seed=0)
        assert [one.drifted for one in found] == [True]
        assert "missing" in found[0].finding.says
        assert found[0].finding.size == pytest.approx(share, abs=0.01)


def test_a_text_that_comes_empty_is_drift() -> None:
    before, now = emptied("text", 0.97)
    tests = rule.Tests()
    pair = columns.pair("x", before["x"], now["x"], asked=False)
    assert pair.kind == "text"
    tests.few(pair, "fewer than 50 texts")
    assert rule.judge(tests.findings, 0.01)[0].drifted


def test_a_column_that_was_always_empty_has_not_drifted() -> None:
    _, before = emptied("number", 0.97)
    assert not any(one.drifted for one in rule.table(before, before.slice(0, 390), 0.01, seed=0))
    both = rule.table(pa.table({"x": pa.nulls(40)}), pa.table({"x": pa.nulls(40)}), 0.01, seed=0)
    assert both == []
