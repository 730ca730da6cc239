"""A batch of rows, typed so that ops need not import pyarrow."""

from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Batch(Protocol):
    """What rows-ops take and give; a `pyarrow.RecordBatch` at run time."""

    @property
    def num_rows(self) -> int:
        """Return the number of rows."""
        ...

    @property
    def schema(self) -> Any:
        """Return the Arrow schema."""
        ...
