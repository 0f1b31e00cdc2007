"""`trigate serve`: the gateway, until it is told to stop."""

import logging
import os
import sys
from enum import StrEnum
from typing import Annotated, Final

import typer

from trigate.app.logs import configure
from trigate.app.serve import Refused, StateInUse
from trigate.app.serve import serve as run_gateway
from trigate.cli.arguments import USAGE, ConfigOption
from trigate.cli.console import Failure, coloured, note
from trigate.config.diagnostics import render_text
from trigate.server.handover import HandoverError
from trigate.server.listeners import Address, ListenError
from trigate.stores.shared_table import SharedTableError

SUPERVISOR: Final = "supervisor"

app: Final = typer.Typer(add_completion=False, rich_markup_mode="markdown")


class Level(StrEnum):
    """What is logged: this, and what is graver."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@app.command()
def serve(
    config: ConfigOption,
    log_level: Annotated[Level, typer.Option(help="Log this, and what is graver, as JSON lines.")] = Level.INFO,
) -> int:
    """Run the gateway.

    SIGTERM and Ctrl-C end it once the calls in flight are finished, SIGHUP reads the configuration again, SIGUSR1
    renews the workers, SIGUSR2 upgrades to the version that is installed now; none of them drops a call.

    Example: `trigate serve --config /etc/trigate`
    """
    level = logging.getLevelNamesMapping()[log_level.upper()]
    configure(SUPERVISOR, level)
    try:
        return run_gateway(str(config), _announce, level)
    except Refused as refused:
        note(render_text(refused.checked.diagnostics, colour=coloured(sys.stderr, os.environ)).rstrip())
        raise Failure(f"{config} cannot be served; correct the errors above", USAGE) from None
    except (ListenError, HandoverError, SharedTableError, StateInUse) as error:
        raise Failure(str(error)) from None


def _announce(addresses: dict[str, Address]) -> None:
    width = max(map(len, addresses))
    for name, address in addresses.items():
        print(f"{name.ljust(width)}  {address}")
    print(f"Trigate serves. Stop it with Ctrl-C, or: kill -TERM {os.getpid()}", flush=True)
