"""Trigate: one governed entry point for everything an organisation's software says to models, tools and agents."""

from importlib.metadata import version

__version__ = version("trigate")
