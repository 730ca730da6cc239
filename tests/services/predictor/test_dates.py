"""Parts of dates, against the standard library."""

import datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from millrace.services.predictor import dates

moments = st.datetimes(datetime.datetime(1900, 1, 1), datetime.datetime(2200, 1, 1))


@given(st.lists(moments, min_size=1, max_size=20))
def test_parts_agree_with_datetime(found: list[datetime.datetime]) -> None:
    whole = [moment.replace(microsecond=0) for moment in found]
    seconds = np.array([m.replace(tzinfo=datetime.UTC).timestamp() for m in whole])
    expected = {
        "year": [m.year for m in whole],
        "month": [m.month for m in whole],
        "day": [m.day for m in whole],
        "weekday": [m.weekday() for m in whole],
        "hour": [(m.hour * 3600 + m.minute * 60 + m.second) / 3600 for m in whole],
    }
    for name in dates.PARTS:
        assert np.allclose(dates.part(seconds, name), expected[name])


def test_missing_stays_missing_and_constant_parts_are_dropped() -> None:
    day = 86400.0
    seconds = np.array([0.0, day, 2 * day])
    assert np.isnan(dates.part(np.array([np.nan]), "month")[0])
    assert dates.varying(seconds) == ["day", "weekday"]
