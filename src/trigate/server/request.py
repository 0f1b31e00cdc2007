"""One request as the parser fills it and a handler reads it (`core.ports.Request`).

The parser's side (`feed`, `finish`, `fail`, `hung_up`) is called by the connection; the body is gathered in memory,
never beyond what the handler allows: until it asks, the connection stops reading at its high-water mark.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from trigate.core.errors import Category, Fault, Refused

MINIMUM_RATE: Final = 65_536
"""Bytes of body per second beyond which time is never too short."""

HUNG_UP: Final = Fault("client_closed", Category.INVALID, 499, "the client hung up before its request was complete")


class BodySource(Protocol):
    """Where the rest of a body comes from."""

    def resume_body(self, request: "HttpRequest") -> None:
        """Let the client send on, with `100 Continue` if it waits for that."""
        ...


class HttpRequest:
    __slots__ = (
        *("_chunks", "_fault", "_gone", "_hang_up", "_length", "_limit", "_source", "_waiter"),
        *("arrived_ns", "complete", "expects", "headers", "keep_alive", "listener", "method", "path", "peer", "query"),
        *("asked_ns", "size", "task", "version", "wire_bytes"),
    )

    def __init__(self, source: BodySource, method: str, headers: Mapping[bytes, bytes]) -> None:
        self.method = method
        self.headers = headers
        self.path = self.query = self.peer = self.listener = ""
        self.version = "1.1"
        self.arrived_ns = self.asked_ns = 0
        self.task: asyncio.Task[None]
        self.keep_alive = True
        self.complete = False
        self.expects = headers.get(b"expect", b"").lower() == b"100-continue"
        self.size = 0
        self.wire_bytes = 0
        self._length = int(headers.get(b"content-length", b"0"))
        self._source = source
        self._chunks: list[bytes] = []
        self._limit: int | None = None
        self._fault: Fault | None = None
        self._gone = False
        self._hang_up: list[Callable[[], None]] = []
        self._waiter: asyncio.Future[None] | None = None

    # The handler's side.

    async def body(self, limit: int) -> bytes:
        """The whole body. Raises `Refused`: 413 beyond `limit` bytes, 408 when too slow, 400 when it is malformed."""
        self._limit = limit
        if max(self._length, self.size) > limit:
            self._fault = self._fault or too_large(limit)
        if self._fault is None and not self.complete:
            self._waiter = asyncio.get_running_loop().create_future()
            self._source.resume_body(self)
            await self._waiter
        if self._fault is not None:
            raise Refused(self._fault)
        if len(self._chunks) != 1:
            self._chunks = [b"".join(self._chunks)]
        return self._chunks[0]

    def on_hang_up(self, callback: Callable[[], None]) -> None:
        """Call `callback` when the client goes; at once if it is gone."""
        if self._gone:
            callback()
        else:
            self._hang_up.append(callback)

    # The connection's side.

    @property
    def awaited(self) -> bool:
        """The handler waits for the rest of the body, and may have it."""
        return self._waiter is not None and not self._waiter.done()

    def feed(self, chunk: bytes) -> None:
        """Take a piece of body."""
        self.size += len(chunk)
        if self._limit is not None and self.size > self._limit:
            self.fail(too_large(self._limit))
        elif self._fault is None:
            self._chunks.append(chunk)

    def finish(self) -> None:
        """The body is complete."""
        self.complete = True
        self._wake()

    def fail(self, fault: Fault) -> None:
        """The body will never be complete."""
        self._fault = self._fault or fault
        self._chunks.clear()
        self._wake()

    def answered(self) -> None:
        """The reply is over: let go of the callbacks, which hold this request too."""
        self._hang_up = []

    def hung_up(self) -> None:
        """The client is gone."""
        self._gone = True
        if not self.complete:
            self.fail(HUNG_UP)
        callbacks, self._hang_up = self._hang_up, []
        for callback in callbacks:
            callback()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def too_large(limit: int) -> Fault:
    """A body beyond the limit: HTTP 413."""
    return Fault("request_too_large", Category.TOO_LARGE, 413, f"the request body is larger than {limit} bytes")
