"""`trigate schema`: the JSON Schema that this installation's configuration follows."""

from pathlib import Path
from typing import Annotated, Final

import typer

from trigate.cli.console import note
from trigate.config.jsonschema import render

app: Final = typer.Typer(add_completion=False, rich_markup_mode="markdown")


@app.command()
def schema(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it here, not to standard output.")
    ] = None,
) -> int:
    """Print the JSON Schema of a configuration, for editors.

    It knows the extensions that are installed here. With the YAML language server, begin the configuration with
    `# yaml-language-server: $schema=trigate.schema.json`.

    Example: `trigate schema --output trigate.schema.json`
    """
    text = render()
    if output is None:
        print(text, end="")
    else:
        output.write_text(text, "utf-8")
        note(f"wrote {output}")
    return 0
