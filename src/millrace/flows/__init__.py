"""Join the capabilities: one op's result becomes the input of another.

Ops: `flows.tour` runs the whole loop on a file, `flows.overview` shows what needs you,
`flows.check_drift` and `flows.review_drift` lead from drift to labels, `flows.retrain` from labels
to a challenger. Example: `millrace tour tickets.csv`.
"""
