"""Ways into Millrace: command line, REST and events, NDJSON, Python, agent tools.

Each reads the op registry; none names an op.
"""
