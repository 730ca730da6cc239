"""Is this data fit to learn from: one check of a whole dataset, one score, every fault with rows.

Ops: `quality.check`. Example: `millrace quality check tickets --target intent`.
"""
