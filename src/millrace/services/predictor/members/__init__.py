"""Trained learners: how each predicts and how each is kept in a file without pickle."""
