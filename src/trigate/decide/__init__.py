"""Decisions, pure: (compiled configuration, facts) -> outcome. No clock, no random number, no I/O.

The gateway calls these with what it has just read, `replay` with what the record holds; the answer is the same.
"""
