"""One HTTP/1.1 connection to an upstream: one exchange at a time, read as fast as it is taken.

Bytes are parsed in the transport's callback and gathered until the reader takes them; beyond the high-water mark the
transport is paused. A body is complete only when its framing says so (RFC 9112 6.3). Above: `native`. Below: the
event loop, `failures`.
"""

import asyncio
from typing import Final

import httptools

from trigate.core.errors import AttemptFailed
from trigate.upstream import failures

_HIGH_WATER: Final = 65_536
_HEAD_LIMIT: Final = 65_536


class UpstreamConnection(asyncio.Protocol):
    """`status` and `headers` (names in lower case, the first of each) belong to the exchange under way."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.rested_ns = 0
        """When its last exchange ended; kept by the pool."""
        self._transport: asyncio.Transport
        self._parser = httptools.HttpResponseParser(self)
        self._busy = False
        self._body: list[bytes] = []
        self._size = 0
        self._head_bytes = 0
        self._in_head = False
        self._complete = False
        self._until_close = False
        self._reusable = False
        self._failure: AttemptFailed | None = None
        self._lost = False
        self._paused = False
        self._waiter: asyncio.Future[None] | None = None

    # The exchange.

    async def send(self, request: bytes) -> None:
        """Send a whole request and wait for the head of its reply. Raises `AttemptFailed`."""
        self.status = 0
        self.headers = {}
        self._busy = self._in_head = True
        self._complete = self._until_close = self._reusable = False
        self._head_bytes = 0
        self._transport.write(request)
        while self._in_head:
            await self._change()

    async def chunk(self) -> bytes | None:
        """What has come of the body since the last call, or None at its end. Raises `AttemptFailed`."""
        while not self._body:
            if self._complete:
                return None
            await self._change()
        body = self._body
        data = body[0] if len(body) == 1 else b"".join(body)
        body.clear()
        self._size = 0
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
        return data

    def rest(self) -> bool:
        """The exchange is over: whether the connection can carry another one. If not, it is closed."""
        self._busy = False
        reusable = self._complete and self._reusable and not self._body and not self._transport.is_closing()
        if not reusable or self._transport.get_write_buffer_size():
            self.close()
            return False
        return True

    @property
    def alive(self) -> bool:
        """The upstream has not closed it."""
        return not self._lost and not self._transport.is_closing()

    def close(self) -> None:
        """Close at once; what is under way is given up."""
        self._transport.abort()

    async def _change(self) -> None:
        if self._failure is not None:
            raise self._failure
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, failure: AttemptFailed) -> None:
        if not self._complete and self._failure is None:
            self._failure = failure
        self._transport.abort()
        self._wake()

    # The transport calls these.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = True
        if self._until_close and exc is None:
            self._complete = True
        self._fail(failures.cut_before_head() if self._in_head else failures.cut())

    def data_received(self, data: bytes) -> None:
        if not self._busy:
            self._transport.abort()  # nothing was asked: whatever this is, it is not the next reply
            return
        if self._in_head:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail(failures.malformed())
            return
        if self._in_head and self._head_bytes > _HEAD_LIMIT:
            self._fail(failures.malformed())
        elif self._size > _HIGH_WATER and not self._paused:
            self._paused = True
            self._transport.pause_reading()
        if not self._in_head or self._failure is not None:
            self._wake()

    # The parser calls these.

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:
            self.headers.setdefault(name.lower(), value)

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status == 101:  # nobody asked for another protocol
            self._fail(failures.malformed())
        if status < 200:  # informational: the real head follows
            self.headers = {}
            return
        self.status = status
        self._in_head = False
        self._until_close = b"content-length" not in self.headers and b"transfer-encoding" not in self.headers

    def on_body(self, body: bytes) -> None:
        self._body.append(body)
        self._size += len(body)

    def on_message_complete(self) -> None:
        if not self._in_head:
            self._reusable = not self._complete and self._parser.should_keep_alive()
            self._complete = True
