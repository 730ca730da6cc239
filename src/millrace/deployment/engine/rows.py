"""Finished requests as a table, one row each."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from millrace.core.ids import new_id
from millrace.deployment.engine.batch import Outcome
from millrace.deployment.engine.handler import Seen
from millrace.deployment.engine.signature import Answer

SCHEMA = pa.schema(
    [
        ("at", pa.timestamp("us", "UTC")),
        ("request_id", pa.string()),
        ("model", pa.string()),
        ("rows", pa.int64()),
        ("latency_ms", pa.float64()),
        ("status", pa.int64()),
        ("error", pa.string()),
        ("cost", pa.float64()),
        ("inputs", pa.string()),
        ("outputs", pa.string()),
    ]
)
BROKEN = 10_000  # characters kept of a body that could not be read


def table(found: Sequence[Seen]) -> pa.Table:
    """Return requests as rows.

    Units: latency in milliseconds, cost in USD of model time, null without a price.
    `inputs` and `outputs` are JSON objects of columns; a request that could not be read has its
    body as one JSON string.
    """
    return pa.table(
        {
            "at": pa.array([int(seen.at * 1e6) for seen in found], SCHEMA.field("at").type),
            "request_id": [(seen.call and seen.call.id) or new_id("req") for seen in found],
            "model": [seen.served.ref for seen in found],
            "rows": pa.array([seen.call.rows if seen.call else 0 for seen in found], pa.int64()),
            "latency_ms": [1e3 * seen.seconds for seen in found],
            "status": pa.array([seen.status for seen in found], pa.int64()),
            "error": pa.array([seen.error or None for seen in found], pa.string()),
            "cost": pa.array([_cost(seen) for seen in found], pa.float64()),
            "inputs": [_inputs(seen) for seen in found],
            "outputs": pa.array([_outputs(seen.outcome) for seen in found], pa.string()),
        },
        schema=SCHEMA,
    )


def _cost(seen: Seen) -> float | None:
    price = seen.served.price
    return price * seen.model_seconds / 3600 if price > 0 else None


def _inputs(seen: Seen) -> str:
    if seen.call is None:
        return json.dumps(seen.body[:BROKEN].decode("utf-8", "replace"))
    columns = {name: _plain(values) for name, values in seen.call.columns.items()}
    return json.dumps(columns, ensure_ascii=False)


def _outputs(answer: Outcome) -> str | None:
    if not isinstance(answer, Answer):
        return None
    if answer.proba is None:
        return json.dumps({"value": _plain(answer.values)})
    shown = {"label": _plain(answer.values), "probabilities": _plain(answer.proba)}
    return json.dumps(shown, ensure_ascii=False)


def _plain(values: Any) -> Any:
    """Return JSON values; a missing number is null, for JSON has no NaN."""
    plain = values.tolist() if isinstance(values, np.ndarray) else list(values)
    return [None if value != value else value for value in plain]
