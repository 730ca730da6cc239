"""Joins the capabilities: one op's result becomes the input of another.

Ops: `flows.tour` runs the whole loop on a file. Example: `millrace tour tickets.csv`.
"""
