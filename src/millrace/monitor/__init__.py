"""Show how deployments fare: traffic, latency, errors and cost, from logged requests.

Ops: `monitor.summary`, `monitor.requests`, and watches with their checks and alerts.
Example: `millrace monitor summary intent`.
"""
