"""Prometheus figures of one server process."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import Scope

BUCKETS = (0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0)
STATES = ("queued", "running", "paused")


class Figures:
    """Counts requests and shows how many jobs stand where."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self.requests = Counter(
            "millrace_requests", "HTTP requests answered", labels, registry=self.registry
        )
        self.seconds = Histogram(
            "millrace_request_seconds",
            "time to the end of an answer [s]",
            ("route",),
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.jobs = Gauge(
            "millrace_jobs", "jobs by state, counted up to 1000", ("state",), registry=self.registry
        )

    def finished(self, scope: Scope, status: int, seconds: float) -> None:
        """Count one request under its route; unknown paths share one name."""
        route = getattr(scope.get("route"), "path", "other")
        method = str(scope.get("method", "SOCKET"))
        self.requests.labels(method, route, str(status)).inc()
        self.seconds.labels(route).observe(seconds)

    def text(self, jobs: dict[str, int]) -> bytes:
        """Return everything in Prometheus's text format."""
        for state, count in jobs.items():
            self.jobs.labels(state).set(count)
        return generate_latest(self.registry)
