"""How do deployments fare: traffic, latency, errors and cost from their logged requests.

Ops: `monitor.summary`. Example: `millrace monitor summary intent`.
"""
