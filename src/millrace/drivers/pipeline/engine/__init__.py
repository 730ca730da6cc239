"""The work of pipelines on text, graphs and tables: no store, no registry."""
