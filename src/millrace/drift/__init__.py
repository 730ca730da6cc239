"""Has the data changed: tests of every column and of all together, under one error rate.

Ops: `drift.test`, `drift.psi`. Example: `millrace drift test train@1 requests-intent`.
"""
