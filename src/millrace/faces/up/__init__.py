"""`millrace up`: the server process, its workers, and what restarts them."""
