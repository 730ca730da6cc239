"""Work on model folders, alias histories and lineage graphs, without any store."""
