"""The control process: metrics and status on its listener, and the configuration compiled again when it changes."""

import asyncio
import logging
import os
import signal
import socket
from pathlib import Path
from typing import Final

import msgspec
import uvloop

from trigate import __version__
from trigate.app.child import run as run_child
from trigate.app.layout import Settings
from trigate.config.publish import latest
from trigate.config.published import decode
from trigate.control.observed import Observed
from trigate.control.reload import Reloader
from trigate.control.serve import Control, serve
from trigate.core.clock import SystemClock
from trigate.server.assignment import Assignment
from trigate.server.lifeline import tie
from trigate.server.tls import Pair, ServerTls
from trigate.stores.breaker_board import BreakerBoard
from trigate.stores.shared_table import SharedTable
from trigate.stores.usage_reader import UsageReader

LISTENER = "control"
SHOW_SECONDS: Final = 0.5
LOG: Final = logging.getLogger("trigate.control")


def main(settings: Settings, assignment: Assignment) -> int:
    """Returns the exit status."""
    tie(assignment.supervisor)
    with SharedTable.open(settings.layout.table, writable=False) as table:
        uvloop.run(_run(settings, assignment, table))
    return 0


async def _run(settings: Settings, assignment: Assignment, table: SharedTable) -> None:
    clock, layout = SystemClock(), settings.layout
    stop = asyncio.Event()
    reloader = Reloader(settings.config, os.environ, settings.static, clock)
    observed = Observed(
        version=__version__,
        clock=clock,
        usage=UsageReader(layout.usage),
        spool=layout.spool,
        table=table,
        reload=lambda: reloader.state,
        breakers=BreakerBoard(layout.breakers).read,
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, reloader.request)
    listener = socket.socket(fileno=assignment.descriptors[LISTENER])
    assignment.report_ready()
    tls = _tls(settings)
    async with asyncio.TaskGroup() as tasks:
        showing = tasks.create_task(_keep_up(reloader, layout.reload, tls))
        await serve(listener, Control(observed, reloader, tls.context if tls else None), stop)
        showing.cancel()


def _tls(settings: Settings) -> ServerTls | None:
    """The TLS of the control listener, as published. Raises `TlsError`, OSError, ValueError."""
    change = latest(settings.static.state_dir)
    assert change is not None, "serve publishes before it starts a child"
    published = decode((settings.layout.root / change.snapshot).read_bytes())
    own = next(each for each in published.listeners if each.name == LISTENER)
    if own.certificate is None or own.private_key is None:
        return None
    return ServerTls(LISTENER, Pair(Path(own.certificate), Path(own.private_key)))


async def _keep_up(reloader: Reloader, path: Path, tls: ServerTls | None) -> None:
    """Keep how the last reload ended in the state directory, where it can be read while control is dead, and serve
    the newest certificate.
    """
    shown = None
    draft = path.with_suffix(".new")
    while True:
        if reloader.state is not shown:
            shown = reloader.state
            try:
                draft.write_bytes(msgspec.json.encode(shown))
                draft.replace(path)
            except OSError as error:
                LOG.warning("the last reload cannot be shown: %s", error)
        if tls is not None:
            tls.reload()
        await asyncio.sleep(SHOW_SECONDS)


if __name__ == "__main__":
    run_child(main)
