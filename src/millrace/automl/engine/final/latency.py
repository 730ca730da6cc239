"""How long one answer takes."""

import time
from typing import Any

import numpy as np
import pyarrow as pa

from millrace.services.predictor.predictor import Predictor

REPEATS = 15
PATIENCE = 0.3


def single_row(predictor: Predictor, table: pa.Table) -> float:
    """Return the median time of answering one row of the table [ms].

    Rows differ from call to call, as they would in use. Ends after 15 calls or 0.3 s.
    """
    calls: list[float] = []
    end = time.perf_counter() + PATIENCE
    columns = table.slice(0, REPEATS).select(predictor.features).to_pydict()
    rows: list[dict[str, list[Any]]] = [
        {name: [values[at]] for name, values in columns.items()}
        for at in range(min(REPEATS, table.num_rows))
    ]
    predictor.predict_arrays(rows[0])
    for row in rows:
        begun = time.perf_counter()
        predictor.predict_arrays(row)
        calls.append(time.perf_counter() - begun)
        if time.perf_counter() > end:
            break
    return float(np.median(calls)) * 1000.0
