"""Predictions as columns beside the rows they answer."""

import numpy as np
import pyarrow as pa

from millrace.core.errors import InvalidInput
from millrace.services.predictor.predictor import Predictor


def beside(
    batch: pa.RecordBatch, predictor: Predictor, column: str, *, probabilities: bool
) -> tuple[pa.RecordBatch, list[str]]:
    """Return the batch with prediction columns, and warnings.

    Columns of those names are replaced, unless the model reads them.
    Errors: invalid_input, the model reads a column of that name, or what `predict` raises.
    """
    if column in predictor.features or column == "_id":
        raise InvalidInput(
            f"The model reads the column '{column}', so predictions cannot be written there.",
            "Choose another name with 'column'.",
            field="column",
        )
    table = pa.Table.from_batches([batch])
    found = predictor.predict(table)
    made: dict[str, pa.Array] = {column: pa.array(found.values)}
    if found.proba is not None:
        made[f"{column}_confidence"] = pa.array(found.proba.max(axis=1))
        if probabilities:
            for at, name in enumerate(found.classes):
                made[f"{column}_{name}"] = pa.array(np.ascontiguousarray(found.proba[:, at]))
    for name, values in made.items():
        if name in table.column_names:
            table = table.set_column(table.column_names.index(name), name, values)
        else:
            table = table.append_column(name, values)
    return table.combine_chunks().to_batches()[0], found.warnings
