"""Listeners, HTTP in, worker processes and their supervisor, drain."""
