"""Measuring on arrays: metrics under weights, intervals, slices, curves, comparisons, folds.

Everything that has an interval is a `Family`: it turns row weights into values, so that the
same code gives the estimate (all ones) and its bootstrap (multinomial counts).
"""
