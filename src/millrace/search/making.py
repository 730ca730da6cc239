"""Build the files of an index from a dataset, batch by batch."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from millrace.core.context import Context
from millrace.core.errors import InvalidInput
from millrace.search.engine import fuse, legs, vectors, words
from millrace.search.store import Indexes
from millrace.search.types import BuildParams, BuildResult
from millrace.services.encoder import Encoders
from millrace.stores.artifacts import Artifacts
from millrace.stores.datasets import Datasets, Snapshot

BATCH = 4096
JUDGED = 200
BY_WORDS = {"text": 0.75, "vector": 0.25}
BY_MEANING = {"text": 0.25, "vector": 0.75}


def build(params: BuildParams, ctx: Context) -> BuildResult:
    """Write both legs into a folder, store it, and record the index version."""
    snapshot = ctx.use(Datasets).info(params.dataset, ctx.project)
    columns = text_columns(params, snapshot)
    if params.judge is not None:
        snapshot.need(params.judge)
    notices: list[str] = []
    with tempfile.TemporaryDirectory(dir=ctx.workspace.folder("cache")) as place:
        folder = Path(place)
        if columns:
            words.build(folder / "words.db", _texts(ctx, snapshot, columns))
        encoder = _vectors(params, ctx, snapshot, columns, folder, notices)
        split = BY_MEANING if encoder.get("is_semantic", False) else BY_WORDS
        weights, judged = _weights(params, ctx, snapshot, folder, split)
        size = sum(path.stat().st_size for path in folder.iterdir())
        digest = ctx.use(Indexes).put(folder)
    meta: dict[str, Any] = {
        "objects": digest,
        "dataset": snapshot.ref,
        "rows": snapshot.rows,
        "columns": columns,
        "vector": params.vector,
        "encoder": encoder,
        "weights": weights,
    }
    name = params.name or snapshot.name
    made = ctx.use(Artifacts).add(ctx, "index", name, meta, parents=[snapshot.ref])
    return BuildResult(
        index=made.ref,
        dataset=snapshot.ref,
        rows=snapshot.rows,
        columns=columns,
        encoder=encoder["name"] if encoder else "",
        weights=weights,
        judged=judged,
        bytes=size,
        notices=notices,
    )


def text_columns(params: BuildParams, snapshot: Snapshot) -> list[str]:
    """Return the text columns to index: those named, else those that hold texts.

    Errors: invalid_input, not there, not text, or nothing to index at all.
    """
    snapshot.need(*params.text)
    kinds = {field.name: field.type for field in snapshot.schema}
    for column in params.text:
        if not _is_text(kinds[column]):
            raise InvalidInput(
                f"Column '{column}' of '{snapshot.ref}' holds {kinds[column]}, not text.",
                "Name text columns.",
                column=column,
            )
    if params.vector is not None:
        snapshot.need(params.vector)
        kind = kinds[params.vector]
        if not pa.types.is_fixed_size_list(kind) or not pa.types.is_floating(kind.value_type):
            raise InvalidInput(
                f"Column '{params.vector}' of '{snapshot.ref}' holds {kinds[params.vector]}.",
                "Vectors are lists of numbers of one fixed length.",
                column=params.vector,
            )
        return params.text
    found = params.text or _guess(snapshot, kinds)
    if not found:
        raise InvalidInput(
            f"'{snapshot.ref}' has no column of texts.", "Name one with 'text' or 'vector'."
        )
    return found


def _guess(snapshot: Snapshot, kinds: dict[str, pa.DataType]) -> list[str]:
    """Return string columns said to be text at import, else all string columns."""
    types: dict[str, str] = snapshot.meta.get("types", {})
    strings = [name for name, kind in kinds.items() if _is_text(kind)]
    return [name for name in strings if types.get(name) == "text"] or strings


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _texts(ctx: Context, snapshot: Snapshot, columns: list[str]) -> Iterator[list[tuple[int, str]]]:
    done = 0
    stream = ctx.use(Datasets).scan(
        snapshot.ref, ["_id", *columns], batch_rows=BATCH, project=ctx.project
    )
    for batch in stream:
        ids = batch.column("_id").to_pylist()
        yield list(zip(ids, joined(batch, columns), strict=True))
        done += batch.num_rows
        ctx.progress(done, snapshot.rows, "words")


def joined(batch: Any, columns: list[str]) -> list[str]:
    """Return the text columns of each row as one text; a missing value adds nothing."""
    parts = [batch.column(column).to_pylist() for column in columns]
    return ["\n".join(part for part in row if part) for row in zip(*parts, strict=True)]


def _vectors(
    params: BuildParams,
    ctx: Context,
    snapshot: Snapshot,
    columns: list[str],
    folder: Path,
    notices: list[str],
) -> dict[str, Any]:
    """Write the meaning leg; return who made it, empty when there is none."""
    if params.encoder == "none" and params.vector is None:
        return {}
    datasets = ctx.use(Datasets)
    if params.vector is not None:
        table = datasets.read(snapshot.ref, ["_id", params.vector], project=ctx.project)
        ids, stacked = _stacked(table, params.vector, notices)
        vectors.save(folder, ids, vectors.unit(stacked))
        return {"name": f"column {params.vector}", "dim": int(stacked.shape[1])}
    encoder = ctx.use(Encoders).get(params.encoder)
    if encoder.notice:
        notices.append(encoder.notice)
    table = datasets.read(snapshot.ref, ["_id", *columns], project=ctx.project)
    found = encoder.encode(
        joined(table, columns),
        progress=lambda done, total: ctx.progress(done, total, "meaning"),
    )
    vectors.save(folder, table.column("_id").to_numpy(), found)
    return {
        "name": encoder.name,
        "fingerprint": encoder.fingerprint,
        "dim": encoder.dim,
        "languages": list(encoder.languages),
        "is_semantic": encoder.is_semantic,
    }


def _stacked(
    table: pa.Table, column: str, notices: list[str]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return ids (n,) and vectors (n, d); rows without a finite vector are left out, aloud."""
    ids: list[NDArray[np.int64]] = []
    parts: list[NDArray[np.float32]] = []
    for batch in table.drop_null().to_batches():
        values = batch.column(column)
        flat = values.flatten().to_numpy(zero_copy_only=False).astype(np.float32)
        block = flat.reshape(batch.num_rows, values.type.list_size)
        good = np.isfinite(block).all(axis=1)
        parts.append(block[good])
        ids.append(batch.column("_id").to_numpy()[good])
    size = table.schema.field(column).type.list_size
    found = np.concatenate([np.empty((0, size), np.float32), *parts])
    lost = table.num_rows - len(found)
    if lost:
        notices.append(
            f"{lost} of {table.num_rows} rows have no finite vector in '{column}': left out."
        )
    return np.concatenate([np.empty(0, np.int64), *ids]), found


