"""A result that knows how a person reads it best."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class Readable(Protocol):
    """Results with their own short text; every other is laid out by its fields."""

    def readable(self) -> str:
        """Return the text for a terminal, in lines."""
        ...
