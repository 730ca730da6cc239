"""Ops that build and ask search indexes."""

from millrace.core.context import Context
from millrace.core.registry import op
from millrace.search.types import (
    BuildParams,
    BuildResult,
    DeleteParams,
    DeleteResult,
    IndexLine,
    ListParams,
    ListResult,
    QueryParams,
    QueryResult,
    SimilarParams,
)


@op("search.build", effect="write")
def build(params: BuildParams, ctx: Context) -> BuildResult:
    """Build an index over a dataset: words, meaning, or both.

    The meaning leg holds one vector a row, from a text encoder or a column; the word leg is a
    BM25 index. Build it again when the dataset has a new version: queries say when it is stale.
    Reads: the text columns.  Writes: one index version.
    Cost: about 15 CPU-us a row for words, 1.5 CPU-ms a short text for meaning (cached), 1.5 kB
    of disk a row.
    Errors: not_found, no such dataset; invalid_input, a column is not there or not text.
    """
    from millrace.search import making

    return making.build(params, ctx)


@op("search.query", effect="read")
def query(params: QueryParams, ctx: Context) -> QueryResult:
    """Find the rows closest to words, a vector or both.

    Both legs are asked and joined by weighted reciprocal rank fusion; each hit says what each
    leg added. An English-only encoder is left out for queries in other alphabets, and the
    result says so. A filter is applied before ranking, so k rows come back if there are k.
    Cost: exact; about 2 CPU-ms per 20,000 rows, plus 1.5 for encoding the query.
    Errors: not_found, no such index; invalid_input, an empty query or a filter that does not fit.
    Source: Cormack, Clarke and Buettcher, Reciprocal Rank Fusion, SIGIR 2009.
    """
    from millrace.search import asking

    return asking.query(params, ctx)


@op("search.similar", effect="read")
def similar(params: SimilarParams, ctx: Context) -> QueryResult:
    """Find the rows closest in meaning to a row.

    Errors: not_found, no such index or row.
    """
    from millrace.search import asking

    return asking.similar(params, ctx)


@op("search.list", effect="read")
def list_indexes(params: ListParams, ctx: Context) -> ListResult:
    """List search indexes and whether each is up to date."""
    from millrace.search import asking
    from millrace.stores.artifacts import Artifacts

    lines = [
        IndexLine(
            index=found.ref,
            dataset=found.meta["dataset"],
            rows=found.meta["rows"],
            encoder=found.meta["encoder"].get("name", ""),
            is_current=asking.is_current(ctx, found),
        )
        for found in ctx.use(Artifacts).list("index", ctx.project)
    ]
    return ListResult(indexes=lines)


@op("search.delete", effect="destructive")
def delete(params: DeleteParams, ctx: Context) -> DeleteResult:
    """Delete a search index version; its dataset stays.

    Errors: not_found, no such index.
    """
    from millrace.stores.artifacts import Artifacts

    return DeleteResult(index=ctx.use(Artifacts).delete(ctx, params.index, "index").ref)
