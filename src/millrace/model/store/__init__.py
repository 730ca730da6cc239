"""Queries on models that are more than one call of a store below."""
