"""Watches over deployments, the history of their checks, and alerts that wait for somebody."""
