"""One client connection: uvicorn's httptools protocol, with our own requests and replies in place of ASGI's.

Requests are parsed as they come and answered one at a time, in order. No request sets a timer: `check`, called once a
second, cuts what takes too long: a head, a body, a reader, an idle connection. After a refusal nothing more is read.
Above: `http`. Below: `request`, `responder`, `target`, `rules`, `refusals`.
"""

import asyncio
import logging
import socket
import struct
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Protocol
from uuid import uuid4

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, service_unavailable
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from trigate.config.published import PublishedLimits
from trigate.core.clock import Clock
from trigate.core.errors import INTERNAL, Fault, Refused
from trigate.core.ports import Request, Responder
from trigate.server.refusals import BODY_TOO_SLOW, HEAD_TOO_LARGE, HEAD_TOO_SLOW, MALFORMED, UPGRADING, check_framing
from trigate.server.replies import error_body, error_headers, head
from trigate.server.request import MINIMUM_RATE, HttpRequest
from trigate.server.responder import HttpResponder
from trigate.server.rules import FORWARDING, ListenerRules
from trigate.server.target import read_target

Handler = Callable[[Request, Responder], Awaitable[None]]

_LOG: Final = logging.getLogger(__name__)
_SECOND: Final = 1_000_000_000
_IDLE: Final = 75 * _SECOND
_STALLED: Final = 60 * _SECOND
_LINGER: Final = 2 * _SECOND
_PIPELINED: Final = 16
_RESET: Final = struct.pack("ii", 1, 0)


class Registry(Protocol):
    """Who is told of every connection: the worker, which has them all drained."""

    def add(self, connection: "HttpConnection") -> None: ...

    def remove(self, connection: "HttpConnection") -> None: ...


class Shared:
    """What the connections of one worker share; `http` keeps it up to date."""

    def __init__(self, handler: Handler, registry: Registry, clock: Clock) -> None:
        self.handler = handler
        self.registry = registry
        self.clock = clock
        self.connections: set[HttpConnection] = set()
        self.limits = PublishedLimits()
        self.rules: Mapping[str, ListenerRules] = {}
        self.now_ns = 0
        """The time of the last tick: exact enough for deadlines."""
        self.date = b""
        """The header line."""
        self.uvicorn = Config(service_unavailable, http=HttpToolsProtocol, ws="none", lifespan="off", log_config=None)
        self.state = ServerState()


