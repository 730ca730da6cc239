"""Documents and plots: one document model, HTML and Markdown out of it, SVG charts in it.

`document` holds the blocks of a page, `html.to_html` and `markdown.to_markdown` write it,
`plots` draws (`charts.lines`, `charts.bars`, `charts.histogram`, `grid.heatmap`, `curves.roc`,
`graph.draw` ...; each gives a `Picture` for a `Plot` block, or `.svg(standalone=True)`).
`evaluation` and `importance` are what those stations found, with the sections that show it.
No script, no outside request; a server that sends its own policy adds `plots.theme.style_source()`.
"""
