"""Connections to upstreams that rest between exchanges, the last used first, so that a quiet hour lets most of them go.

A connection that its upstream closes is forgotten at once; one that rested too long is closed by us, first.
Above: `fetcher`. Below: `connection`.
"""

import asyncio
from typing import Final

from trigate.core.clock import Clock
from trigate.upstream.native.connection import UpstreamConnection
from trigate.upstream.native.request import Origin

IDLE_NS: Final = 50 * 1_000_000_000
"""Shorter than what vendors' load balancers keep (60 s), so that we close first."""
IDLE_PER_ORIGIN: Final = 256
SWEEP_SECONDS: Final = 5.0


class Pool:
    """Implements `connection.Owner`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._resting: dict[Origin, list[UpstreamConnection]] = {}
        self._open: set[UpstreamConnection] = set()
        self._sweeper: asyncio.TimerHandle | None = None
        self._closed = False

    def __len__(self) -> int:
        """Connections that are open, resting or not."""
        return len(self._open)

    def take(self, origin: Origin) -> UpstreamConnection | None:
        """The connection to `origin` that rested least, if one is fresh enough."""
        resting = self._resting.get(origin)
        if not resting:
            return None
        connection = resting.pop()
        if self._clock.monotonic_ns() - connection.rested_ns < IDLE_NS:
            return connection
        connection.abort()
        self.sweep()  # the others rested longer
        return None

    def sweep(self) -> None:
        """Close what has rested too long."""
        before = self._clock.monotonic_ns() - IDLE_NS
        for resting in self._resting.values():
            stale = 0
            while stale < len(resting) and resting[stale].rested_ns <= before:
                resting[stale].abort()
                stale += 1
            del resting[:stale]

    def close(self) -> None:
        """Close every connection, and keep none from now on."""
        self._closed = True
        self._resting.clear()
        for connection in self._open:
            connection.abort()
        if self._sweeper is not None:
            self._sweeper.cancel()

    # Connections call these.

    def made(self, connection: UpstreamConnection) -> None:
        self._open.add(connection)

    def rested(self, connection: UpstreamConnection) -> None:
        if self._closed:
            connection.abort()
            return
        connection.rested_ns = self._clock.monotonic_ns()
        resting = self._resting.setdefault(connection.origin, [])
        resting.append(connection)
        if len(resting) > IDLE_PER_ORIGIN:
            resting.pop(0).abort()
        if self._sweeper is None:
            self._sweep_later()

    def lost(self, connection: UpstreamConnection) -> None:
        self._open.discard(connection)
        resting = self._resting.get(connection.origin)
        if resting and connection in resting:
            resting.remove(connection)

    def _sweep_later(self) -> None:
        self._sweeper = asyncio.get_running_loop().call_later(SWEEP_SECONDS, self._swept)

    def _swept(self) -> None:
        self._sweeper = None
        self.sweep()
        if any(self._resting.values()):
            self._sweep_later()
