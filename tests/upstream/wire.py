"""A transport without a socket: what a connection did to it, and connections made on it."""

import asyncio
from collections.abc import Callable

from tests.support.clock import ManualClock
from trigate.core.clock import Clock
from trigate.core.ports import Flow
from trigate.upstream.native.connection import UpstreamConnection
from trigate.upstream.native.pool import Pool
from trigate.upstream.native.request import Origin

ORIGIN = Origin(False, "vendor.test", 80)


class Wire(asyncio.Transport):
    """Keeps what is written. Bytes come in by the protocol's own `data_received`."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []
        self._aborted = False
        self._reading = True
        self.unsent = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent.append(bytes(data))

    def abort(self) -> None:
        self._aborted = True

    def is_closing(self) -> bool:
        return self._aborted

    def is_reading(self) -> bool:
        return self._reading

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def pause_reading(self) -> None:
        self._reading = False

    def resume_reading(self) -> None:
        self._reading = True


class Bench:
    """One connection, its pool and its wire; make it inside a running loop."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.pool = Pool(clock or ManualClock())
        self.connection, self.wire = self.connect()

    def connect(self, origin: Origin = ORIGIN) -> tuple[UpstreamConnection, Wire]:
        """A connection at rest, which the pool knows as open."""
        connection, wire = UpstreamConnection(origin, self.pool), Wire()
        connection.connection_made(wire)
        return connection, wire

    def soon(self, *pieces: bytes) -> None:
        """Have these arrive one after the other, once the loop gets to it."""
        for piece in pieces:
            asyncio.get_running_loop().call_soon(self.connection.data_received, piece)

    async def answered(self, *pieces: bytes) -> UpstreamConnection:
        """Send a request, which `pieces` answer."""
        self.soon(*pieces)
        await self.connection.send(b"request")
        return self.connection

    @property
    def resting(self) -> bool:
        """The connection is in the pool."""
        return self.pool.take(self.connection.origin) is self.connection


class Sink(Flow):
    """A flow that keeps what it is fed; `ready` and `is_paused` are as the test sets them, `opened` ends a `drain`."""

    def __init__(self, on_chunk: Callable[[bytes], bool] = bool) -> None:
        self.fed: list[bytes] = []
        self.drained = 0
        self.ready = True
        self.is_paused = False
        self.opened = asyncio.Event()
        self._on_chunk = on_chunk

    @property
    def paused(self) -> bool:
        return self.is_paused

    def feed(self, chunk: bytes) -> bool:
        self.fed.append(chunk)
        return self._on_chunk(chunk)

    def flush(self) -> bool:
        return self.ready

    async def drain(self) -> None:
        await self.opened.wait()
        self.drained += 1
