"""Versioned tables of rows on Lance, local or on S3; the one place that imports lance."""

from millrace.stores.datasets.change import Change
from millrace.stores.datasets.stage import Stage
from millrace.stores.datasets.store import Datasets, Snapshot

__all__ = ["Change", "Datasets", "Snapshot", "Stage"]
