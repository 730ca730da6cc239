"""Ten kinds of error: one class, status and exit code each; they survive a wire and a pickle."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from millrace.core.errors import KINDS, Internal, MillraceError, NotFound, choices, from_body


def test_there_are_ten_kinds_with_codes_of_their_own() -> None:
    assert len(KINDS) == 10
    assert len({kind.http for kind in KINDS.values()}) == 10
    assert len({kind.exit for kind in KINDS.values()}) == 10
    assert all(KINDS[kind.code] is kind for kind in KINDS.values())
    assert {kind.code for kind in KINDS.values() if kind.retryable} == {"unavailable", "timed_out"}
    assert all((kind.__doc__ or "").split("\n")[0].endswith(".") for kind in KINDS.values())


facts = st.dictionaries(
    st.from_regex(r"[a-z]{1,8}", fullmatch=True).filter(lambda n: n not in {"problem", "hint"}),
    st.integers() | st.text(max_size=5),
    max_size=3,
)


@given(st.sampled_from(sorted(KINDS)), st.text(), st.text(), facts)
def test_an_error_survives_a_wire_and_a_pickle(
    code: str, problem: str, hint: str, more: dict[str, object]
) -> None:
    error = KINDS[code](problem, hint, **{k: v for k, v in more.items() if k != "self"})
    for copy in (from_body(error.body()), pickle.loads(pickle.dumps(error))):
        assert type(copy) is type(error)
        assert copy.body() == error.body()


def test_an_unknown_code_is_a_bug_of_the_other_side() -> None:
    assert isinstance(from_body({"code": "new_kind", "problem": "p"}), Internal)
    assert isinstance(from_body({}), Internal)


def test_words_are_problem_then_hint() -> None:
    assert str(NotFound("No cow.", "Buy one.")) == "No cow. Buy one."
    assert str(NotFound("No cow.")) == "No cow."


@pytest.mark.parametrize(
    ("names", "limit", "said"),
    [
        ([], 10, ""),
        (["b", "a"], 10, "a, b"),
        (["c", "b", "a"], 2, "a, b and 1 more"),
    ],
)
def test_choices_are_sorted_and_cut(names: list[str], limit: int, said: str) -> None:
    assert choices(names, limit) == said


def test_a_capability_may_subclass_a_kind() -> None:
    class NoBarn(NotFound):
        """No barn."""

    error = NoBarn("No barn.", number=1)
    assert isinstance(error, MillraceError)
    assert error.body()["code"] == "not_found"
    assert type(from_body(error.body())) is NotFound
