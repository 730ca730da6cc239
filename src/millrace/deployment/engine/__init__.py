"""The serving hot path: Open Inference Protocol v2 between a socket and a model.

`hot` answers the socket, `handler` knows the models, `codec` reads and writes bodies,
`batch` runs what arrived together. None of them knows a store or a web framework.
"""
