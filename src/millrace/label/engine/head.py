"""A linear head on frozen vectors that starts from the labels' prototypes."""

import numpy as np
from scipy.optimize import minimize

from millrace.label.engine.prototypes import Vectors, softmax
from millrace.label.engine.ratings import Floats, Ints

SCALE = 0.1  # prototypes are divided by it to become the head's starting point
LOOSE = 30.0  # how far the head may move from there (the C of a logistic regression)
STEPS = 100


def fit(start: Vectors, names: Vectors, labelled: Vectors, codes: Ints) -> Vectors:
    """Fit a multinomial logistic regression whose ridge pulls to `start / SCALE`, not to zero.

    With no example of a label its prototype decides, with many the examples do; the labels'
    own names count as one example each.
    Shapes: start (k, d), names (k, d), labelled (l, d), codes (l,); returns weights (k, d).
    Random: none. Cost: O(steps * (l + k) * k * d).
    """
    k, d = start.shape
    x = np.concatenate([labelled, names])
    y = np.concatenate([codes, np.arange(k)])
    base = (start / np.float32(SCALE)).astype(np.float32)
    offset = x @ base.T
    rows = np.arange(len(y))

    def loss(flat: Floats) -> tuple[float, Floats]:
        moved = flat.reshape(k, d).astype(np.float32)
        p = softmax((offset + x @ moved.T).astype(np.float32))
        value = -np.log(np.maximum(p[rows, y], 1e-30), dtype=np.float64).sum()
        p[rows, y] -= 1
        gradient = (p.T @ x).astype(np.float64).ravel() + flat / LOOSE
        return float(value + flat @ flat / (2 * LOOSE)), gradient

    options = {"maxiter": STEPS, "maxcor": 10}
    found = minimize(loss, np.zeros(k * d), jac=True, method="L-BFGS-B", options=options)
    return base + found.x.reshape(k, d).astype(np.float32)
