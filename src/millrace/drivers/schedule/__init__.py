"""Run an op or a pipeline by the clock.

Ops: create, pause, resume and delete keep schedules; list and show tell what they did; next
says when an expression comes. Example: `millrace schedule next "0 9 * * 1-5"`. Worker
processes look every second which schedules are due.
"""
