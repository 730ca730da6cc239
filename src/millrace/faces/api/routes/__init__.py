"""The routes of the HTTP face, a file per noun; none of them names an op."""
