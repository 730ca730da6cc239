"""Run a graph of ops that a person drew or wrote.

Ops: format, validate, save, show, list, versions, roll_back and delete keep the graph; run runs
it block by block; filter and python are blocks. Example: `millrace pipeline run tickets`.
"""
