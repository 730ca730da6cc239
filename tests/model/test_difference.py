"""Figures of two versions, side by side."""

from millrace.model.engine.difference import Change, changes


def test_only_shared_figures_with_the_right_direction() -> None:
    before = {"accuracy": 0.8, "rmse": 2.0, "trials": 9.0, "old": 1.0, "log_loss_single": 1.0}
    after = {"rmse": 1.5, "accuracy": 0.7, "trials": 3.0, "new": 1.0, "log_loss_single": 2.0}
    assert changes(before, after) == [
        Change("rmse", 2.0, 1.5, True),
        Change("accuracy", 0.8, 0.7, False),
        Change("trials", 9.0, 3.0, None),
        Change("log_loss_single", 1.0, 2.0, False),
    ]
    assert changes({"r2": 0.5}, {"r2": 0.5}) == [Change("r2", 0.5, 0.5, None)]
    assert changes({}, after) == []
