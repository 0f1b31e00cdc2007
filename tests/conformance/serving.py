"""A handler behind each server that there is: over TCP and in memory."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Final

import uvloop

from trigate.config.published import PublishedLimits, PublishedListener
from trigate.core.clock import SystemClock
from trigate.core.ports import Request, Responder
from trigate.server.connection import Handler, HttpConnection
from trigate.server.http import HttpServer
from trigate.server.memory import Client, connect

Connect = Callable[[], Awaitable[Client]]
Story = Callable[[Connect], Coroutine[None, None, None]]

OVER: Final = ("tcp", "memory")
JSON: Final = [(b"content-type", b"application/json")]


@asynccontextmanager
async def serving(over: str, handler: Handler) -> AsyncIterator[Connect]:
    registry: set[HttpConnection] = set()
    server = HttpServer(handler, registry, SystemClock())
    server.update(PublishedLimits(), [PublishedListener("data")])
    factory = server.protocol_factory("data")
    if over == "memory":

        async def in_memory() -> Client:
            return connect(factory)

        yield in_memory
        return
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(factory, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]

    async def over_tcp() -> Client:
        return (await loop.create_connection(Client, "127.0.0.1", port))[1]

    try:
        yield over_tcp
    finally:
        listening.close()
        for connection in tuple(registry):
            connection.abort()
        await asyncio.sleep(0)


def play(over: str, handler: Handler, story: Story) -> None:
    """Run `story` against `handler`; ten seconds are an end."""

    async def run() -> None:
        async with asyncio.timeout(10), serving(over, handler) as connecting:
            await story(connecting)

    uvloop.run(run())


async def echo(request: Request, responder: Responder) -> None:
    body = await request.body(1_000_000)
    responder.start(200, JSON)
    await responder.end(body)
