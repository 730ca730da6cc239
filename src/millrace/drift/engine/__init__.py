"""Two-sample tests by column type, joined under one error rate; pure functions on arrays."""
