"""Whether models of two runs differ, from the answers that their evaluations kept."""

from dataclasses import dataclass

import numpy as np

from millrace.runs.types import SignificanceLine
from millrace.services.report.answers import Answered, shared
from millrace.services.significance.paired import holm, mcnemar, paired_t

FEWEST = 2


@dataclass(frozen=True)
class Side:
    """One run's model as it was evaluated."""

    run: str
    model: str
    figures: dict[str, tuple[float, float | None, float | None]]
    answers: Answered | None


def against(side: Side, base: Side, dataset: str, confidence: float) -> SignificanceLine | None:
    """Return how a run's model does against the baseline's; None without a shared metric.

    Classes: McNemar's exact test of accuracy; numbers: a paired t-test of the absolute error.
    Without kept answers both figures are told, and nothing is tested: two intervals that
    overlap say little of models that saw the same rows.
    """
    name = next((n for n in ("accuracy", "mae") if n in side.figures and n in base.figures), None)
    if name is None:
        return None
    value, low, high = side.figures[name]
    other, other_low, other_high = base.figures[name]
    line = SignificanceLine(
        run=side.run,
        model=side.model,
        baseline_model=base.model,
        dataset=dataset,
        metric=name,
        value=value,
        low=low,
        high=high,
        baseline_value=other,
        baseline_low=other_low,
        baseline_high=other_high,
        difference=value - other,
        difference_low=None,
        difference_high=None,
        p=None,
        adjusted=None,
        better="unknown",
        test="none",
        rows=0,
    )
    a, b = side.answers, base.answers
    if a is None or b is None or a.kind != b.kind:
        return line
    return _tested(line, a, b, confidence)


def _tested(
    line: SignificanceLine, a: Answered, b: Answered, confidence: float
) -> SignificanceLine:
    mine, theirs = shared(a, b)
    if len(mine) < FEWEST:
        return line
    shift = paired_t(mine, theirs, confidence)
    if a.kind == "right":
        p = mcnemar(np.asarray(mine, dtype=bool), np.asarray(theirs, dtype=bool)).p_exact
    else:
        p = shift.p
    return line.model_copy(
        update={
            "difference": shift.difference,
            "difference_low": shift.low,
            "difference_high": shift.high,
            "p": p,
            "test": "mcnemar" if a.kind == "right" else "paired t",
            "rows": len(mine),
        }
    )


def adjusted(lines: list[SignificanceLine], confidence: float) -> list[SignificanceLine]:
    """Return the lines with Holm's correction over all of them, and who is better."""
    raised = holm([float("nan") if line.p is None else line.p for line in lines])
    made: list[SignificanceLine] = []
    for line, p in zip(lines, raised, strict=True):
        if line.p is None:
            made.append(line)
            continue
        gain = line.difference if line.metric == "accuracy" else -line.difference
        beyond = p < 1 - confidence
        better = ("run" if gain > 0 else "baseline") if beyond else "neither"
        made.append(line.model_copy(update={"adjusted": p, "better": better}))
    return made