class HttpConnection(HttpToolsProtocol):
    """In charge of its transport from the first byte to the last. `drain`, `close_idle`, `abort`: see `serving`."""

    def __init__(self, shared: Shared, listener: str) -> None:
        super().__init__(shared.uvicorn, shared.state, {})
        self._shared = shared
        self._listener = listener
        self._peer = ""
        self._head: dict[bytes, bytes] = {}
        self._head_bytes = 0
        self._in_head = False
        self._reading: HttpRequest | None = None
        """The request whose body is still coming in."""
        self._current: HttpResponder | None = None
        self._waiting: deque[HttpResponder] = deque()
        self._refusal: Fault | None = None
        """What is wrong with the bytes after the last good request."""
        self._deaf = False
        """Nothing more is read from this client; what comes is dropped."""
        self._deadline = 0
        self._draining = False
        self._paused = False
        self._unsent = 0
        self._moved = 0

    @property
    def busy(self) -> bool:
        """A request is being answered."""
        return self._current is not None

    def drain(self) -> None:
        """Take this request or one more: its reply is the last."""
        self._draining = True

    def close_idle(self) -> None:
        """Close now, unless a request is being answered."""
        if self._current is None:
            self.transport.close()

    def abort(self) -> None:
        """Close now, whatever is under way."""
        self.transport.abort()

    def check(self, now: int) -> None:
        """Cut what is overdue at `now`."""
        if self._stalled(now):
            self.transport.abort()
        elif self._current is not None:
            request = self._current.request
            allowed = self._shared.limits.body_seconds + request.size / MINIMUM_RATE
            if request.awaited and now - request.asked_ns > allowed * _SECOND:
                self._refuse(BODY_TOO_SLOW)
        elif now >= self._deadline:
            if self._in_head and not self._deaf:
                self._refuse(HEAD_TOO_SLOW)
            else:
                self.transport.close()

    def _stalled(self, now: int) -> bool:
        unsent = self.transport.get_write_buffer_size()
        if not unsent or not self._unsent or unsent < self._unsent:
            self._moved = now
        self._unsent = unsent
        return now - self._moved >= _STALLED

    # The transport calls these.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=HIGH_WATER_LIMIT)
        self._shared.connections.add(self)
        self._shared.registry.add(self)
        self._peer = self.client[0] if self.client else ""
        self._moved = self._shared.now_ns
        self._deadline = self._shared.now_ns + int(self._shared.limits.header_seconds * _SECOND)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._shared.connections.discard(self)
        self._shared.registry.remove(self)
        self._deaf = True
        self._pause(False)
        for responder in filter(None, (self._current, *self._waiting)):
            responder.request.hung_up()
        self._waiting.clear()

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        head_before = self._head if self._in_head else None
        try:
            self.parser.feed_data(data)
            if self._in_head and self._head is head_before:
                self._count_head(len(data))
            elif self._reading is not None:
                self._count_body(self._reading, len(data))
        except httptools.HttpParserUpgrade as offer:
            self.data_received(self._without_upgrade() + data[offer.args[0] :])
        except httptools.HttpParserError as error:
            cause = error.__context__
            self._refuse(cause.fault if isinstance(cause, Refused) else MALFORMED)
        except Refused as refused:
            self._refuse(refused.fault)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._pause(True)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._unsent = 0
        self._pause(False)

    def _pause(self, paused: bool) -> None:
        self._paused = paused
        if self._current is not None:
            self._current.paused = paused

    # The parser calls these. A `Refused` that they raise ends the parsing.

    def on_message_begin(self) -> None:
        self.url = b""
        self._head = {}
        self._head_bytes = 0
        self._in_head = True
        if self._current is None:
            self._deadline = self._shared.now_ns + int(self._shared.limits.header_seconds * _SECOND)

    def on_url(self, url: bytes) -> None:
        self.url += url
        self._count_head(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._in_head:
            return  # a trailer: nothing in it is acted upon (RFC 9110 6.5.1)
        name = name.lower()
        headers = self._head
        headers[name] = headers[name] + b", " + value if name in headers else value
        self._count_head(len(name) + len(value) + 4)

    def on_headers_complete(self) -> None:
        self._in_head = False
        shared, parser, headers = self._shared, self.parser, self._head
        rules = shared.rules[self._listener]
        version = parser.get_http_version()
        check_framing(version, headers)
        rules.check_host(headers.get(b"host"), required=version == "1.1")
        path, query = read_target(self.url)
        if parser.should_upgrade():
            return
        request = HttpRequest(self, parser.get_method().decode("ascii"), headers)
        request.arrived_ns = shared.clock.monotonic_ns()
        request.path, request.query = path, query
        request.listener = self._listener
        request.version = version
        request.keep_alive = version == "1.1" and parser.should_keep_alive()
        request.peer = self._peer
        if not FORWARDING.isdisjoint(headers):
            if rules.trusts(self._peer):
                request.peer = rules.client(self._peer, headers)
            for name in FORWARDING.intersection(headers):
                del headers[name]
        self._reading = request
        responder = HttpResponder(self, request, self._paused)
        if self._current is None:
            self._begin(responder)
        else:
            self._waiting.append(responder)
            if len(self._waiting) >= _PIPELINED:
                self.flow.pause_reading()

    def on_body(self, body: bytes) -> None:
        request = self._reading
        if request is not None:
            request.feed(body)
            if request.size > HIGH_WATER_LIMIT and not request.awaited:
                self.flow.pause_reading()

    def on_message_complete(self) -> None:
        if self._reading is not None:
            self._reading.finish()
            self._reading = None

    def _without_upgrade(self) -> bytes:
        """The head again, for a fresh parser: llhttp leaves the body of a request unread that offers an upgrade."""
        method = self.parser.get_method()
        self.parser = httptools.HttpRequestParser(self)
        lines = [b"%b %b HTTP/1.1\r\n" % (method, self.url)]
        lines += [b"%b: %b\r\n" % header for header in self._head.items() if header[0] not in UPGRADING]
        return b"".join([*lines, b"\r\n"])

    def _count_head(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > self._shared.limits.header_bytes:
            raise Refused(HEAD_TOO_LARGE)

    def _count_body(self, request: HttpRequest, size: int) -> None:
        """Chunk extensions and trailers have no length of their own; one-byte chunks carry five bytes around each."""
        request.wire_bytes += size
        if request.wire_bytes > self._shared.limits.header_bytes + 16 * request.size:
            raise Refused(MALFORMED)

    # Serving.

    def _begin(self, responder: HttpResponder) -> None:
        self._current = responder
        responder.paused = self._paused
        task = responder.request.task = self.loop.create_task(self._serve(responder))
        self.tasks.add(task)

    async def _serve(self, responder: HttpResponder) -> None:
        try:
            await self._shared.handler(responder.request, responder)
            if not responder.complete:
                raise RuntimeError("the handler returned before it ended its reply")
        except Refused as refused:
            await responder.fail(refused.fault)
        except Exception:  # noqa: BLE001 - the rim of a connection: one broken request harms no other
            request_id = f"req_{uuid4().hex}"
            _LOG.exception("request %s: the handler failed", request_id)
            await responder.fail(INTERNAL, request_id)
        finally:
            responder.cut()
            self.tasks.discard(responder.request.task)

    def _refuse(self, fault: Fault) -> None:
        """Read no more of this client; say why after the replies that are due."""
        self._deaf = True
        if self._reading is not None:
            self._reading.fail(fault)  # its handler says it
            self._reading = None
        elif self._current is None:
            self._say(fault)
        else:
            self._refusal = fault

    def _say(self, fault: Fault) -> None:
        body = error_body(fault)
        more = b"%bcontent-length: %d\r\n" % (self.own_headers(keep_alive=False), len(body))
        self.send(head(fault.status, error_headers(fault), more) + body)
        self._linger()

    def _linger(self) -> None:
        """Close, but drop what the client still sends for a while: a reset would take the reply from it."""
        self._deaf = True
        self._deadline = self._shared.now_ns + _LINGER
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()

    # The request and the reply call these.

    def resume_body(self, request: HttpRequest) -> None:
        request.asked_ns = self._shared.now_ns
        if request.expects and not request.size and not self.transport.is_closing():
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.flow.resume_reading()

    def keeps_alive(self, request: HttpRequest) -> bool:
        return request.keep_alive and request.complete and not self._draining

    def own_headers(self, keep_alive: bool) -> bytes:
        return self._shared.date if keep_alive else self._shared.date + b"connection: close\r\n"

    def send(self, data: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(data)

    async def writable(self) -> None:
        await self.flow.drain()

    def ended(self, request: HttpRequest, keep_alive: bool) -> None:
        request.answered()
        self._current = None
        if self.transport.is_closing():
            return
        if not keep_alive:
            if request.complete:
                self.transport.close()
            else:
                self._linger()
        elif self._waiting:
            self._begin(self._waiting.popleft())
        elif self._refusal is not None:
            self._say(self._refusal)
        else:
            self._rest()

    def _rest(self) -> None:
        """Nothing to answer: wait for the next request."""
        seconds = self._shared.limits.header_seconds * _SECOND if self._in_head else _IDLE
        self._deadline = self._shared.now_ns + int(seconds)
        self.flow.resume_reading()

    def cut(self, *, reset: bool) -> None:
        if reset and (connection := self.transport.get_extra_info("socket")) is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.transport.abort()
        self._current = None
        self.transport.close()
