"""HTTP/1.1 from clients: all connections of one worker, whatever listener they came in by.

Above: the worker, which binds `protocol_factory` to its listeners, calls `tick` every second and `update` at reload.
Below: `connection`.
"""

import asyncio
from collections.abc import Callable, Iterable
from email.utils import formatdate
from functools import partial

from trigate.config.published import PublishedLimits, PublishedListener
from trigate.core.clock import Clock
from trigate.server.connection import Handler, HttpConnection, Registry, Shared
from trigate.server.rules import ListenerRules


class HttpServer:
    """Answers every request with `handler`; `registry` is told of every connection."""

    def __init__(self, handler: Handler, registry: Registry, clock: Clock) -> None:
        self._shared = Shared(handler, registry, clock)
        self.tick()

    @property
    def in_flight(self) -> int:
        """How many requests are being answered."""
        return sum(connection.busy for connection in self._shared.connections)

    def update(self, limits: PublishedLimits, listeners: Iterable[PublishedListener]) -> None:
        """Take limits and rules, the first or new ones; they hold from the next request on."""
        self._shared.limits = limits
        self._shared.rules = {**self._shared.rules, **{each.name: ListenerRules(each) for each in listeners}}

    def protocol_factory(self, listener: str) -> Callable[[], asyncio.Protocol]:
        """What makes the protocol of each connection accepted on `listener`, which `update` has named."""
        return partial(HttpConnection, self._shared, listener)

    def tick(self) -> None:
        """Renew the date and cut what is overdue."""
        shared = self._shared
        shared.now_ns = shared.clock.monotonic_ns()
        seconds = shared.clock.wall_ns() // 1_000_000_000
        shared.date = b"date: %b\r\n" % formatdate(seconds, usegmt=True).encode("ascii")
        for connection in tuple(shared.connections):
            connection.check(shared.now_ns)
