"""Get rows in, look at them, divide them, write them out.

`dataset.import` reads CSV, TSV, JSON lines, Parquet, Excel, folders of images, SQL results and
objects of S3 or GCS into a versioned dataset, shows how it read them and why, and sets every row
that it could not read aside with its line and reason. `dataset.describe`, `rows`, `list`,
`versions` and `diff` look; `split` and `sample` write new versions, and so do `add_column`,
`delete_rows` and `restore`; `export` writes files; `tag` names a version and `delete` hides one.
Example: `millrace dataset import people.csv`.
"""
