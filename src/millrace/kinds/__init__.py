"""What passes between ops, one file per kind."""
