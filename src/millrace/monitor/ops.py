"""Ops that watch deployments."""

from millrace.core.context import Context
from millrace.core.registry import op
from millrace.monitor.types import SummaryParams, SummaryResult


@op("monitor.summary", effect="read")
def summary(params: SummaryParams, ctx: Context) -> SummaryResult:
    """Sum up a deployment's traffic, latency, errors and cost.

    Reads the requests that the deployment logs; when it logs a sample, so are the figures.
    Latencies are exact quantiles of what was logged. A bucket without traffic is shown as such.
    Writes: nothing.     Cost: O(n log n); seven columns of the window in memory.
    Errors: not_found, no such deployment and no log of one; invalid_input, the window ends
    before it begins or has too many buckets.
    """
    from millrace.monitor import report

    return report.summary(params, ctx)
