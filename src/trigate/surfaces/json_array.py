"""A stream as one JSON array whose elements come one by one: Gemini's way to stream without server-sent events.

Contract: `core.ports.Responder` before another one. Events become elements, each as soon as it is whole; what is no
stream of events passes as it is. Source: ai.google.dev/api#streaming. Above: `gateway`. Below: `wire.sse`.
"""

import sys
from typing import Final

from trigate.core.ports import HeaderList, Responder
from trigate.wire.sse import SseDecoder

_TYPE: Final = b"content-type"
_UNBOUNDED: Final = sys.maxsize  # the relay has bounded each event


class JsonArrayResponder:
    """One reply."""

    def __init__(self, responder: Responder) -> None:
        self._responder = responder
        self._events: SseDecoder | None = None
        self._before = b"["

    @property
    def paused(self) -> bool:
        """The client does not keep up."""
        return self._responder.paused

    def start(self, status: int, headers: HeaderList) -> None:
        """Set status and headers; a stream of events is announced as JSON."""
        if any(name == _TYPE and value.startswith(b"text/event-stream") for name, value in headers):
            self._events = SseDecoder(_UNBOUNDED)
            headers = [(name, b"application/json" if name == _TYPE else value) for name, value in headers]
        self._responder.start(status, headers)

    def write(self, data: bytes) -> None:
        """Queue the elements that `data` completes."""
        self._responder.write(self._elements(data))

    def flush(self) -> None:
        """Hand over what is queued."""
        self._responder.flush()

    async def drain(self) -> None:
        """Hand over what is queued, and wait while the client does not keep up."""
        await self._responder.drain()

    async def end(self, data: bytes = b"") -> None:
        """Queue the last elements, close the array and complete the reply."""
        data = self._elements(data)
        if self._events is not None:
            data += (b"[" if self._before == b"[" else b"") + b"]"
        await self._responder.end(data)

    async def abort(self) -> None:
        """Cut the connection: the array stays open."""
        await self._responder.abort()

    def _elements(self, data: bytes) -> bytes:
        if self._events is None:
            return data
        written = b""
        for event in self._events.feed(data):
            if event.data:
                written += self._before + event.data
                self._before = b",\r\n"
        return written
