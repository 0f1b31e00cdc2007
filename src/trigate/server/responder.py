"""One reply on its way to a client (`core.ports.Responder`).

`write` queues; `flush`, `drain` and `end` hand everything over in one write, head and body together. A reply that is
ended before anything was handed over has a length; any other is chunked, or ends with the connection for HTTP/1.0
clients.
Above: handlers. Below: the connection, as an `Outlet`.
"""

from typing import Final, Protocol

from trigate.core.errors import Fault
from trigate.core.ports import HeaderList
from trigate.server.replies import error_body, error_headers, head
from trigate.server.request import HttpRequest

_BODILESS: Final = frozenset({204, 304})


class Outlet(Protocol):
    """The connection, as a reply needs it."""

    def keeps_alive(self, request: HttpRequest) -> bool:
        """Whether the connection may serve another request after this one."""
        ...

    def own_headers(self, keep_alive: bool) -> bytes:
        """The connection's own header lines."""
        ...

    def send(self, data: bytes) -> None:
        """Hand bytes to the transport; nothing happens when the client is gone."""
        ...

    async def writable(self) -> None:
        """Wait until the client keeps up again or is gone."""
        ...

    def ended(self, request: HttpRequest, keep_alive: bool) -> None:
        """The reply to `request` is complete."""
        ...

    def cut(self, *, reset: bool) -> None:
        """Close the connection; with `reset`, so that even a reader without a length knows it for a cut."""
        ...


class HttpResponder:
    __slots__ = ("_chunked", "_headers", "_keep_alive", "_outlet", "_queue", "_status", "complete", "paused", "request")

    def __init__(self, outlet: Outlet, request: HttpRequest, paused: bool) -> None:
        self.request = request
        self.paused = paused
        self.complete = False
        self._outlet = outlet
        self._queue: list[bytes] = []
        self._status = 0
        self._headers: HeaderList | None = None
        self._keep_alive: bool | None = None
        """None: the head has not been handed over."""
        self._chunked = False

    def start(self, status: int, headers: HeaderList) -> None:
        if self._headers is not None:
            raise RuntimeError("a reply is started once")
        self._status = status
        self._headers = headers

    def write(self, data: bytes) -> None:
        if data:
            self._queue.append(data)

    def flush(self) -> None:
        if self._headers is not None and not self.complete:
            self._hand_over(last=False)

    async def drain(self) -> None:
        self.flush()
        if self.paused:
            await self._outlet.writable()

    async def end(self, data: bytes = b"") -> None:
        if self.complete:
            raise RuntimeError("a reply is ended once")
        self.write(data)
        keep_alive = self._hand_over(last=True)
        self.complete = True
        self._outlet.ended(self.request, keep_alive)

    async def abort(self) -> None:
        self.cut()

    def cut(self) -> None:
        """`abort`, for those who cannot wait."""
        if not self.complete:
            self.complete = True
            self._queue.clear()
            self._outlet.cut(reset=self._keep_alive is not None and not self._chunked)

    async def fail(self, fault: Fault, request_id: str | None = None) -> None:
        """Reply with `fault`, or cut the reply if the client has some of it already."""
        if self._keep_alive is not None:
            self.cut()
        elif not self.complete:
            self._queue.clear()
            self._headers = None
            self.start(fault.status, error_headers(fault, request_id))
            await self.end(error_body(fault, request_id))

    def _hand_over(self, *, last: bool) -> bool:
        """Hand over what is queued; returns whether the connection outlives this reply."""
        queue = self._queue
        body = queue[0] if len(queue) == 1 else b"".join(queue)
        queue.clear()
        if (keep_alive := self._keep_alive) is None:
            keep_alive = self._outlet.keeps_alive(self.request) and (last or self.request.version != "1.0")
            data = self._head(len(body) if last else None, keep_alive) + self._framed(body, last)
            self._keep_alive = keep_alive
        else:
            data = self._framed(body, last)
        if data:
            self._outlet.send(data)
        return keep_alive

    def _head(self, length: int | None, keep_alive: bool) -> bytes:
        if self._headers is None:
            raise RuntimeError("a reply is started before it is ended")
        more = self._outlet.own_headers(keep_alive)
        if self._status in _BODILESS:
            return head(self._status, self._headers, more)
        if length is not None:
            return head(self._status, self._headers, b"%bcontent-length: %d\r\n" % (more, length))
        if self.request.version == "1.0":
            return head(self._status, self._headers, more)
        self._chunked = True
        return head(self._status, self._headers, more + b"transfer-encoding: chunked\r\n")

    def _framed(self, body: bytes, last: bool) -> bytes:
        if self.request.method == "HEAD" or self._status in _BODILESS:
            return b""
        if not self._chunked:
            return body
        if not body:
            return b"0\r\n\r\n" if last else b""
        return b"%x\r\n%b\r\n%b" % (len(body), body, b"0\r\n\r\n" if last else b"")
