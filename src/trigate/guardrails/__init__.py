"""Checks on content. One module per kind: `Config` (a frozen pydantic model) and `build(name, config)`.

A guardrail looks at one part at a time and says why it must not pass, or nothing. It declares its reach: how many
characters around a point it must see to judge that point. The stream is held back by that much, and no more, so that
a streamed reply and a whole one get the same verdict.
"""
