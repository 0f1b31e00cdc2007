"""The control process's work: answer on its listener, and keep the published configuration up to date.

It may be dead or frozen for hours without a call noticing: workers serve what was published last. Below: `api`,
`reload`. Above: app.py, which opens the listener and turns signals into `stop` and `Reloader.request`.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Iterator
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from trigate.control.api import build
from trigate.control.hosts import OwnHosts
from trigate.control.observed import Observed
from trigate.control.reload import Reloader

MOST_CONNECTIONS: Final = 64
KEEP_ALIVE_S: Final = 5
DRAIN_S: Final = 2


class _Server(uvicorn.Server):
    """uvicorn's server without its signal handlers: signals belong to the process's entry."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Control:
    """What `serve` needs; `tls` of None serves plain HTTP."""

    def __init__(self, observed: Observed, reloader: Reloader, tls: ssl.SSLContext | None = None) -> None:
        self.observed = observed
        self.reloader = reloader
        self.tls = tls


async def serve(listener: socket.socket, control: Control, stop: asyncio.Event) -> None:
    """Serve on a bound listener until `stop`. The listener is closed at the end."""
    reloader = control.reloader
    app = build(control.observed, OwnHosts(listener.getsockname()[0], lambda: reloader.state.hosts))
    server = _Server(_uvicorn(app, control.tls))
    async with asyncio.TaskGroup() as tasks:
        following = tasks.create_task(reloader.run())
        answering = tasks.create_task(server.serve([listener]))
        stopping = tasks.create_task(stop.wait())
        await asyncio.wait((answering, stopping), return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        stopping.cancel()
        following.cancel()


def _uvicorn(app: ASGIApp, tls: ssl.SSLContext | None) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=DRAIN_S,
        ssl_context_factory=(lambda _config, _default: tls) if tls is not None else None,
    )
