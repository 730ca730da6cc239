"""What chooses ops at run time: a graph somebody drew, a clock, an agent.

Ops: `pipeline.run` runs a graph of ops, `schedule.create` runs one by the clock.
"""
