"""What is computed from the rows of a table: parts, and columns."""
