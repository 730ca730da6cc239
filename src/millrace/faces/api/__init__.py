"""The HTTP face: one POST route per op, jobs, events, health and metrics."""
