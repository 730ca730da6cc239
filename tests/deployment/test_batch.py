"""What arrives together is answered together, and each gets its own rows."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from millrace.core.errors import InvalidInput, LimitReached, MillraceError
from millrace.deployment.engine.batch import Lane, join, run
from millrace.deployment.engine.codec import Call
from millrace.deployment.engine.signature import Answer, Field, Signature


class Doubler:
    """Gives back each value and its double; refuses negative ones."""

    def __init__(self) -> None:
        self.signature = Signature("d", "1", (Field("a", "FP64"),), ("x", "y"))
        self.batches: list[int] = []
        self.gate = threading.Event()
        self.gate.set()

    def predict(self, columns: dict[str, Any], rows: int) -> Answer:
        """Answer."""
        self.gate.wait(10)
        self.batches.append(rows)
        values = np.asarray(columns["a"], dtype=float)
        if (values < 0).any():
            raise InvalidInput("Column 'a' holds a negative number.")
        return Answer(values, np.stack([values, 2 * values], axis=1))


def call(values: Any) -> Call:
    """Make a request."""
    return Call({"a": values}, len(values))


SIZES = st.lists(
    st.lists(st.integers(0, 10**6).map(float), min_size=1, max_size=7), min_size=1, max_size=12
)


@given(SIZES, st.data())
def test_any_way_of_batching_gives_each_request_its_own_answer(
    requests: list[list[float]], data: st.DataObject
) -> None:
    forms = [data.draw(st.sampled_from([list, np.array])) for _ in requests]
    calls = [call(form(values)) for form, values in zip(forms, requests, strict=True)]
    for values, outcome in zip(requests, run(Doubler(), calls), strict=True):
        assert isinstance(outcome, Answer)
        assert outcome.values.tolist() == values
        assert outcome.proba.tolist() == [[value, 2 * value] for value in values]


def test_a_request_the_model_refuses_spoils_no_other() -> None:
    outcomes = run(Doubler(), [call([1.0]), call([-1.0]), call([2.0, 3.0])])
    assert isinstance(outcomes[1], InvalidInput)
    assert [o.values.tolist() for o in (outcomes[0], outcomes[2])] == [[1], [2, 3]]  # type: ignore[union-attr]


def test_a_model_that_miscounts_is_an_error_not_a_wrong_answer() -> None:
    class Short(Doubler):
        def predict(self, columns: dict[str, Any], rows: int) -> Answer:
            return Answer([1.0])

    assert all(
        isinstance(o, MillraceError) for o in run(Short(), [call([1.0, 2.0]), call([3.0, 4.0])])
    )


def test_arrays_of_different_types_keep_their_values() -> None:
    big = 2**60 + 1
    joined = join([{"a": np.array([big])}, {"a": np.array([0.5])}])["a"]
    assert joined == [big, 0.5]
    same = join([{"a": np.array([1.0])}, {"a": np.array([2.0])}])["a"]
    assert isinstance(same, np.ndarray)


async def gather(lane: Lane, calls: list[Call]) -> list[Any]:
    """Submit all in one turn of the loop and wait."""
    loop = asyncio.get_running_loop()
    futures = [loop.create_future() for _ in calls]
    for one, future in zip(calls, futures, strict=True):
        lane.submit(one, lambda outcome, _, future=future: future.set_result(outcome))
    return await asyncio.gather(*futures)


@pytest.fixture
def pool() -> Any:
    """One model thread."""
    with ThreadPoolExecutor(1) as made:
        yield made


def test_one_turn_makes_one_batch_capped_by_rows(pool: ThreadPoolExecutor) -> None:
    model = Doubler()
    lane = Lane(model, pool, max_rows=10, row_seconds=1e-5)
    asyncio.run(gather(lane, [call([1.0] * size) for size in (4, 4, 4, 25, 1)]))
    assert model.batches == [8, 4, 25, 1]
    assert not lane.is_working


def test_a_quick_model_answers_at_once_and_a_slow_one_does_not(pool: ThreadPoolExecutor) -> None:
    lane = Lane(Doubler(), pool, row_seconds=1e-6)
    assert isinstance(lane.at_once(call([1.0])), Answer)
    lane.row_seconds = 1.0
    assert lane.at_once(call([1.0])) is None


def test_cost_of_a_row_is_learnt_up_by_degrees_and_down_at_once(pool: ThreadPoolExecutor) -> None:
    lane = Lane(Doubler(), pool)
    asyncio.run(gather(lane, [call([1.0])]))
    assert lane.row_seconds < 0.5


def test_a_full_lane_says_when_to_try_again(pool: ThreadPoolExecutor) -> None:
    model = Doubler()
    model.gate.clear()
    lane = Lane(model, pool, max_rows=1, max_waiting=5)

    async def main() -> None:
        first = asyncio.create_task(gather(lane, [call([1.0])] * 3))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        with pytest.raises(LimitReached, match="wait") as caught:
            lane.check_room(call([1.0] * 5))
        assert caught.value.facts["retry_after"] == 1
        model.gate.set()
        assert len(await first) == 3

    asyncio.run(main())


def test_what_waits_too_long_is_told_so(pool: ThreadPoolExecutor) -> None:
    model = Doubler()
    model.gate.clear()
    lane = Lane(model, pool, max_rows=1, max_seconds=0.0)

    async def main() -> list[Any]:
        task = asyncio.create_task(gather(lane, [call([1.0]), call([2.0])]))
        await asyncio.sleep(0.01)
        lane.expire()
        model.gate.set()
        return await task

    done, late = asyncio.run(main())
    assert isinstance(done, Answer)
    assert late.code == "timed_out"
