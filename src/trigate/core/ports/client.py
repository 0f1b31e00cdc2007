"""The client's side: a request as it comes in, and the reply as it goes out."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol

HeaderList = list[tuple[bytes, bytes]]
"""Names in lower case."""


class Request(Protocol):
    """One request of a client. Header names are lower case; a repeated header is joined by `, ` (RFC 9110 5.3)."""

    @property
    def method(self) -> str:
        """Upper case."""
        ...

    @property
    def path(self) -> str:
        """Decoded once and unambiguous; without the query."""
        ...

    @property
    def query(self) -> str:
        """As it came; empty if there is none."""
        ...

    @property
    def headers(self) -> Mapping[bytes, bytes]:
        """All of them, save those that only a trusted proxy may set."""
        ...

    @property
    def peer(self) -> str:
        """The client's address, after trusted proxies were taken off."""
        ...

    @property
    def listener(self) -> str:
        """The name of the listener that it came in by."""
        ...

    @property
    def arrived_ns(self) -> int:
        """Monotonic time at which the head was complete."""
        ...

    @property
    def task(self) -> "asyncio.Task[None]":
        """The task that answers it; known without asking the event loop."""
        ...

    async def body(self, limit: int) -> bytes:
        """The whole body. Raises `Refused` (413) beyond `limit` bytes, (408) when it is too slow."""
        ...

    def on_hang_up(self, callback: Callable[[], None]) -> None:
        """Call `callback` once, at the latest when the client is found gone; at once if it is gone already."""
        ...


class Responder(Protocol):
    """The reply to one request. `write` only queues; the bytes leave at the next `flush`, `drain` or `end`."""

    @property
    def paused(self) -> bool:
        """The client does not keep up; `drain` would wait."""
        ...

    def start(self, status: int, headers: HeaderList) -> None:
        """Set status and headers; once, before any `write`. A length is added where the whole body is known."""
        ...

    def write(self, data: bytes) -> None:
        """Queue body bytes."""
        ...

    def flush(self) -> None:
        """Hand over what is queued; `paused` tells afterwards whether the client keeps up."""
        ...

    async def drain(self) -> None:
        """Hand over what is queued, and wait while the client does not keep up."""
        ...

    async def end(self, data: bytes = b"") -> None:
        """Queue the last bytes, hand everything over and complete the reply."""
        ...

    async def abort(self) -> None:
        """Close the connection without completing the reply, so that the client sees it cut."""
        ...
