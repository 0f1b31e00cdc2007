"""Routing strategies. One module per kind: `Config` (a frozen pydantic model) and `build(config, weights)`.

A selector is pure: it orders candidates by what it is given, so that a recorded choice can be replayed.
"""
