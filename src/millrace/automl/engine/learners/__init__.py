"""Families of learners behind one Protocol, each chosen by its name."""
