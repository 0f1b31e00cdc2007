"""Upstream HTTP on the event loop itself (`core.ports.Fetcher`): a pool of connections, no thread in between.

Cancelling anything closes the connection that it waits for, at once. Above: `pipeline`. Below: `dial`, `connection`.
"""

from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

import msgspec

from trigate.config.published import PublishedEgress
from trigate.core.clock import Clock
from trigate.core.ports import Call, Flow
from trigate.upstream import failures
from trigate.upstream.connection import UpstreamConnection
from trigate.upstream.dial import Dialer, Origin, Proxy

_IDLE_NS: Final = 50 * 1_000_000_000
"""Shorter than what vendors' load balancers keep (60 s), so that we close first."""
_IDLE_PER_ORIGIN: Final = 256
_ROUTES_KEPT: Final = 4_096


class Route(msgspec.Struct, frozen=True):
    """What of a request's head depends on its URL alone."""

    origin: Origin
    target: str
    fixed: str
    """`Host`, and what the proxy wants."""


class NativeFetcher:
    def __init__(self, egress: PublishedEgress, connect_seconds: float, clock: Clock) -> None:
        self._dialer = Dialer(egress, connect_seconds)
        self._clock = clock
        self._idle: dict[Origin, list[UpstreamConnection]] = {}
        self._routes: dict[str, Route] = {}

    async def open(self, call: Call) -> "NativeReply":
        route = self._routes.get(call.url) or self._route(call.url)
        request = encode(call, route)
        connection = self._reuse(route.origin) or await self._dialer.dial(route.origin)
        try:
            await connection.send(request)
        except BaseException:
            connection.close()
            raise
        return NativeReply(connection, route.origin, self._release)

    async def close(self) -> None:
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()

    def _route(self, url: str) -> Route:
        route = read_route(url, self._dialer.proxy_for)
        if len(self._routes) < _ROUTES_KEPT:
            self._routes[url] = route
        return route

    def _reuse(self, origin: Origin) -> UpstreamConnection | None:
        """The connection that rested least; those that rested too long are closed."""
        idle = self._idle.get(origin)
        while idle:
            connection = idle.pop()
            if not connection.alive:
                continue
            if self._clock.monotonic_ns() - connection.rested_ns < _IDLE_NS:
                return connection
            connection.close()  # all that are left rested longer
        return None

    def _release(self, origin: Origin, connection: UpstreamConnection) -> None:
        if not connection.rest():
            return
        connection.rested_ns = self._clock.monotonic_ns()
        idle = self._idle.setdefault(origin, [])
        idle.append(connection)
        if len(idle) > _IDLE_PER_ORIGIN:
            idle.pop(0).close()


class NativeReply:
    __slots__ = ("_connection", "_open", "_origin", "_release", "status")

    def __init__(
        self, connection: UpstreamConnection, origin: Origin, release: Callable[[Origin, UpstreamConnection], None]
    ) -> None:
        self.status = connection.status
        self._connection = connection
        self._origin = origin
        self._release = release
        self._open = True

    def header(self, name: str) -> str | None:
        value = self._connection.headers.get(name.lower().encode("ascii"))
        return None if value is None else value.decode("latin-1")

    async def pump(self, flow: Flow) -> None:
        chunk = self._connection.chunk
        try:
            while (data := await chunk()) is not None:
                more = flow.feed(data)
                await flow.drain()
                if not more:
                    break
        except BaseException:
            await self.close()
            raise

    async def read(self, limit: int) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while (data := await self._connection.chunk()) is not None:
            size += len(data)
            if size > limit:
                raise failures.too_large(limit)
            chunks.append(data)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    async def close(self) -> None:
        if self._open:
            self._open = False
            self._release(self._origin, self._connection)


def read_route(url: str, proxy_for: Callable[[Origin], Proxy | None]) -> Route:
    """Where `url` leads. Raises ValueError for one that is not http(s)."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("an upstream's URL must be http:// or https:// with a host")
    tls = parts.scheme == "https"
    origin = Origin(tls, parts.hostname, parts.port or (443 if tls else 80))
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    authority = parts.netloc.rpartition("@")[2]
    fixed = f"host: {authority}\r\n"
    proxy = proxy_for(origin)
    if proxy is not None and not tls:
        target = f"http://{authority}{target}"
        if proxy.authorization is not None:
            fixed += f"proxy-authorization: {proxy.authorization}\r\n"
    return Route(origin, target, fixed)


def encode(call: Call, route: Route) -> bytes:
    """The bytes of a request. Raises ValueError for a header that would end its line."""
    lines = [
        f"{call.method} {route.target} HTTP/1.1\r\n{route.fixed}accept-encoding: identity\r\n"
        f"content-length: {len(call.body)}\r\n"
    ]
    lines += [f"{name}: {value}\r\n" for name, value in call.headers]
    head = "".join(lines)
    ends = len(call.headers) + 3 + route.fixed.count("\n")
    if head.count("\n") != ends or head.count("\r") != ends or "\0" in head:
        raise ValueError("a header or the URL of an upstream call holds a line break or a null byte")
    return (head + "\r\n").encode("latin-1") + call.body
