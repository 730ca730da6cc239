"""Show what was trained, with which params, and how its metrics went.

Every training job is an MLflow run, and so is whatever a script of your own logs here or with
a plain `mlflow` client. `runs.list` sorts, filters and aggregates ten thousand of them,
`runs.show`, `runs.history` and `runs.compare` look closer, `runs.start`, `runs.log` and
`runs.finish` record a training of your own, and `runs.rename`, `runs.tag`, `runs.delete` and
`runs.restore` keep order: `millrace runs list --sort metrics.accuracy --limit 10`.
"""
