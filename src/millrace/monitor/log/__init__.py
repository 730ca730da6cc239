"""The log of requests of a deployment, a page at a time."""
