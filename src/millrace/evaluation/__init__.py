"""Say how good a model is, where it fails, and whether it beats another.

`evaluation.run` judges a model (or a column of predictions) on a dataset: metrics with
intervals, classes, slices, curves, kept as a report. `evaluation.compare` tests two models on
the same rows, `evaluation.cross_validate` trains recipes on folds and tests them on the rest,
`evaluation.show` reads a report back. Example: `millrace evaluation run intent@champion
--dataset tickets-test`.
"""
