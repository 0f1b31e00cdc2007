"""`trigate check`: everything that is wrong with a configuration, for people, programs and pull requests."""

import os
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from trigate.cli.arguments import USAGE, OptionalConfig
from trigate.cli.console import Failure, coloured
from trigate.config.compile import check as compile_check
from trigate.config.diagnostics import Diagnostic, has_errors, render_github, render_json, render_text
from trigate.core.clock import SystemClock

ERRORS: Final = 2
WARNINGS: Final = 1

app: Final = typer.Typer(add_completion=False, rich_markup_mode="markdown")


class Format(StrEnum):
    """Whom the findings are for."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


@app.command()
def check(
    path: Annotated[Path | None, typer.Argument(help="The configuration: a file, or a folder of files.")] = None,
    config: OptionalConfig = None,
    output: Annotated[
        Format, typer.Option("--format", help="`text` for people, `json` for programs, `github` for pull requests.")
    ] = Format.TEXT,
    strict: Annotated[bool, typer.Option("--strict", help="End with status 1 if there are only warnings.")] = False,
) -> int:
    """Check a configuration: every error at once, with line and remedy.

    Exit status: 0 it can be served, 1 it has warnings (with `--strict`), 2 it has errors.

    Example: `trigate check trigate.yaml`
    """
    if (path is None) == (config is None):
        raise Failure("name one configuration: trigate check PATH", USAGE)
    found = compile_check(str(path or config), os.environ, SystemClock()).diagnostics
    print(_rendered(found, output), end="")
    if has_errors(found):
        return ERRORS
    return WARNINGS if found and strict else 0


def _rendered(found: Sequence[Diagnostic], output: Format) -> str:
    if output is Format.JSON:
        return render_json(found)
    if output is Format.GITHUB:
        return render_github(found)
    return render_text(found, colour=coloured(sys.stdout, os.environ))
