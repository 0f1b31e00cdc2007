"""Arguments and options that several commands share, and what can be read from them."""

import os
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from trigate.cli.console import Failure, coloured, note
from trigate.config.compile import Checked, check
from trigate.config.diagnostics import render_text
from trigate.core.clock import SystemClock

USAGE: Final = 2

ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", metavar="PATH", help="The configuration: a file, or a folder of files.")
]
OptionalConfig = Annotated[
    Path | None, typer.Option("--config", "-c", metavar="PATH", help="The configuration: a file, or a folder of files.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def checked(config: Path) -> Checked:
    """A configuration that has no error. Raises `Failure` (2) after all its errors were noted."""
    found = check(str(config), os.environ, SystemClock())
    if found.published is None:
        note(render_text(found.diagnostics, colour=coloured(sys.stderr, os.environ)).rstrip())
        raise Failure(f"{config} has errors; correct them, and see: trigate check {config}", USAGE)
    return found
