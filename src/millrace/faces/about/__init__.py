"""What this installation says of itself, the same on every face.

`findings` is what `millrace doctor` looks at, `facts` holds settings, plug-ins, ops and versions,
`storage` sizes and places, `whole` all of it for one page, `logs` where the log goes.
"""
