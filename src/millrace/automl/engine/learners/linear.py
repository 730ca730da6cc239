"""Logistic and ridge regression on the linear matrix; the head for text vectors."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from millrace.automl.engine.learners.learner import Fitted, Limit
from millrace.automl.engine.scores import log_loss, rmse
from millrace.automl.engine.table.data import Data, subset
from millrace.services.predictor.members.vectors import Linear

Array = NDArray[Any]
# Inverse strength of the penalty, as in C * sum of losses + |w|^2 / 2.
PATH = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
TEXT_PATH = (0.3, 1.0, 3.0)
RIDGE_LIMIT = 4000
RIDGES = tuple(10.0**power for power in range(-2, 5))
STEPS = 60  # stopping early costs nothing on held-out rows and saves two thirds of the time


class LinearModel:
    """Goes up a path of weaker penalties and lets the validation rows choose one."""

    family = "linear"

    def fit(
        self, data: Data, train: Array, valid: Array, settings: dict[str, Any], limit: Limit
    ) -> Fitted:
        """Train along the path, each step starting from the last; keep the best.

        Random: none. Cost: O(n p k) a step of L-BFGS, or O(n p^2) once for ridge.
        """
        del settings
        x, judge = subset(data.views.linear, train), subset(data.views.linear, valid)
        if not data.k:
            return _ridge_path(x, data.label[train], judge, data.label[valid])
        return _logistic_path(
            (x, data.label[train]), (judge, data.label[valid]), data.k, path(data), limit
        )

    def refit(
        self,
        data: Data,
        settings: dict[str, Any],
        choices: Sequence[dict[str, float]],
        limit: Limit,
    ) -> Fitted:
        """Train on all rows with the geometric mean of the chosen penalties."""
        del settings
        strength = float(np.exp(np.mean([np.log(choice["strength"]) for choice in choices])))
        x = data.views.linear
        if not data.k:
            return Fitted(_ridge(x, data.label, [strength])[0], {"strength": strength})
        weights, done = logistic(x, data.label, data.k, strength, None, limit)
        return Fitted(_member(weights, data.k), {"strength": strength}, done)


def path(data: Data) -> Sequence[float]:
    """Return the penalties to try: vectors of text want weak ones."""
    return TEXT_PATH if data.has_text else PATH


def _logistic_path(
    train: tuple[Array, Array],
    valid: tuple[Array, Array],
    k: int,
    strengths: Sequence[float],
    limit: Limit,
) -> Fitted:
    best: Fitted | None = None
    best_loss = float("inf")
    weights: Array | None = None
    for strength in strengths:
        weights, done = logistic(*train, k, strength, weights, limit)
        member = _member(weights, k)
        loss = log_loss(valid[1], member.answer(valid[0]))
        if best is None or (loss < best_loss and done):
            best, best_loss = Fitted(member, {"strength": strength}, done), loss
        elif loss > best_loss:
            break
        if not done:
            best.complete = False
            break
    assert best is not None
    return best


def _member(weights: Array, k: int) -> Linear:
    return Linear(np.ascontiguousarray(weights[:-1]), np.ascontiguousarray(weights[-1]), k)


def logistic(
    x: Array, y: Array, k: int, strength: float, start: Array | None, limit: Limit
) -> tuple[Array, bool]:
    """Fit logistic regression, L-BFGS on float32 matrices; return weights and whether it ended.

    Shapes: x (n, p) float32, y (n,) class numbers; weights (p + 1, k'), k' = 1 for two
    classes, the last row is the bias, which has no penalty.
    """
    n, p = x.shape
    columns = 1 if k == 2 else k
    truth = (y == 1).astype(np.float32)[:, None] if k == 2 else None
    rows = np.arange(n)
    decay = np.float32(1.0 / (strength * n))

    def loss(flat: Array) -> tuple[float, Array]:
        weights = flat.astype(np.float32).reshape(p + 1, columns)
        raw = x @ weights[:-1] + weights[-1]
        if truth is not None:
            value = float(np.logaddexp(0, raw).mean() - (raw * truth).mean())
            error = 1.0 / (1.0 + np.exp(-np.clip(raw, -60, 60))) - truth
        else:
            raw -= raw.max(axis=1, keepdims=True)
            chosen = raw[rows, y].mean(dtype=np.float64)
            np.exp(raw, out=raw)
            total = raw.sum(axis=1, keepdims=True)
            value = float(np.log(total).mean(dtype=np.float64) - chosen)
            error = raw / total
            error[rows, y] -= 1.0
        gradient = np.empty_like(weights)
        gradient[:-1] = x.T @ error / n + decay * weights[:-1]
        gradient[-1] = error.mean(axis=0)
        value += 0.5 * float(decay) * float((weights[:-1] ** 2).sum(dtype=np.float64))
        return value, gradient.ravel().astype(np.float64)

    return _descend(loss, start if start is not None else np.zeros((p + 1, columns)), limit)


def _descend(loss: Any, start: Array, limit: Limit) -> tuple[Array, bool]:
    done = True
    latest = start.ravel().astype(np.float64)

    def watch(intermediate_result: Any) -> None:
        nonlocal done, latest
        latest = intermediate_result.x
        if limit():
            done = False
            raise StopIteration

    # One BLAS thread: two that wait for each other on a busy machine cost ten times the CPU.
    with threadpool_limits(1, "blas"):
        found = minimize(
            loss,
            latest,
            jac=True,
            method="L-BFGS-B",
            callback=watch,
            options={"maxiter": STEPS, "ftol": 1e-7, "gtol": 1e-5},
        )
    flat = found.x if done else latest
    return flat.reshape(start.shape).astype(np.float32), done


def _ridge_path(x: Array, y: Array, judge: Array, truth: Array) -> Fitted:
    members = _ridge(x, y, RIDGES)
    losses = [rmse(truth, member.answer(judge)) for member in members]
    at = int(np.argmin(losses))
    return Fitted(members[at], {"strength": RIDGES[at]})


def _ridge(x: Array, y: Array, strengths: Sequence[float]) -> list[Linear]:
    """Solve ridge regression for several penalties from one eigendecomposition.

    Works on the smaller of the (p, p) and (n, n) products of the centred matrix.
    """
    mean, level = x.mean(axis=0, dtype=np.float64), float(y.mean())
    centered = x - mean.astype(np.float32)
    wide = x.shape[1] > x.shape[0]
    product = centered @ centered.T if wide else centered.T @ centered
    values, vectors = np.linalg.eigh(product.astype(np.float64))
    aim = (y - level).astype(np.float64)
    turned = vectors.T @ (aim if wide else (centered.T @ aim.astype(np.float32)))
    members: list[Linear] = []
    for strength in strengths:
        solved = vectors @ (turned / (np.maximum(values, 0.0) + strength))
        weights = centered.T @ solved.astype(np.float32) if wide else solved
        bias = np.array([level - float(mean @ weights)], dtype=np.float32)
        members.append(Linear(weights[:, None].astype(np.float32), bias, 0))
    return members
