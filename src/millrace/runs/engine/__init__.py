"""Arithmetic on runs: order and filters, series made shorter, comparison, tests."""
