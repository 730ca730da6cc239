"""Find the model that predicts a column best, within a budget.

Ops: `automl.train` searches learners and keeps the best single model and an ensemble,
`automl.predict` writes predictions beside the rows of a dataset, `automl.leaderboard` shows
every trial. Example: `millrace automl train dataset:houses --target price --budget 60`.
"""
