"""What columns mean, and what of them is shown."""

from typing import TYPE_CHECKING

from millrace.kinds.task import ColumnType
from millrace.stores.datasets import Snapshot

if TYPE_CHECKING:
    import pyarrow as pa

ID = "_id"
BATCH = 65_536  # rows


def is_heavy(kind: "pa.DataType") -> bool:
    """Say whether a column holds bytes, such as images."""
    import pyarrow as pa

    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind)


def types_of(found: Snapshot) -> dict[str, ColumnType]:
    """Return what the columns of a dataset were found or said to mean."""
    return dict(found.meta.get("types", {}))
