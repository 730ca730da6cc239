"""The work of datasets on bytes and Arrow tables: read, decide, convert, profile, split, export."""
