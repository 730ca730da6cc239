"""The Python face: `millrace.open(path_or_url)` gives `ws.<folder>.<verb>(...)`."""
