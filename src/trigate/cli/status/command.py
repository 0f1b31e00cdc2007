"""`trigate status`: finds the state directory, reports, and turns health into an exit status."""

from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer

from trigate.cli.arguments import USAGE, JsonOption, OptionalConfig, checked
from trigate.cli.console import Failure, rich_console
from trigate.cli.status.report import Health, Report, report
from trigate.cli.status.view import show
from trigate.config.schema import State
from trigate.core.clock import SystemClock
from trigate.stores.shared_table import SharedTableError

EXIT: Final = {Health.HEALTHY: 0, Health.DEGRADED: 1, Health.NOT_RUNNING: 3}

app: Final = typer.Typer(add_completion=False, rich_markup_mode="markdown")

StateOption = Annotated[
    Path | None, typer.Option("--state", "-s", metavar="DIR", help="The state directory; or name the configuration.")
]


@app.command()
def status(state: StateOption = None, config: OptionalConfig = None, as_json: JsonOption = False) -> int:
    """Show the running gateway: processes, revisions, breakers, spool.

    Everything is read from the state directory, so it works while parts of the gateway are dead.

    Exit status: 0 healthy, 1 degraded, 3 not running.

    Example: `trigate status --state /var/lib/trigate`
    """
    if state is not None and config is not None:
        raise Failure("name the state directory or the configuration, not both", USAGE)
    clock = SystemClock()
    found = _report(_state_dir(state, config))
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    else:
        show(found, rich_console(), clock.wall_ns())
    return EXIT[found.health]


def _report(state: Path) -> Report:
    try:
        return report(state, SystemClock())
    except PermissionError as error:
        raise Failure(f"{error.filename} cannot be read; ask as the user that runs the gateway, or as root") from None
    except SharedTableError as error:
        raise Failure(str(error)) from None


def _state_dir(state: Path | None, config: Path | None) -> Path:
    if state is not None:
        return state
    if config is None:
        return Path(State().dir)
    static = checked(config).static
    assert static is not None
    return Path(static.state_dir)
