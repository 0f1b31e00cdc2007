"""A server in memory under a manual clock, with handlers to put behind it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from trigate.config.published import PublishedLimits, PublishedListener
from trigate.core.ports import Request, Responder
from trigate.server.connection import Handler, HttpConnection
from trigate.server.http import HttpServer
from trigate.server.memory import Client, Reply, connect

START_NS: Final = 1_000 * 1_000_000_000


class ManualClock:
    def __init__(self) -> None:
        self.now_ns = START_NS

    def monotonic_ns(self) -> int:
        return self.now_ns

    def wall_ns(self) -> int:
        return 1_700_000_000 * 1_000_000_000 + self.now_ns


class Front:
    """`seen` holds every request that reached the handler."""

    def __init__(
        self, handler: Handler, limits: PublishedLimits | None = None, listener: PublishedListener | None = None
    ) -> None:
        self.clock = ManualClock()
        self.live: set[HttpConnection] = set()
        self.seen: list[Request] = []
        self._handler = handler
        self.server = HttpServer(self._handle, self.live, self.clock)
        self.server.update(limits or PublishedLimits(), [listener or PublishedListener("data")])

    async def _handle(self, request: Request, responder: Responder) -> None:
        self.seen.append(request)
        await self._handler(request, responder)

    def connect(self, address: str = "10.1.2.3") -> Client:
        return connect(self.server.protocol_factory("data"), address)

    async def pass_time(self, seconds: float) -> None:
        """Let the clock run, a tick a second, and the loop settle after each."""
        for _ in range(int(seconds)):
            self.clock.now_ns += 1_000_000_000
            self.server.tick()
            await settle()


async def settle() -> None:
    """Let the loop run until callbacks of callbacks are done."""
    for _ in range(20):
        await asyncio.sleep(0)


async def echo(request: Request, responder: Responder) -> None:
    body = await request.body(1_000_000)
    responder.start(200, [])
    await responder.end(body)


def play(front: Callable[[], Front], story: Callable[[Front], Awaitable[None]]) -> Front:
    """Run `story` before a fresh front; ten seconds are an end."""

    async def run() -> Front:
        made = front()
        async with asyncio.timeout(10):
            await story(made)
        return made

    return asyncio.run(run())


async def refused(front: Front, data: bytes) -> Reply:
    """Send `data` on a connection of its own, and wait until the server has closed it."""
    client = front.connect()
    reply = client.send_raw(data)
    await reply.body()
    await client.closed.wait()
    return reply
