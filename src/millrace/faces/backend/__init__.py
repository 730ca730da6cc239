"""Where a face sends its calls: a workspace in this process, or a server."""
