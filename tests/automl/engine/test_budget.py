"""The budget's arithmetic; the clock is moved by what an earlier attempt spent."""

from millrace.automl.engine.budget import Budget


def test_the_nearer_end_counts() -> None:
    assert Budget(100, cpu_before=25).fraction() >= 0.25
    assert Budget(1e6, wall=100, wall_before=75).fraction() >= 0.75


def test_left_keeps_the_tail_back() -> None:
    assert Budget(100, tail=10).left() <= 90
    by_wall = Budget(100, wall=20, cpu_before=10, wall_before=10)
    assert by_wall.left() < 11


def test_what_does_not_fit_is_decided_by_the_clock() -> None:
    budget = Budget(100)
    assert budget.allows(10)
    assert not budget.clock_decided
    assert not budget.allows(60, reserve=50)
    assert budget.clock_decided


def test_limits() -> None:
    budget = Budget(100, cpu_before=50)
    assert not budget.limit(10)()
    assert not budget.clock_decided
    assert budget.limit(60)()
    assert budget.clock_decided
    assert Budget(100, stopping=lambda: True).limit(0)()
    assert not Budget(100, stopping=lambda: True).last_limit()()
    assert Budget(100, interrupted=lambda: True).last_limit()()
    assert not Budget(100, cpu_before=104).last_limit()()
    assert Budget(100, cpu_before=106).last_limit()()
