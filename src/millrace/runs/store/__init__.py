"""Where runs are read: MLflow's own tables, or its API when it is a server."""
