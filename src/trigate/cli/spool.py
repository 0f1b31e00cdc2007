"""`trigate spool`: the evidence in the spool, as it was written."""

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from trigate.cli.arguments import USAGE
from trigate.cli.console import Failure, note
from trigate.evidence.cat import cat as cat_segments

app: Final = typer.Typer(add_completion=False, rich_markup_mode="markdown", no_args_is_help=True)


@app.callback()
def spool() -> None:
    """Read the evidence that the gateway has written."""


@app.command()
def cat(paths: Annotated[list[Path], typer.Argument(help="Segments, or folders of them: STATE/spool.")]) -> int:
    """Print every record as one line of JSON.

    Only reads, so it may run beside the gateway. Exit status: 0, or 1 if a part of a segment cannot be read; that is
    said in its place.

    Example: `trigate spool cat /var/lib/trigate/spool`
    """
    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        raise Failure(f"there is no {', '.join(missing)}; name segments, or the folder `spool` of the state", USAGE)
    if cat_segments(paths, sys.stdout):
        return 0
    note("trigate: a part of the spool cannot be read; see the lines with `damage`")
    return 1
