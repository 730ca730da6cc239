"""Millrace: the whole machine-learning loop in one product.

`millrace.open(path_or_url)` gives a client of a workspace:

    >>> import millrace
    >>> with millrace.open("./.millrace") as ws:  # doctest: +SKIP
    ...     ws.dataset.list()
"""

from typing import Any

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name in {"Client", "open"}:
        from importlib import import_module  # by name: no layer below may lean on the faces

        return getattr(import_module("millrace.faces.python.typed"), name)
    raise AttributeError(f"module 'millrace' has no attribute '{name}'")
