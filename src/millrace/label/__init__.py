"""Say which label belongs to each row, who says so, and how far to trust it.

A label set names its labels with guidelines and is bound to a dataset. `label.queue` and
`label.suggest` line the rows up, the least certain first; `label.next`, `label.annotate`,
`label.skip`, `label.flag`, `label.undo` and `label.adjudicate` are what people do with them;
`label.agreement` and `label.consensus` weigh many annotators; `label.settle` writes the settled
labels as a new dataset version. Example:
`millrace label create-set intent --dataset tickets --column text --from-column intent`.
"""
