"""Where things are kept: SQL control plane, Lance datasets, files, models, cache, jobs.

Each store is opened once per workspace with `ctx.use(Store)`. Embedded and scaled-out
engines stand behind one interface: SQLite or Postgres, a folder or an object store.
"""
