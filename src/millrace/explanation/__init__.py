"""Say what a model looks at, over many rows and for one.

`explanation.importance` shuffles each input column and watches the metric fall, with intervals.
`explanation.attribute` splits the answer to single rows into what each column, and each word of
a text, added. Example: `millrace explanation importance intent@champion --dataset tickets-test`.
"""
