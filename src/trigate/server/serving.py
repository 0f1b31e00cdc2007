"""A worker's life: serve inherited listeners until told to stop, then drain.

Draining loses nobody: the worker closes its copies of the listening sockets (what waits in their queues is for the
successor), asks every connection to finish, closes those that stay idle, waits for exchanges under way, and only at
the end of its time cuts what is left. An idle connection is not closed at once, since a request may be on its way:
a client that is active at all uses it within the grace and is told `Connection: close` in an orderly reply.

Above: the worker's entry in app. Below: `tls`, the event loop; the protocols it is given implement `Connection`.
"""

import asyncio
import gc
import logging
import os
import signal
import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, Protocol

import msgspec

from trigate.core.clock import Clock
from trigate.core.processes import Gauge, GaugePage
from trigate.server.listeners import BACKLOG

_LOG: Final = logging.getLogger(__name__)

GC_THRESHOLDS: Final = (10_000, 20, 20)
"""A finished exchange leaves no cycle behind; a few hundred objects of those under way are no reason to collect."""
BEAT_SECONDS: Final = 0.25
_BEATS_PER_CHORE: Final = 4
_MICROSECOND: Final = 1_000

Chore = Callable[[], None]
ConnectionFactory = Callable[[], asyncio.Protocol]


class Connection(Protocol):
    """What a client's connection must be able to do. Each call is harmless once the connection is lost."""

    def drain(self) -> None:
        """Finish: the reply to the exchange under way, or to the next one, is the last (`Connection: close`)."""
        ...

    def close_idle(self) -> None:
        """Close now, unless an exchange is under way."""
        ...

    def abort(self) -> None:
        """Close now, whatever is under way."""
        ...


class Timing(msgspec.Struct, frozen=True):
    """Seconds. `drain` bounds all of draining; `idle` is how long an unused connection may live in it."""

    drain: float = 30.0
    idle: float = 2.0
    tls_handshake: float = 10.0
    tls_shutdown: float = 2.0


class Port(msgspec.Struct, frozen=True):
    """One listener of this worker: its name, the listening descriptor that it inherited, and its TLS."""

    name: str
    descriptor: int
    tls: ssl.SSLContext | None = None


class Connections:
    """The live connections of a worker. Each adds itself when it is made, and removes itself when it is lost."""

    def __init__(self, gauges: GaugePage) -> None:
        self._gauges = gauges
        self._live: set[Connection] = set()
        self._none_left = asyncio.Event()
        self._idle_seconds: float | None = None

    def __len__(self) -> int:
        return len(self._live)

    @property
    def draining(self) -> bool:
        """No new exchanges are wanted here any more."""
        return self._idle_seconds is not None

    def add(self, connection: Connection) -> None:
        """A connection was made; while draining it is asked to finish at once."""
        self._live.add(connection)
        self._none_left.clear()
        self._gauges.set(Gauge.CONNECTIONS, len(self._live))
        if self._idle_seconds is not None:
            self._finish(connection, self._idle_seconds)

    def remove(self, connection: Connection) -> None:
        """A connection was lost."""
        self._live.discard(connection)
        self._gauges.set(Gauge.CONNECTIONS, len(self._live))
        if not self._live:
            self._none_left.set()

    async def drain(self, timing: Timing) -> int:
        """Let every connection finish; returns how many had to be cut when the time was over."""
        self._idle_seconds = timing.idle
        for connection in tuple(self._live):
            self._finish(connection, timing.idle)
        await self._emptied(timing.drain)
        left = tuple(self._live)
        for connection in left:
            connection.abort()
        await self._emptied(timing.tls_shutdown)
        return len(left)

    def _finish(self, connection: Connection, idle_seconds: float) -> None:
        connection.drain()
        asyncio.get_running_loop().call_later(idle_seconds, connection.close_idle)

    async def _emptied(self, seconds: float) -> None:
        if self._live:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._none_left.wait()


class Pulse:
    """The worker's one timer: it shows that the loop turns, how late it is, and does small chores every second."""

    def __init__(self, gauges: GaugePage, clock: Clock, chores: Sequence[Chore] = ()) -> None:
        self._gauges = gauges
        self._clock = clock
        self._chores = tuple(chores)
        self._beats = 0
        self._due_ns = clock.monotonic_ns()
        self._lag_max_us = 0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Beat now, and again every `BEAT_SECONDS`."""
        self._due_ns = self._clock.monotonic_ns()
        self._again()

    def _again(self) -> None:
        self.beat()
        self._timer = asyncio.get_running_loop().call_later(BEAT_SECONDS, self._again)

    def stop(self) -> None:
        """Beat no more."""
        if self._timer is not None:
            self._timer.cancel()

    def beat(self) -> None:
        """One beat: the gauges of the loop and, every fourth time, the chores."""
        now = self._clock.monotonic_ns()
        lag_us = max(0, now - self._due_ns) // _MICROSECOND
        self._lag_max_us = max(self._lag_max_us, lag_us)
        self._due_ns = now + int(BEAT_SECONDS * 1e9)
        self._gauges.set(Gauge.BEAT_NS, now)
        self._gauges.set(Gauge.LAG_US, lag_us)
        self._gauges.set(Gauge.LAG_MAX_US, self._lag_max_us)
        if self._beats % _BEATS_PER_CHORE == 0:
            self._gauges.set(Gauge.RSS_BYTES, resident_bytes())
            for chore in self._chores:
                chore()
        self._beats += 1


class Serving:
    """Serves the ports of one worker. `protocol_factory` makes, for a listener's name, the maker of its protocols.

    Those add themselves to `connections`, the one object that both sides hold.
    """

    def __init__(self, connections: Connections, gauges: GaugePage, timing: Timing) -> None:
        self._connections = connections
        self._gauges = gauges
        self._timing = timing

    async def run(
        self,
        ports: Sequence[Port],
        protocol_factory: Callable[[str], ConnectionFactory],
        pulse: Pulse,
        ready: Callable[[], None],
    ) -> None:
        """Serve until SIGTERM or SIGINT, then drain and return. `ready` is called once connections are taken."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        servers = [await self._listen(port, protocol_factory(port.name)) for port in ports]
        gc.collect()
        gc.freeze()  # what the worker was built of is never garbage: no collection walks it again
        gc.set_threshold(*GC_THRESHOLDS)
        pulse.start()
        ready()
        await stop.wait()
        self._gauges.set(Gauge.DRAINING, 1)
        for server in servers:
            server.close()
        cut = await self._connections.drain(self._timing)
        if cut:
            _LOG.warning("%d connections were cut: their exchanges outlasted the drain timeout", cut)
        pulse.stop()

    async def _listen(self, port: Port, factory: ConnectionFactory) -> asyncio.Server:
        return await asyncio.get_running_loop().create_server(
            factory,
            sock=socket.socket(fileno=port.descriptor),
            ssl=port.tls,
            backlog=BACKLOG,
            ssl_handshake_timeout=self._timing.tls_handshake if port.tls else None,
            ssl_shutdown_timeout=self._timing.tls_shutdown if port.tls else None,
        )


def resident_bytes() -> int:
    """The memory that this process holds (proc_pid_statm(5)); 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
