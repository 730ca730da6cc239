"""Test whether data has changed: every column and all together, under one error rate.

Ops: `drift.test`, `drift.psi`. Example: `millrace drift test train@1 requests-intent`.
"""
