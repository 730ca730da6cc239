"""Commands that are no ops: about this installation, its health, and what stays running."""
