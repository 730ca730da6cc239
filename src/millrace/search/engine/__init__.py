"""The work of search: words (FTS5), vectors (exact), fusion (weighted reciprocal rank)."""
