"""Answer a query: ask the legs, join them, fetch the rows, say why."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from millrace.core.context import Context
from millrace.core.errors import InvalidInput, NotFound
from millrace.kinds.filter import compile_filter
from millrace.search.engine import fuse, legs, vectors, words
from millrace.search.making import joined
from millrace.search.store import Indexes
from millrace.search.types import Hit, Leg, QueryParams, QueryResult, SimilarParams
from millrace.services.encoder import Encoders
from millrace.stores.artifacts import Artifact, Artifacts
from millrace.stores.datasets import Datasets

LEGS = ("text", "vector")


def query(params: QueryParams, ctx: Context) -> QueryResult:
    """Return the best rows for words, a vector or both."""
    found = ctx.use(Artifacts).get(params.index, "index", ctx.project)
    if not (params.text and params.text.strip()) and params.vector is None:
        raise InvalidInput("The query is empty.", "Give 'text', 'vector' or both.", field="text")
    notices = stale(ctx, found)
    weights = _weights(params.weights, found)
    terms = words.terms(params.text or "")
    vector = _query_vector(params, ctx, found, weights, notices)
    rankings = _ask(ctx, found, terms, vector, params.k, params.filter)
    hits = fuse.fuse(rankings, _usable(weights, rankings), params.k)
    used = _usable(weights, rankings)
    return QueryResult(
        index=found.ref,
        dataset=found.meta["dataset"],
        hits=_described(ctx, found, hits, terms, params.columns),
        weights=used,
        terms=terms,
        notices=notices,
    )


def similar(params: SimilarParams, ctx: Context) -> QueryResult:
    """Return the rows nearest to a row of the index."""
    found = ctx.use(Artifacts).get(params.index, "index", ctx.project)
    opened = ctx.use(Indexes).get(found)
    index = legs.Index(opened.ids, opened.vectors, opened.words)
    vector = legs.vector_of(index, params.row)
    if vector is None:
        raise NotFound(
            f"Row {params.row} has no vector in '{found.ref}'.",
            "Name the _id of an indexed row; an index built with encoder 'none' has no vectors.",
        )
    rankings = _ask(ctx, found, [], vector, params.k + 1, params.filter)
    near = {"vector": [hit for hit in rankings["vector"] if hit[0] != params.row]}
    hits = fuse.fuse(near, {"vector": 1.0}, params.k)
    return QueryResult(
        index=found.ref,
        dataset=found.meta["dataset"],
        hits=_described(ctx, found, hits, [], None),
        weights={"vector": 1.0},
        terms=[],
        notices=stale(ctx, found),
    )


def stale(ctx: Context, index: Artifact) -> list[str]:
    """Return a notice when the dataset has a newer version than the index."""
    if is_current(ctx, index):
        return []
    return [
        f"The index was built on '{index.meta['dataset']}', which is not the newest version: "
        f"run 'millrace search build {index.name}' to renew it."
    ]


def is_current(ctx: Context, index: Artifact) -> bool:
    """Say whether the dataset of an index has no newer version."""
    built = str(index.meta["dataset"])
    try:
        newest = ctx.use(Artifacts).get(built.split("@")[0], "dataset", ctx.project)
    except NotFound:
        return False
    return newest.ref == built


def _weights(given: dict[str, float] | None, index: Artifact) -> dict[str, float]:
    if given is None:
        return dict(index.meta["weights"])
    for leg, weight in given.items():
        if leg not in LEGS or not 0 <= weight <= 1000:
            raise InvalidInput(
                f"The weight of '{leg[:40]}' is {weight}.",
                "Weights are 0 or more, for 'text' and 'vector'.",
                field="weights",
            )
    if not any(given.values()):
        raise InvalidInput("Every weight is 0.", "Give one leg more than 0.", field="weights")
    return given


def _query_vector(
    params: QueryParams,
    ctx: Context,
    index: Artifact,
    weights: dict[str, float],
    notices: list[str],
) -> NDArray[np.float32] | None:
    made = index.meta["encoder"]
    if params.vector is not None:
        if not made or len(params.vector) != made["dim"] or not np.isfinite(params.vector).all():
            raise InvalidInput(
                f"The vector has {len(params.vector)} numbers.",
                f"'{index.ref}' needs {made['dim'] if made else 'no vector: it has none'}, all "
                "finite.",
                field="vector",
            )
        if not any(params.vector):
            raise InvalidInput(
                "The vector is zero, so no row is nearer to it than another.",
                "Give a vector with a number other than 0.",
                field="vector",
            )
        return vectors.unit(np.asarray([params.vector], np.float64))[0]
    if not made or "fingerprint" not in made or weights.get("vector", 0) <= 0:
        return None
    text = params.text or ""
    known = made["languages"]
    if "*" not in known and legs.latin_share(text) < 0.5 and not _reads_other_scripts(known):
        notices.append(
            f"The encoder '{made['name']}' was trained on {', '.join(known)}: the query was "
            "answered by its words alone."
        )
        return None
    encoder = ctx.use(Encoders).get(made["name"])
    if encoder.fingerprint != made["fingerprint"]:
        notices.append(
            f"The encoder '{made['name']}' is not the one the index was built with: the query "
            "was answered by its words alone. Build the index again."
        )
        return None
    return encoder.encode([text], kind="query")[0]


def _reads_other_scripts(languages: Sequence[str]) -> bool:
    return bool({"ru", "uk", "bg", "el", "ar", "he", "zh", "ja", "ko", "hi", "th"} & set(languages))


def _ask(
    ctx: Context,
    index: Artifact,
    terms: list[str],
    vector: NDArray[np.float32] | None,
    k: int,
    filter: Any,
) -> dict[str, fuse.Ranking]:
    allowed = None
    if filter is not None:
        datasets, ref = ctx.use(Datasets), str(index.meta["dataset"])
        schema = {f.name: str(f.type) for f in datasets.info(ref, ctx.project).schema}
        rows = datasets.read(
            ref, ["_id"], filter=compile_filter(filter, schema), project=ctx.project
        )
        allowed = rows.column("_id").to_numpy()
    with ctx.use(Indexes).using(index) as opened:
        part = legs.Index(opened.ids, opened.vectors, opened.words)
        return legs.ask(part, terms, vector, k, allowed)


def _usable(weights: dict[str, float], rankings: dict[str, fuse.Ranking]) -> dict[str, float]:
    """Return the weights of the legs that answered; alone, a leg counts whatever its weight."""
    used = {leg: weights.get(leg, 0.0) for leg in rankings}
    return used if any(used.values()) else dict.fromkeys(rankings, 1.0)


def _described(
    ctx: Context,
    index: Artifact,
    hits: list[fuse.Hit],
    terms: list[str],
    columns: list[str] | None,
) -> list[Hit]:
    texts: list[str] = index.meta["columns"]
    ids = [hit.id for hit in hits]
    datasets, ref = ctx.use(Datasets), str(index.meta["dataset"])
    schema = datasets.info(ref, ctx.project).schema
    shown = [f.name for f in schema if _is_shown(f.type)]
    if columns is not None:
        datasets.info(ref, ctx.project).need(*columns)
        hidden = [name for name in columns if name not in shown]
        if hidden:
            raise InvalidInput(
                f"Column '{hidden[0]}' holds {schema.field(hidden[0]).type}, which is not shown.",
                "Leave vectors and bytes out of 'columns'.",
                column=hidden[0],
            )
        shown = columns
    wanted = list(dict.fromkeys(["_id", *shown, *texts]))
    table = datasets.take(ref, ids, wanted, project=ctx.project)
    rows = {row["_id"]: row for row in table.select(dict.fromkeys(["_id", *shown])).to_pylist()}
    parts = words.snippets(joined(table, texts) if texts else [""] * table.num_rows, terms)
    cut = dict(zip(table.column("_id").to_pylist(), parts, strict=True))
    return [
        Hit(
            id=hit.id,
            score=hit.score,
            legs=[Leg(**vars(part)) for part in hit.parts],
            snippet=cut[hit.id].text,
            marks=cut[hit.id].marks,
            row=_plain(rows[hit.id]),
        )
        for hit in hits
        if hit.id in rows
    ]


def _is_shown(kind: pa.DataType) -> bool:
    """Say whether a column can be shown as JSON: no vectors, no bytes, however deep."""
    if pa.types.is_fixed_size_list(kind) or pa.types.is_union(kind):
        return False
    if pa.types.is_nested(kind):
        return all(_is_shown(kind.field(at).type) for at in range(kind.num_fields))
    return not _is_bytes(kind)


def _is_bytes(kind: pa.DataType) -> bool:
    return (
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_binary_view(kind)
        or pa.types.is_fixed_size_binary(kind)
    )


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as JSON can hold it: dates as text."""
    return {
        key: value.isoformat() if hasattr(value, "isoformat") else value
        for key, value in row.items()
        if key != "_id"
    }
