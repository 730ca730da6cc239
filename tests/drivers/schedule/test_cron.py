"""When expressions come: words, refusals, and the two odd nights of the year."""

from datetime import UTC, datetime
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millrace.core.errors import InvalidInput
from millrace.drivers.schedule.engine import cron

GAP = datetime(2026, 3, 28, 20, tzinfo=UTC).timestamp()  # 29 March, 02:00 is 03:00 in Berlin
TWICE = datetime(2026, 10, 24, 21, 45, tzinfo=UTC).timestamp()  # 25 October, 03:00 is 02:00


def shown(expression: str, after: float, count: int, zone: str = "Europe/Berlin") -> list[str]:
    return [cron.local(at, zone)[5:] for at in islice(cron.times(expression, zone, after), count)]


@pytest.mark.parametrize(
    ("expression", "after", "wanted"),
    [
        ("30 2 * * *", GAP, ["03-29T03:00:00+02:00", "03-30T02:30:00+02:00"]),
        ("0 3 * * *", GAP, ["03-29T03:00:00+02:00", "03-30T03:00:00+02:00"]),
        ("30 2 * * *", TWICE, ["10-25T02:30:00+02:00", "10-26T02:30:00+01:00"]),
        (
            "0 * * * *",
            TWICE + 4 * 900,
            ["10-25T01:00:00+02:00", "10-25T02:00:00+02:00", "10-25T02:00:00+01:00"],
        ),
        ("0 * * * *", GAP + 4 * 3600, ["03-29T03:00:00+02:00", "03-29T04:00:00+02:00"]),
    ],
)
def test_daylight_saving_time(expression: str, after: float, wanted: list[str]) -> None:
    assert shown(expression, after, len(wanted)) == wanted


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]),
    st.sampled_from([GAP, TWICE, 1_792_000_000.0]),
    st.sampled_from(["*/10 * * * *", "0 * * * *", "15 4 * * *", "30 2 * * 0", "@daily"]),
)
def test_times_rise_and_following_agrees(zone: str, after: float, expression: str) -> None:
    found = list(islice(cron.times(expression, zone, after), 30))
    assert found == sorted(set(found))
    assert found[0] > after
    for before, at in zip(found, found[1:], strict=False):
        assert cron.following(expression, zone, before) == at
    if expression == "*/10 * * * *":
        assert {at - before for before, at in zip(found, found[1:], strict=False)} == {600.0}


@pytest.mark.parametrize(("macro", "plain"), sorted(cron.MACROS.items()))
def test_macros_are_their_expressions(macro: str, plain: str) -> None:
    assert shown(macro, GAP, 3) == shown(plain, GAP, 3)


def test_words() -> None:
    assert cron.words("0 9 * * 1-5", "UTC") == "At 09:00 on Monday through Friday, UTC time"


@pytest.mark.parametrize(
    ("expression", "zone", "said"),
    [
        ("61 * * * *", "UTC", "is no cron expression: bad minute"),
        ("0 0 30 2 *", "UTC", "is no cron expression: bad day-of-month"),
        ("* * * * * *", "UTC", "has 6 parts"),
        ("", "UTC", "has 0 parts"),
        ("@reboot", "UTC", "is no time"),
        ("@daily", "Europe/Berln", "is no time zone"),
        ("@daily", "Europe", "is no time zone"),
        ("@daily", "../../etc/passwd", "is no time zone"),
        ("@daily", "a" * 300, "is no time zone"),
    ],
)
def test_refusals(expression: str, zone: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        cron.following(expression, zone, GAP)
