"""One client connection: HTTP/1.1 requests in (keep-alive, pipelined, chunked, 100-continue), played replies out.

Contract: replies leave in the order of their requests; a client that goes before the end is counted as cancelled.
Above: `server`. Below: `endpoints`, `player`.
"""

import asyncio
import email.utils
from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Final, cast

import httptools
import msgspec

from trigate.simulator.endpoints import BODY_LIMIT, Endpoints, Plan, Request, vendor_of
from trigate.simulator.player import Player
from trigate.simulator.staging import Channel, Head
from trigate.simulator.stats import Stats

_PIPELINED: Final = 16
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_BAD_REQUEST: Final = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Recorded(msgspec.Struct, frozen=True):
    """A request as a test wants to see it. Header names are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Desk:
    """What the connections of one simulator share."""

    def __init__(self, recorded: int) -> None:
        self.stats = Stats()
        self.endpoints = Endpoints(self.stats, lambda: datetime.now(UTC))
        self.requests: deque[Recorded] = deque(maxlen=recorded)
        self.connections: set[Connection] = set()
        self._numbers = 0
        self._second = -1
        self._dates: dict[str, bytes] = {}

    def next_id(self, vendor: str) -> str:
        self._numbers += 1
        return f"req_011{self._numbers:021d}" if vendor == "anthropic" else f"req_{self._numbers:032x}"

    def stamp(self, vendor: str, request_id: str) -> bytes:
        """The headers that differ from reply to reply: request id, date, and the instants at which limits reset."""
        second = int(asyncio.get_running_loop().time())
        if second != self._second:
            self._second = second
            self._dates = _dates(datetime.now(UTC))
        name = "request-id" if vendor == "anthropic" else "x-request-id"
        return b"%b: %b\r\n%b" % (name.encode(), request_id.encode(), self._dates[vendor])


def _dates(now: datetime) -> dict[str, bytes]:
    date = f"date: {email.utils.format_datetime(now, usegmt=True)}\r\n"
    instant = (now + timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    kinds = ("requests", "tokens", "input-tokens", "output-tokens")
    resets = "".join(f"anthropic-ratelimit-{kind}-reset: {instant}\r\n" for kind in kinds)
    return {"openai": date.encode(), "anthropic": (date + resets).encode()}


class Connection(asyncio.Protocol):
    __slots__ = (
        *("_body", "_desk", "_headers", "_parser", "_plan", "_player", "_size", "_transport", "_url"),
        "_waiting",
    )

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport
        self._player: Player | None = None
        self._plan: Plan | None = None
        self._waiting: deque[Request] = deque()
        self._url = b""
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._size = 0

    # The transport calls these.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's transports do not inherit from it
        self._desk.connections.add(self)
        self._desk.stats.open_connections += 1

    def connection_lost(self, error: Exception | None) -> None:
        stats = self._desk.stats
        self._desk.connections.discard(self)
        stats.open_connections -= 1
        if self._player is not None and self._plan is not None:
            self._player.cancel()
            if self._plan.stream:
                stats.cancelled_streams += 1
            else:
                stats.cancelled_calls += 1
            self._closed(self._plan)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            if not self._transport.is_closing():
                self._transport.write(_BAD_REQUEST)
                self._transport.close()

    def pause_writing(self) -> None:
        if self._player is not None:
            self._player.paused = True

    def resume_writing(self) -> None:
        if self._player is not None:
            self._player.resume()

    def close(self) -> None:
        """The simulator stops."""
        self._transport.abort()

    # The parser calls these.

    def on_message_begin(self) -> None:
        self._url = b""
        self._headers = {}
        self._body = []
        self._size = 0

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        before = self._headers.get(key)
        self._headers[key] = text if before is None else f"{before}, {text}"

    def on_headers_complete(self) -> None:
        if self._headers.get("expect", "").lower() == "100-continue" and self._player is None:
            self._transport.write(_CONTINUE)

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size <= BODY_LIMIT:
            self._body.append(body)

    def on_message_complete(self) -> None:
        method = self._parser.get_method().decode()
        channel = Channel(
            keep_alive=self._parser.should_keep_alive(),
            chunked=self._parser.get_http_version() != "1.0",
            bodyless=method == "HEAD",
        )
        if not channel.chunked:
            channel = msgspec.structs.replace(channel, keep_alive=False)
        path = self._url.partition(b"?")[0].decode("latin-1")
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        request = Request(method, path, self._headers, body, channel, self._size > BODY_LIMIT)
        if self._player is None and not self._waiting:
            self._answer(request)
            return
        self._waiting.append(request)
        if len(self._waiting) >= _PIPELINED:
            self._transport.pause_reading()

    # Replies.

    def _answer(self, request: Request) -> None:
        desk = self._desk
        if desk.requests.maxlen:
            desk.requests.append(Recorded(request.method, request.path, request.headers, request.body))
        vendor = vendor_of(request)
        request_id = desk.next_id(vendor.name)
        plan = desk.endpoints.plan(request, vendor, request_id)
        desk.stats.called(plan.path, plan.model)
        stamp = desk.stamp(vendor.name, request_id)
        if len(plan.steps) == 1 and isinstance(head := plan.steps[0], Head):
            self._transport.write(head.line + stamp + head.rest)
            desk.stats.tokens += head.tokens
            return
        desk.stats.open_calls += 1
        desk.stats.open_streams += plan.stream
        self._plan = plan
        self._player = Player(self._transport, plan.steps, stamp, desk.stats)
        self._player.done = self._next
        self._player.advance()

    def _next(self) -> None:
        """A reply is complete: the next request that waits is answered."""
        if self._plan is not None:
            self._closed(self._plan)
        while self._waiting and self._player is None and not self._transport.is_closing():
            self._answer(self._waiting.popleft())
        if not self._waiting and not self._transport.is_closing():
            self._transport.resume_reading()

    def _closed(self, plan: Plan) -> None:
        self._desk.stats.open_calls -= 1
        self._desk.stats.open_streams -= plan.stream
        self._player = self._plan = None