def _weights(
    params: BuildParams, ctx: Context, snapshot: Snapshot, folder: Path, split: dict[str, float]
) -> tuple[dict[str, float], dict[str, float]]:
    has_words, has_vectors = (folder / "words.db").exists(), (folder / "vectors.npy").exists()
    if not (has_words and has_vectors):
        return ({"text": 1.0} if has_words else {"vector": 1.0}), {}
    if params.judge is None:
        return dict(split), {}
    columns = text_columns(params, snapshot)
    table = ctx.use(Datasets).read(
        snapshot.ref, list(dict.fromkeys(["_id", params.judge, *columns])), project=ctx.project
    )
    ids = table.column("_id").to_pylist()
    values = table.column(params.judge).to_pylist()
    labels = {row: str(value) for row, value in zip(ids, values, strict=True) if value is not None}
    texts = dict(zip(ids, joined(table, columns), strict=True))
    dice = np.random.default_rng(ctx.seed)
    rows = sorted(labels)
    queries = [rows[at] for at in dice.permutation(len(rows))[:JUDGED]]
    known, matrix = vectors.load(folder)
    database = words.open_index(folder / "words.db")
    index = legs.Index(known, matrix, database)
    weights, scores = fuse.choose_weights(
        queries,
        labels,
        lambda row: legs.ask(index, words.terms(texts[row]), legs.vector_of(index, row), 11, None),
    )
    database.close()
    return weights, scores
