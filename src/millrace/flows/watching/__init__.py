"""Checks that are due: the rows a deployment was asked about against what its model learnt from."""
