"""Reading a table: target, matrices, folds."""
