from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from millrace.model.engine.aliases import above, before, path
from millrace.model.engine.graph import mermaid, reachable


@dataclass(frozen=True)
class Change:
    version: int | None
    previous: int | None


def moves(*steps: tuple[int | None, int | None]) -> list[Change]:
    return [Change(*step) for step in steps]


def test_promotions_make_a_path() -> None:
    walked = path(moves((1, None), (2, 1), (3, 2)))
    assert walked == [1, 2, 3]
    assert before(walked, 3, [1, 2, 3]) == 2
    assert above(walked, 2) == [3]


def test_a_roll_back_does_not_return() -> None:
    walked = path(moves((1, None), (2, 1), (3, 2), (None, 3), (2, None)))
    assert walked == [1, 2]
    assert before(walked, 2, [1, 2, 3]) == 1


def test_a_promotion_back_is_a_step_of_its_own() -> None:
    walked = path(moves((1, None), (2, 1), (1, 2)))
    assert walked == [1, 2, 1]
    assert before(walked, 1, [1, 2]) == 2


def test_deleted_versions_are_passed_over() -> None:
    walked = path(moves((1, None), (2, 1), (3, 2)))
    assert before(walked, 3, [1, 3]) == 1
    assert above(walked, 1) == [3, 2]
    assert before(walked, 3, [3]) is None


def test_odd_histories_do_not_break() -> None:
    assert path(moves((None, 1))) == []
    assert path([]) == []
    assert path(moves((1, None), (None, 1), (2, None))) == [2]


@given(st.lists(st.integers(1, 5) | st.none(), max_size=30))
def test_rolling_back_agrees_with_a_stack(steps: list[int | None]) -> None:
    """A number promotes that version, None rolls back, as the store writes both down."""
    stack: list[int] = []
    written: list[Change] = []
    for step in steps:
        present = stack[-1] if stack else None
        if step is not None:
            if step != present:
                written.append(Change(step, present))
                stack.append(step)
            continue
        walked = path(written)
        assert walked == stack
        target = before(walked, present, range(1, 6)) if present else None
        if target is None:
            continue
        written += [Change(None, version) for version in above(walked, target)]
        written.append(Change(target, None))
        while stack[-1] != target:
            stack.pop()
    assert path(written) == stack


def test_reachable_goes_one_way() -> None:
    edges = [("a", "b"), ("b", "c"), ("x", "c"), ("b", "d")]
    assert reachable(edges, "b", up=True) == {"a", "b"}
    assert reachable(edges, "b", up=False) == {"b", "c", "d"}
    assert reachable([("a", "b"), ("b", "a")], "a", up=False) == {"a", "b"}


def test_mermaid_shows_hostile_names_as_text() -> None:
    drawn = mermaid(
        [('a"]; click x "javascript:1', "n\no"), ("b", "")],
        [('a"]; click x "javascript:1', "b")],
        "b",
    )
    lines = drawn.split("\n")
    assert lines[0] == "flowchart LR"
    assert lines[1] == '  n0["a#34;#93;#59; click x #34;javascript:1<br/>no"]'
    assert lines[3:] == ["  n0 --> n1", "  style n1 stroke-width:3px"]


@given(st.text(max_size=30))
def test_mermaid_nodes_stay_on_their_line(name: str) -> None:
    drawn = mermaid([(name, name)], [], name)
    assert len(drawn.splitlines()) == 3
    assert drawn.count('"') == 2
