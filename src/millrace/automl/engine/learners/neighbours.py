"""Nearest neighbours among text vectors."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from millrace.automl.engine.learners.learner import Fitted, Limit
from millrace.automl.engine.scores import log_loss, rmse
from millrace.automl.engine.table.data import Data
from millrace.services.predictor.members.vectors import Neighbours

Array = NDArray[Any]
COUNT = 10
TEMPERATURES = (0.03, 0.05, 0.1)
MOST_ROWS = 20_000


class NearTexts:
    """Keeps the training texts' vectors (float16, at most 20,000) and lets the nearest vote."""

    family = "neighbours"

    def fit(
        self, data: Data, train: Array, valid: Array, settings: dict[str, Any], limit: Limit
    ) -> Fitted:
        """Let the validation rows choose how fast votes fade with distance.

        Random: seeded, only to choose rows beyond 20,000. Cost: O(n m d) for m kept rows.
        """
        del settings, limit
        member = _member(data, train, TEMPERATURES[0])
        near, place = member.nearest(data.views.text[valid])
        losses = [
            _loss(data, valid, member.vote(near, place, temperature))
            for temperature in TEMPERATURES
        ]
        member.temperature = TEMPERATURES[int(np.argmin(losses))]
        return Fitted(member, {"temperature": member.temperature})

    def refit(
        self,
        data: Data,
        settings: dict[str, Any],
        choices: Sequence[dict[str, float]],
        limit: Limit,
    ) -> Fitted:
        """Keep all rows, with the mean temperature."""
        del settings, limit
        temperature = float(np.mean([choice["temperature"] for choice in choices]))
        return Fitted(_member(data, np.arange(data.n), temperature), {"temperature": temperature})


def _loss(data: Data, valid: Array, answer: Array) -> float:
    y = data.label[valid]
    # A class without a vote would cost 35 nats; a little of the uniform answer tempers that.
    return log_loss(y, 0.98 * answer + 0.02 / data.k) if data.k else rmse(y, answer)


def _member(data: Data, rows: Array, temperature: float) -> Neighbours:
    if len(rows) > MOST_ROWS:
        random = np.random.default_rng(data.seed)
        rows = np.sort(random.choice(rows, MOST_ROWS, replace=False))
    vectors = data.views.text[rows].astype(np.float16)
    return Neighbours(vectors, data.label[rows], COUNT, temperature, data.k)
