"""Tests on rows that two models answered: what evaluations and comparisons of runs share."""
