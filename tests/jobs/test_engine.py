"""Events as lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from millrace.jobs.engine import LONGEST, line
from millrace.kinds.job import EventLine


@pytest.mark.parametrize(
    ("kind", "data", "said"),
    [
        ("log", {}, "log"),
        ("log", {"message": "hello\nthere"}, "log hello there"),
        ("progress", {"done": 1.0, "total": None, "note": "x"}, "progress x done=1"),
        ("fold", {"score": 0.123456789}, "fold score=0.123457"),
        ("trial", {"params": {"a": 1}, "name": "t"}, 'trial params={"a": 1} name=t'),
    ],
)
def test_lines(kind: str, data: dict[str, object], said: str) -> None:
    assert line(EventLine(seq=1, kind=kind, data=data, at=0.0)) == said


@given(st.dictionaries(st.text(max_size=9), st.text() | st.integers() | st.none(), max_size=4))
def test_a_line_is_one_line_and_leaves_the_event_alone(data: dict[str, object]) -> None:
    event = EventLine(seq=1, kind="k", data=dict(data), at=0.0)
    assert "\n" not in line(event)
    assert event.data == data


def test_long_values_are_cut() -> None:
    said = line(EventLine(seq=1, kind="k", data={"x": "y" * 5000}, at=0.0))
    assert len(said) < LONGEST + 10
    assert said.endswith("...")
