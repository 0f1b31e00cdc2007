"""Guardrails, one per file: what is judged by its content (request, stream, reply, tool arguments)."""
