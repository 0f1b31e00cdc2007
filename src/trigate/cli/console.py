"""How the command line speaks: results go to standard output, everything else to standard error.

Colour is only for terminals, and never where `NO_COLOR` is set (https://no-color.org).
"""

import os
import sys
from collections.abc import Mapping
from typing import Final, TextIO

from rich.console import Console

PIPE_WIDTH: Final = 200
"""Columns where nobody looks: wide enough that a table is not cut."""


class Failure(Exception):
    """What ends a command: one sentence with its remedy, and the exit status."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


def coloured(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether colour may be written to `stream`."""
    return stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


def rich_console(stream: TextIO | None = None) -> Console:
    """A console on a stream (default: standard output) that writes no escape sequence where colour is not wanted."""
    stream = stream or sys.stdout
    terminal = stream.isatty()
    return Console(
        file=stream,
        color_system="auto" if coloured(stream, os.environ) else None,
        force_terminal=terminal,
        width=None if terminal else PIPE_WIDTH,
        highlight=False,
    )


def note(text: str) -> None:
    """Tell people something that is no result."""
    print(text, file=sys.stderr)


def escaped(text: str) -> str:
    """Text from outside with its control characters made visible, so that it cannot drive the terminal."""
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)
