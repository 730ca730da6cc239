"""The web app as files: read into memory once, answered before anything needs a token.

`assets` holds the built files with their compressed twins, `shell` decides which request gets
the page and which a file, `policy` holds every Content-Security-Policy.
"""
