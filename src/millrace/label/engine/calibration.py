"""Confidence that comes true: 0.8 should be right eight times of ten."""

import numpy as np

from millrace.label.engine.prototypes import Vectors, softmax
from millrace.label.engine.ratings import Floats, Ints

LOW, HIGH = 0.05, 20.0


def temperature(scores: Vectors, codes: Ints) -> float:
    """Find the temperature under which the true labels are likeliest.

    Shapes: scores (n, k) of examples that the model did not see, codes (n,).
    Random: none. Cost: about 40 softmaxes.
    Source: Guo et al., On Calibration of Modern Neural Networks, 2017, section 4.2.
    """
    rows = np.arange(len(codes))

    def loss(log_t: float) -> float:
        p = softmax(scores / np.float32(np.exp(log_t)))[rows, codes]
        return -float(np.log(np.maximum(p, 1e-12)).mean())

    low, high = np.log(LOW), np.log(HIGH)
    golden = (np.sqrt(5) - 1) / 2
    for _ in range(40):
        width = golden * (high - low)
        left, right = high - width, low + width
        if loss(left) < loss(right):
            high = right
        else:
            low = left
    return float(np.exp((low + high) / 2))


def calibration_error(confidence: Floats, right: Floats, bins: int = 15) -> float:
    """Measure the expected calibration error over bins of equal numbers of rows.

    Shapes: confidence (n,) in [0, 1], right (n,) of 0 and 1. Cost: O(n log n).
    Source: Guo et al., 2017, eq. 3, with bins of equal size.
    """
    if not len(confidence):
        return float("nan")
    order = np.argsort(confidence, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    gaps = [abs(confidence[part].mean() - right[part].mean()) * len(part) for part in parts]
    return float(sum(gaps) / len(confidence))
