"""Agreement, consensus, suggestions and the order of the queue; pure functions on arrays."""
