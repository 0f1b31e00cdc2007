"""`trigate config`: a configuration as the gateway understands it."""

import os
from typing import Annotated, Final

import typer

from trigate.cli.arguments import ConfigOption, checked
from trigate.config.effective import show_effective
from trigate.config.secrets import References

app: Final = typer.Typer(add_completion=False, rich_markup_mode="markdown", no_args_is_help=True)


@app.callback()
def config() -> None:
    """Show a configuration as the gateway understands it."""


@app.command()
def show(
    config: ConfigOption,
    effective: Annotated[
        bool, typer.Option("--effective", help="With includes merged and defaults filled in; there is no other view.")
    ] = True,
) -> int:
    """Print a configuration with includes merged, defaults filled in, and secrets hidden.

    Example: `trigate config show --effective --config trigate.yaml`
    """
    checked(config)
    print(show_effective(str(config), References(os.environ)), end="")
    return 0
