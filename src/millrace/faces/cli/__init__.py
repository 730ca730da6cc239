"""The command line: one command per op, read from the registry; run `millrace --help`."""

from millrace.faces.cli.main import main

__all__ = ["main"]
