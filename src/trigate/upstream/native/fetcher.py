"""Upstream HTTP by the native client (`core.ports.Fetcher`).

Cancelling anything closes the connection that it waits for, at once. Above: `pipeline`. Below: `pool`, `dial`,
`request`, `connection`.
"""

from functools import partial
from typing import Final

from trigate.config.published import PublishedEgress
from trigate.core.clock import Clock
from trigate.core.errors import AttemptFailed
from trigate.core.ports import Call, Flow
from trigate.upstream import failures
from trigate.upstream.native.connection import UpstreamConnection
from trigate.upstream.native.dial import Dialer
from trigate.upstream.native.pool import Pool
from trigate.upstream.native.request import Route, encode, read_route

_ROUTES_KEPT: Final = 4_096


class NativeFetcher:
    """One pool: one set of egress settings, one connect timeout. Raises as `Dialer` does."""

    def __init__(self, egress: PublishedEgress, connect_seconds: float, clock: Clock) -> None:
        self._dialer = Dialer(egress, connect_seconds)
        self._pool = Pool(clock)
        self._routes: dict[str, Route] = {}

    async def open(self, call: Call) -> "NativeReply":
        route = self._routes.get(call.url) or self._route(call.url)
        request = encode(call, route)
        bodiless = call.method == "HEAD"
        resting = self._pool.take(route.origin)
        if resting is not None:
            try:
                return await _answered(resting, request, bodiless)
            except AttemptFailed:
                if not resting.unread:
                    raise
        made = await self._dialer.dial(route.origin, partial(UpstreamConnection, route.origin, self._pool))
        return await _answered(made, request, bodiless)

    async def close(self) -> None:
        self._pool.close()

    def _route(self, url: str) -> Route:
        route = read_route(url, self._dialer.proxy_for)
        if len(self._routes) < _ROUTES_KEPT:
            self._routes[url] = route
        return route


async def _answered(connection: UpstreamConnection, request: bytes, bodiless: bool) -> "NativeReply":
    try:
        await connection.send(request, bodiless=bodiless)
    except BaseException:
        connection.abort()
        raise
    return NativeReply(connection)


class NativeReply:
    __slots__ = ("_connection", "_headers", "status")

    def __init__(self, connection: UpstreamConnection) -> None:
        self.status = connection.status
        self._headers = connection.headers
        self._connection: UpstreamConnection | None = connection

    def header(self, name: str) -> str | None:
        value = self._headers.get(name.lower().encode("ascii"))
        return None if value is None else value.decode("latin-1")

    async def pump(self, flow: Flow) -> None:
        assert self._connection is not None, "a reply is not read after it was closed"
        try:
            await self._connection.pump(flow)
        except BaseException:
            self._connection.abort()
            raise

    async def read(self, limit: int) -> bytes:
        whole = Whole(limit)
        await self.pump(whole)
        return b"".join(whole.chunks)

    async def close(self) -> None:
        if self._connection is not None:
            self._connection.finish()
            self._connection = None


class Whole:
    """A flow that keeps what it is fed, up to a limit."""

    __slots__ = ("_left", "_limit", "chunks")

    paused: Final = False

    def __init__(self, limit: int) -> None:
        self.chunks: list[bytes] = []
        self._limit = self._left = limit

    def feed(self, chunk: bytes) -> bool:
        self._left -= len(chunk)
        if self._left < 0:
            raise failures.too_large(self._limit)
        self.chunks.append(chunk)
        return True

    def flush(self) -> bool:
        return True

    async def drain(self) -> None:
        raise AssertionError("it never waits")
