"""The end of a search: weights, last training, folder, latency."""
