"""One HTTP/1.1 connection to an upstream: one exchange at a time, its body pushed as it arrives.

While a flow takes what it is fed, nothing is awaited: bytes are parsed, fed and handed over in the transport's own
callback, once per read. When the flow must be waited for, what arrives is gathered, and beyond a high-water mark the
transport is paused. A body is complete only when its framing says so, or, where it has none, when the upstream ended
the connection properly (RFC 9112 6.3, 8); with TLS that takes a close_notify, where the event loop tells (uvloop does).
Above: `fetcher`. Below: the event loop, `failures`, `replay`.
"""

import asyncio
from typing import Final, Protocol

import httptools

from trigate.core.errors import AttemptFailed
from trigate.core.ports import Flow
from trigate.upstream import failures
from trigate.upstream.native.replay import never_arrived
from trigate.upstream.native.request import Origin

HIGH_WATER: Final = 65_536
"""Bytes of body that wait for their reader before the upstream is made to wait."""
FRAMING_LIMIT: Final = 65_536
"""Bytes beside the body: heads, chunk sizes, trailers. Every byte of body allows for sixteen more."""
LINGER_SECONDS: Final = 0.25
"""How long the end of a message may follow its last interesting byte, for the connection to be used again."""

RESTING: Final = 0
COMPLETE: Final = 1
HEAD: Final = 2
BODY: Final = 3
ENDING: Final = 4
"""Phases: no exchange; a reply that is complete; its head, then its body, still coming in; only its end of interest."""


class Owner(Protocol):
    """Who keeps connections."""

    def made(self, connection: "UpstreamConnection") -> None:
        """It is open."""
        ...

    def rested(self, connection: "UpstreamConnection") -> None:
        """It can carry another exchange."""
        ...

    def lost(self, connection: "UpstreamConnection") -> None:
        """It is closed, or about to be. May be told twice."""
        ...


