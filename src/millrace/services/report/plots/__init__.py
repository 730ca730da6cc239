"""SVG plots from plain numbers: accessible, for light and dark screens, every text escaped."""
