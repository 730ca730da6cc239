"""Check whether data is fit to learn from: one score, and every fault with its rows.

Ops: `quality.check`. Example: `millrace quality check tickets --target intent`.
"""
