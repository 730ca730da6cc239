"""Show what is running and steer it.

Ops: list, show, watch and logs read the durable record of jobs; cancel, pause, resume, stop
and retry steer them. Jobs are made by running any op.

    millrace jobs list --state running
    millrace jobs watch job-0199a7...
"""
