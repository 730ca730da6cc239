"""Explanations on arrays: permutation importance, exact and replaced attributions, words."""
