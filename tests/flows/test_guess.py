"""What is guessed as the target, and that the reason is said."""

import pytest

from millrace.core.errors import InvalidInput
from millrace.flows.guess import Facts, guess


def facts(name: str, type: str = "number", distinct: int = 500, missing: int = 0) -> Facts:
    return Facts(name, type, 1000, missing, distinct)  # pyright: ignore[reportArgumentType]


def test_a_name_that_says_so_wins_over_the_position() -> None:
    found = guess([facts("intent", "category", 12), facts("text", "text", 990), facts("zip")])
    assert (found.target, found.task, found.text) == ("intent", "classification", "text")
    assert "its name says 'intent'" in found.reason


def test_a_price_among_numbers_is_a_regression() -> None:
    columns = [facts("rooms", distinct=9), facts("medianHouseValue"), facts("city", "category", 5)]
    assert (guess(columns).target, guess(columns).task) == ("medianHouseValue", "regression")


def test_the_last_column_is_the_fallback() -> None:
    columns = [facts("a"), facts("b"), facts("c", "category", 3)]
    assert guess(columns).target == "c"
    assert "last column" in guess(columns).reason


def test_the_user_wins() -> None:
    columns = [facts("label", "category", 3), facts("b"), facts("t", "text")]
    assert guess(columns, target="b").reason == "you named it"
    with pytest.raises(InvalidInput, match="Column 'nope' is not in the file.*columns are b"):
        guess([facts("b")], target="nope")


def test_ids_dates_texts_and_constants_are_never_guessed() -> None:
    columns = [
        facts("id", "id", 1000),
        facts("when", "date"),
        facts("note", "text"),
        facts("same", distinct=1),
        facts("name", "category", 900),
    ]
    with pytest.raises(InvalidInput, match="No column looks like something to predict"):
        guess(columns)