class UpstreamConnection(asyncio.Protocol):
    """`status`, `headers` (names in lower case, the first of each) and `unread` belong to the exchange under way."""

    __slots__ = (
        *("_body", "_bodiless", "_enough", "_failure", "_flow", "_loop", "_owner", "_parser", "_paused", "_phase"),
        *("_reusable", "_sent", "_size", "_stalled", "_timer", "_transport", "_until_close", "_waiter", "_wire"),
        *("_fields", "headers", "on_body", "on_header", "origin", "rested_ns", "status", "unread"),
    )

    def __init__(self, origin: Origin, owner: Owner) -> None:
        self.origin = origin
        self.rested_ns = 0
        """When its last exchange ended; kept by the owner."""
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.unread = False
        """It ended without a word, and nobody at the other end has seen the request."""
        self._owner = owner
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport
        self._phase = RESTING
        self._body: list[bytes] = []
        """What was parsed and not fed."""
        self._flow: Flow | None = None
        """Where bytes are pushed to while its reader waits."""
        self._waiter: asyncio.Future[None] | None = None
        self._failure: Exception | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._paused = False
        self._fields: dict[bytes, bytes] = {}
        """Header fields as they are parsed; the first of each name, as it is written, counts."""
        self.on_body = self._body.append
        self.on_header = self._fields.setdefault
        self._parser = httptools.HttpResponseParser(self)

    # The exchange.

    async def send(self, request: bytes, *, bodiless: bool = False) -> None:
        """Send a whole request and wait for the head of its reply. Raises `AttemptFailed`."""
        self._phase = HEAD
        self._bodiless = bodiless
        self._sent = len(request)
        self._wire = self._size = 0
        self._until_close = self._reusable = self._enough = self._stalled = self.unread = False
        self._fields.clear()
        self._transport.write(request)
        while self._phase == HEAD:
            if self._failure is not None:
                raise self._failure
            await self._change()

    async def pump(self, flow: Flow) -> None:
        """Push the body into `flow` until it ends or `flow` has enough. Raises `AttemptFailed`."""
        self._push(flow)
        while True:
            if self._stalled:
                await flow.drain()
                self._stalled = False
                self._push(flow)
            elif self._enough:
                return
            elif self._failure is not None:
                raise self._failure
            elif self._phase == COMPLETE:
                return
            else:
                self._flow = flow
                try:
                    await self._change()
                finally:
                    self._flow = None

    def finish(self) -> None:
        """The reader is done. The connection rests, if its reply is complete or about to be; if not, it is closed."""
        if self._phase == COMPLETE:
            self._rest()
        elif self._enough and self._failure is None and not self._until_close and not self._body:
            self._phase = ENDING
            self._resume()
            self._timer = self._loop.call_later(LINGER_SECONDS, self.abort)
        else:
            self.abort()

    def abort(self) -> None:
        """Close at once; what is under way is given up."""
        self._transport.abort()

    def _push(self, flow: Flow) -> None:
        body = self._body
        if not body or self._stalled or self._enough:
            return
        chunk = body[0] if len(body) == 1 else b"".join(body)
        body.clear()
        self._size += len(chunk)
        self._enough = not flow.feed(chunk)
        self._stalled = not flow.flush() or flow.paused

    async def _change(self) -> None:
        self._waiter = self._loop.create_future()
        self._resume()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _resume(self) -> None:
        if self._paused:
            self._paused = False
            self._transport.resume_reading()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, failure: Exception) -> None:
        self._failure = self._failure or failure
        self._transport.abort()
        self._wake()

    def _rest(self) -> None:
        self._body.clear()
        if self._timer is not None:
            self._timer.cancel()
        if self._reusable and not self._transport.is_closing() and not self._transport.get_write_buffer_size():
            self._phase = RESTING
            self._owner.rested(self)
        else:
            self.abort()

    # The transport calls these.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport
        self._owner.made(self)

    def data_received(self, data: bytes) -> None:
        if self._phase <= COMPLETE:  # nothing was asked: whatever this is, it is not the next reply
            self._owner.lost(self)
            self.abort()
            return
        ending = self._phase == ENDING
        intact = self._parse(data)
        if ending:
            self._end(intact)
            return
        flow = self._flow
        if flow is not None:
            try:
                self._push(flow)
            except AttemptFailed as error:
                self._fail(error)
                return
        if self._phase == COMPLETE:
            self._wake()
        elif not intact:
            self._fail(failures.malformed())
        elif flow is None or self._stalled or self._enough:
            self._wait_for_reader()

    def eof_received(self) -> None:
        """The upstream has ended the connection properly; the transport closes."""
        if self._phase == RESTING:
            self._owner.lost(self)
        elif self._phase == HEAD and not self._wire:
            self.unread = never_arrived(self._transport, self._sent)
        elif self._phase == BODY and self._until_close:
            self._phase = COMPLETE
            self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._owner.lost(self)
        if self._timer is not None:
            self._timer.cancel()
        if self._phase == HEAD:
            self._failure = self._failure or failures.cut_before_head()
        elif self._phase == BODY:  # what is no OSError was raised by the flow, and went through the transport
            broken = exc is not None and not isinstance(exc, OSError)
            self._failure = self._failure or (exc if broken else failures.cut())
        self._wake()

    def _parse(self, data: bytes) -> bool:
        """False: this is no reply, or one that is all framing."""
        self._wire += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._reusable = False
            return False
        if self._wire <= FRAMING_LIMIT:
            return True
        return self._wire <= FRAMING_LIMIT + 16 * (self._size + sum(map(len, self._body)))

    def _end(self, intact: bool) -> None:
        """More of a message whose end alone is of interest."""
        if self._body or not intact:
            self.abort()
        elif self._phase == COMPLETE:
            self._rest()

    def _wait_for_reader(self) -> None:
        """Nobody is pushed to: gather, within bounds."""
        if not self._paused and sum(map(len, self._body)) > HIGH_WATER:
            self._paused = True
            self._transport.pause_reading()
        if self._phase == BODY:
            self._wake()

    # The parser calls these, and `on_header` and `on_body`, which gather. What they raise ends the parsing.

    def on_message_begin(self) -> None:
        if self._phase == COMPLETE:
            raise ValueError("bytes after the end of the reply")

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status == 101:
            raise ValueError("nobody asked for another protocol")
        fields = self._fields
        headers = {name.lower(): fields[name] for name in reversed(fields)}
        fields.clear()  # from here on trailers come in, which are not acted upon (RFC 9110 6.5.1)
        if status < 200:  # informational: the real head follows
            return
        self.status, self.headers = status, headers
        self._phase = COMPLETE if self._bodiless else BODY
        self._until_close = b"content-length" not in headers and b"transfer-encoding" not in headers

    def on_message_complete(self) -> None:
        if self._phase >= BODY:
            self._phase = COMPLETE
            self._reusable = self._parser.should_keep_alive()
