"""From drift to labels: the rows that changed most, at the top of the queue."""
