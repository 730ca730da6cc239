"""Durable jobs: recorded, fenced, resumable; in this process or by workers (DBOS)."""

from millrace.stores.jobs.store import Jobs

__all__ = ["Jobs"]
