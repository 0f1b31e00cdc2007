"""The simulator as a server: a class for tests in the same loop, a coroutine and a blocking call for the command line.

Contract: binds one TCP address; ends cleanly on SIGTERM and SIGINT. Above: the command line, users' tests.
Below: `connection`.
"""

import asyncio
import gc
import signal
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self

import uvloop

from trigate.simulator.connection import Connection, Desk, Recorded
from trigate.simulator.stats import Stats


class Simulator:
    """A fake OpenAI and Anthropic on a socket of the running loop.

        async with Simulator() as simulator:
            base_url = f"http://127.0.0.1:{simulator.port}/v1"

    `requests` holds the newest requests, `recorded` of them at most.
    """

    def __init__(self, bind: str = "127.0.0.1", port: int = 0, *, recorded: int = 256) -> None:
        self._bind = bind
        self._port = port
        self._desk = Desk(recorded)
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port that is listened on; 0 before the start."""
        return self._port

    @property
    def requests(self) -> deque[Recorded]:
        return self._desk.requests

    @property
    def stats(self) -> Stats:
        return self._desk.stats

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self._desk), self._bind, self._port, backlog=4096)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is None:
            return
        self._server.close()
        for connection in list(self._desk.connections):
            connection.close()
        await self._server.wait_closed()
        self._server = None


async def serve(bind: str, port: int, *, ready: Callable[[int], None] | None = None) -> None:
    """Serves until SIGTERM, SIGINT or cancellation; main thread only. `ready` is given the port once it listens."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        async with Simulator(bind, port, recorded=0) as simulator:
            if ready is not None:
                ready(simulator.port)
            await stop.wait()
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


def run(bind: str, port: int, *, ready: Callable[[int], None] | None = None) -> None:
    """Serves on a loop of its own until SIGTERM or SIGINT. Raises `OSError` if the address cannot be bound."""
    gc.freeze()  # what is loaded stays: no collection needs to look at it again
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(bind, port, ready=ready))
