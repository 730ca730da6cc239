"""What everything else stands on: the op registry, Context, errors, ids, settings.

Imports the standard library and pydantic only.
"""
