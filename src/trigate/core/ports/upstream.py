"""The upstream's side: a call as it goes out, and the reply, which *pushes* its bytes into a `Flow`."""

from typing import Protocol

import msgspec


class Call(msgspec.Struct):
    """One HTTP request to an upstream. Headers hold credentials: never shown, never recorded."""

    method: str
    url: str
    headers: list[tuple[str, str]]
    body: bytes

    def __repr__(self) -> str:
        return f"Call({self.method}, {len(self.body)} bytes)"


class Flow(Protocol):
    """Where an upstream's bytes are pushed to: `feed`, then `flush`; `drain` if that failed or `paused` is set.

    `feed` and `flush` wait for nothing, so that a transport's own callback may call them.
    """

    @property
    def paused(self) -> bool:
        """The reader downstream does not keep up: push no more until `drain` returns."""
        ...

    def feed(self, chunk: bytes) -> bool:
        """Take one chunk of body. False: enough, stop reading. Raises `AttemptFailed` to give the attempt up."""
        ...

    def flush(self) -> bool:
        """Hand over what was fed, now. False: that cannot be done without waiting, which `drain` does."""
        ...

    async def drain(self) -> None:
        """Hand over what was fed, and wait for whatever that takes."""
        ...


class UpstreamReply(Protocol):
    """An upstream's reply whose head has arrived."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    def header(self, name: str) -> str | None:
        """The first header of that name, whatever its case."""
        ...

    async def pump(self, flow: Flow) -> None:
        """Push the whole body into `flow`, in order, until it ends or `flow` has enough.

        Raises `AttemptFailed` when the connection breaks. Cancelling it closes the connection.
        """
        ...

    async def read(self, limit: int) -> bytes:
        """The whole body, for one that is wanted whole. Raises `AttemptFailed` beyond `limit` bytes."""
        ...

    async def close(self) -> None:
        """Give the connection back, or close it if the body was not read to its end. Idempotent."""
        ...


class Fetcher(Protocol):
    """A pool of connections to upstreams. Redirects are never followed; bodies are never decompressed."""

    async def open(self, call: Call) -> UpstreamReply:
        """Send `call` and wait for the head of its reply. Raises `AttemptFailed` (connect, timeout, unavailable)."""
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...
