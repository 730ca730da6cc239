"""Words, ranking of ops, what a text names, and the filling of forms: pure functions."""
