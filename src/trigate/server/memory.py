"""HTTP from clients without sockets: a client and the real protocol, joined by a pair of transports in memory.

What a handler sees is what it sees over TCP, limits, refusals and back-pressure included; only the kernel is missing.
`Client` is a plain protocol, so it speaks over a real transport as well. Above: tests of handlers. Below: `http`.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

import httptools

_HIGH_WATER: Final = 65_536


class Reply:
    """A reply as it comes in. Header names are in lower case."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self._chunks: deque[bytes] = deque()
        self._complete = False
        self._cut = False
        self._changed = asyncio.Event()

    def header(self, name: bytes) -> bytes | None:
        """The first header of that name."""
        return next((value for key, value in self.headers if key == name), None)

    async def head(self) -> None:
        """Wait for status and headers. Raises ConnectionError when the connection ends first."""
        while not self.status:
            await self._change()

    async def chunk(self) -> bytes | None:
        """The next piece of body, or None at its end. Raises ConnectionError when it was cut."""
        while not self._chunks:
            if self._complete:
                return None
            await self._change()
        return self._chunks.popleft()

    async def body(self) -> bytes:
        """The rest of the body. Raises ConnectionError when it was cut."""
        chunks = []
        while (chunk := await self.chunk()) is not None:
            chunks.append(chunk)
        return b"".join(chunks)

    async def _change(self) -> None:
        if self._cut:
            raise ConnectionError("the reply was cut")
        self._changed.clear()
        await self._changed.wait()

    def _add(self, chunk: bytes) -> None:
        self._chunks.append(chunk)
        self._changed.set()

    def _end(self, *, cut: bool) -> None:
        self._complete, self._cut = not cut, cut
        self._changed.set()


class Client(asyncio.Protocol):
    """One connection of a client. Requests may be sent before earlier replies are in."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport
        self.closed = asyncio.Event()
        self.informed: list[int] = []
        """Statuses below 200 that came."""
        self._due: deque[tuple[Reply, bool]] = deque()
        self._reply = Reply()
        self._until_close = False
        self._parser = httptools.HttpResponseParser(self)

    def send(self, method: str, target: str, headers: Iterable[tuple[str, str]] = (), body: bytes = b"") -> Reply:
        """Send one request, with `Host` and `Content-Length` where they are not given; returns its reply to be."""
        fields = {name.lower() for name, _ in headers}
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
        if "host" not in fields:
            lines.append("host: gateway.test")
        if body and "content-length" not in fields:
            lines.append(f"content-length: {len(body)}")
        return self.send_raw("\r\n".join([*lines, "\r\n"]).encode("latin-1") + body, bodiless=method == "HEAD")

    def send_raw(self, data: bytes, *, bodiless: bool = False) -> Reply:
        """Send bytes as they are; returns the next reply."""
        reply = Reply()
        self._due.append((reply, bodiless))
        self.transport.write(data)
        return reply

    def hang_up(self) -> None:
        """Close the connection at once."""
        self.transport.abort()

    # The transport calls these.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._due and self._until_close and exc is None:
            self._due.popleft()[0]._end(cut=False)
        for reply, _ in self._due:
            reply._end(cut=True)
        self.closed.set()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    # The parser calls these.

    def on_header(self, name: bytes, value: bytes) -> None:
        self._reply.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:
            self.informed.append(status)
            return
        incoming, (self._reply, bodiless) = self._reply, self._due[0]
        self._reply.status, self._reply.headers = status, incoming.headers
        names = {name for name, _ in incoming.headers}
        self._until_close = not bodiless and names.isdisjoint({b"content-length", b"transfer-encoding"})
        self._reply._changed.set()
        if bodiless:  # the parser would wait for the body that the length speaks of
            self._finish()
            self._parser = httptools.HttpResponseParser(self)

    def on_body(self, body: bytes) -> None:
        self._reply._add(body)

    def on_message_complete(self) -> None:
        if self._reply.status:
            self._finish()
        self._reply = Reply()

    def _finish(self) -> None:
        if self._due and self._due[0][0] is self._reply:
            self._due.popleft()
            self._reply._end(cut=False)
        self._reply = Reply()


class _End(asyncio.Transport):
    """One end of a pair of transports. What it writes is delivered by the loop, while the other end reads."""

    other: "_End"

    def __init__(self, protocol: asyncio.Protocol, address: str) -> None:
        super().__init__({"peername": (address, 1)})
        self._protocol = protocol
        self._unsent: deque[bytes] = deque()
        self._size = 0
        self._reading = True
        self._paused = False
        self._closing = False
        self._ended = False
        self._lost = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._closing or self._ended:
            return
        self._unsent.append(bytes(data))
        self._size += len(data)
        if self._size > _HIGH_WATER and not self._paused:
            self._paused = True
            self._protocol.pause_writing()
        self._soon(self._deliver)

    def write_eof(self) -> None:
        self._ended = True
        self._soon(self._deliver)

    def can_write_eof(self) -> bool:
        return True

    def close(self) -> None:
        self._closing = True
        self._soon(self._deliver)

    def abort(self) -> None:
        self._closing = True
        self._unsent.clear()
        self._size = 0
        self._soon(self._deliver)

    def is_closing(self) -> bool:
        return self._closing

    def pause_reading(self) -> None:
        self._reading = False

    def resume_reading(self) -> None:
        self._reading = True
        self._soon(self.other._deliver)

    def get_write_buffer_size(self) -> int:
        return self._size

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        assert high in (None, _HIGH_WATER)

    def _soon(self, step: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_soon(step)

    def _deliver(self) -> None:
        other = self.other
        if other._lost:
            self._unsent.clear()
        while self._unsent and other._reading:
            data = self._unsent.popleft()
            self._size -= len(data)
            other._protocol.data_received(data)
        if self._paused and self._size <= _HIGH_WATER // 4:
            self._paused = False
            self._protocol.resume_writing()
        if not self._unsent and (self._closing or self._ended):
            if self._closing:
                self._lose()
            if not other._closing:
                other._protocol.eof_received()
                other.close()

    def _lose(self) -> None:
        if not self._lost:
            self._lost = True
            self._protocol.connection_lost(None)


def connect(factory: Callable[[], asyncio.Protocol], address: str = "127.0.0.1") -> Client:
    """A client whose connection is served by a protocol of `factory`, which sees it at `address`."""
    client = Client()
    server = factory()
    near, far = _End(client, "gateway"), _End(server, address)
    near.other, far.other = far, near
    server.connection_made(far)
    client.connection_made(near)
    return client
