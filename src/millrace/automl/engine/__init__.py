"""The search itself, on arrays and tables: no stores, no registry, no faces.

`prepare` reads a table, `search` tries learners on shared folds, `finish` weighs and refits.
"""
