"""What a commit says: the files that the next version of a dataset is made of."""

import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from lance import LanceOperation
from lance.fragment import FragmentMetadata
from lance.schema import LanceSchema

from millrace.stores.datasets.lake import Lake, asked


def grown(lake: Lake, uri: str, version: int, staged: Sequence[Any]) -> LanceOperation.Merge:
    """Put staged fragments behind those of a version."""
    base = lake.open(uri, version)
    held = [fragment.metadata for fragment in base.get_fragments()]
    return LanceOperation.Merge([*held, *_loaded(staged)], base.lance_schema)


def replaced(schema: pa.Schema, staged: Sequence[Any]) -> LanceOperation.Overwrite:
    """Keep staged fragments only."""
    return LanceOperation.Overwrite(schema, _loaded(staged))


def widened(schema: LanceSchema | None, staged: Sequence[Any]) -> LanceOperation.Merge:
    """Keep the fragments, each with a further column."""
    return LanceOperation.Merge(_loaded(staged), schema)


def cleared(lake: Lake, uri: str, version: int, filter: str) -> LanceOperation.BaseOperation:
    """Leave out the rows that fit a filter.

    A `Merge` may not drop fragments: when one is left with no rows, those that are left with
    some are written anew.
    """
    base = lake.open(uri, version)
    with asked():
        left = [fragment.delete(filter) for fragment in base.get_fragments()]
    kept = [fragment for fragment in left if fragment is not None]
    if len(kept) == len(left):
        return LanceOperation.Merge(kept, base.lance_schema)
    return laid(lake, uri, version, without=filter)


def laid(
    lake: Lake, uri: str, version: int, staged: Sequence[Any] = (), without: str | None = None
) -> LanceOperation.Overwrite:
    """Keep the rows of any version, newest or not, and put staged fragments behind them.

    A `Restore` would say the same, but passes over whatever came first. An `Overwrite` takes
    no fragment that rows were deleted from: such a one is written anew. `without` leaves out
    the rows that fit a filter.
    """
    base = lake.open(uri, version)
    held: list[FragmentMetadata] = []
    for fragment in base.get_fragments():
        with asked():
            left = fragment.metadata if without is None else fragment.delete(without)
            if left is None:
                continue
            if left.deletion_file is None:
                held.append(left)
                continue
            kept = None if without is None else f"({without}) IS NOT TRUE"
            rows = fragment.scanner(filter=kept).to_reader()
        held += lake.write(uri, rows, "replace")
    return LanceOperation.Overwrite(base.lance_schema, [*held, *_loaded(staged)])


def _loaded(staged: Sequence[Any]) -> list[FragmentMetadata]:
    return [FragmentMetadata.from_json(json.dumps(fragment)) for fragment in staged]
