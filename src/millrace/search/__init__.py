"""Find the rows of a dataset that are closest to these words or this meaning.

Ops: `search.build`, `search.query`, `search.similar`, `search.list`, `search.delete`.
Example: `millrace search build tickets --text text`, then
`millrace search query tickets "where is my parcel"`.
"""
