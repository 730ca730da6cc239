"""Keep models: versions, aliases, where they came from, and ways in and out.

`model.list` and `model.show` look; `model.promote` makes a version the champion and
`model.roll_back` gives the place back to the one before; `model.alias` names any version;
`model.lineage` draws what a thing was made from and what was made of it; `model.export`,
`model.import` and `model.register` move folders of data, never code; `model.card` writes a page.
Example: `millrace model promote intent@3`.
"""
