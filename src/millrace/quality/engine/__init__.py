"""Checks of a table's quality: pure functions on Arrow columns and arrays."""
