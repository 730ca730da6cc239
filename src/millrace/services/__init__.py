"""What several capabilities need and none owns: text encoders, saved models, reports.

A service stands below the capabilities and above the stores; it has no ops of its own.
"""
