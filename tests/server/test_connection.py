"""Bytes in, bytes out: what a connection refuses, what it waits for, and how it ends."""

import asyncio

import pytest

from tests.server.front import Front, echo, play, refused, settle
from trigate.config.published import PublishedLimits, PublishedListener
from trigate.core.errors import Category, Fault, Refused
from trigate.core.ports import Request, Responder

CHUNKED = b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n"
LIMIT_REACHED = Fault("rate_limited", Category.RATE_LIMITED, 429, "too many requests", retry_after_ms=1_500)
LIMITS = PublishedLimits(header_bytes=1_000, header_seconds=10, body_seconds=60)


def front(limits: PublishedLimits | None = None, listener: PublishedListener | None = None) -> Front:
    return Front(echo, limits, listener)


@pytest.mark.parametrize(
    "data",
    [
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ncontent-length: 3\r\n\r\nabc",
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabc",
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3, 3\r\n\r\nabc",
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: +3\r\n\r\nabc",
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        CHUNKED + b"content-length: 3\r\n\r\n0\r\n\r\n",
        CHUNKED + b"transfer-encoding: identity\r\n\r\n0\r\n\r\n",
        CHUNKED + b"transfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: identity\r\n\r\nabc",
        b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.0\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\nx: 1\r\n 2\r\n\r\n",
        b"GET / HTTP/1.1\r\n host: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost : a\r\n\r\n",
        b"GET / HTTP/1.1\nhost: a\n\n",
        b"GET / HTTP/1.1\r\nhost: a\nx: 1\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\rx: 1\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\0b\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET /a b HTTP/1.1\r\nhost: a\r\n\r\n",
        b"GET /a/../b HTTP/1.1\r\nhost: a\r\n\r\n",
        b"GET http://b/ HTTP/1.1\r\nhost: a\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n",
        b"CONNECT a:80 HTTP/1.1\r\nhost: a\r\n\r\n",
        b"get / HTTP/1.1\r\nhost: a\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: WebSocket\r\n\r\n",
    ],
)
def test_what_can_be_read_in_two_ways_is_refused(data: bytes) -> None:
    async def story(front: Front) -> None:
        reply = await refused(front, data)
        assert reply.status == 400
        assert reply.header(b"connection") == b"close"
        assert reply.header(b"content-type") == b"application/json"

    assert not play(front, story).seen


@pytest.mark.parametrize("version", [b"2.0", b"0.9"])
def test_other_versions_are_refused(version: bytes) -> None:
    async def story(front: Front) -> None:
        assert (await refused(front, b"GET / HTTP/%b\r\nhost: a\r\n\r\n" % version)).status == 505

    assert not play(front, story).seen


@pytest.mark.parametrize(
    "chunks", [b"3;a=b\nabc\r\n0\r\n\r\n", b"3\nabc\n0\n\n", b"0x3\r\nabc\r\n0\r\n\r\n", b"3\r\nabcdef\r\n0\r\n\r\n"]
)
def test_a_malformed_chunk_fails_the_request_and_ends_the_connection(chunks: bytes) -> None:
    async def story(front: Front) -> None:
        reply = await refused(front, CHUNKED + b"\r\n" + chunks + b"GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n")
        assert reply.status == 400
        assert reply.header(b"connection") == b"close"

    assert [request.path for request in play(front, story).seen] == ["/"]


def test_trailers_are_dropped() -> None:
    async def story(front: Front) -> None:
        client = front.connect()
        assert await client.send_raw(CHUNKED + b"\r\n3\r\nabc\r\n0\r\nauthorization: x\r\n\r\n").body() == b"abc"
        assert await client.send("POST", "/", body=b"next").body() == b"next"

    assert b"authorization" not in play(front, story).seen[0].headers


def test_a_flood_of_chunk_extensions_is_refused() -> None:
    async def story(front: Front) -> None:
        client = front.connect()
        reply = client.send_raw(CHUNKED + b"\r\n3;")
        for _ in range(20):
            client.transport.write(b"a" * 100)
            await settle()
        await reply.body()
        assert reply.status == 400

    play(lambda: front(LIMITS), story)


@pytest.mark.parametrize("line", [b"x: " + b"a" * 990, b"a: b\r\n" * 170 + b"c:", b"x" * 1_100])
def test_a_head_beyond_its_limit_is_refused(line: bytes) -> None:
    async def story(front: Front) -> None:
        client = front.connect()
        reply = client.send_raw(b"GET / HTTP/1.1\r\nhost: a\r\n")
        for start in range(0, len(line), 100):
            client.transport.write(line[start : start + 100])
            await settle()
        client.transport.write(b"\r\n\r\n")
        await reply.body()
        assert reply.status == 431

    assert not play(lambda: front(LIMITS), story).seen


def test_a_head_after_a_long_body_is_counted_alone() -> None:
    async def story(front: Front) -> None:
        client = front.connect()
        first = client.send_raw(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5000\r\n\r\n" + bytes(5_000) + b"GET")
        assert len(await first.body()) == 5_000
        assert await client.send_raw(b" /2 HTTP/1.1\r\nhost: a\r\n\r\n").body() == b""

    play(lambda: front(LIMITS), story)


def test_a_slow_head_is_refused_and_a_silent_connection_closed() -> None:
    async def story(front: Front) -> None:
        slow, silent = front.connect(), front.connect()
        reply = slow.send_raw(b"GET / HTTP/1.1\r\nx")
        for _ in range(9):
            await front.pass_time(1)
            slow.transport.write(b"x")
            assert not slow.closed.is_set()
        await front.pass_time(2)
        await reply.body()
        assert reply.status == 408
        await silent.closed.wait()

    play(lambda: front(LIMITS), story)


def test_an_idle_connection_is_kept_for_75_seconds() -> None:
    async def story(front: Front) -> None:
        client = front.connect()
        await client.send("GET", "/").body()
        await front.pass_time(74)
        await client.send("GET", "/").body()
        await front.pass_time(74)
        assert not client.closed.is_set()
        await front.pass_time(1)
        await client.closed.wait()

    play(front, story)


def test_a_body_must_come_within_its_time_and_rate() -> None:
    async def story(front: Front) -> None:
        client = front.connect()
        slow = client.send_raw(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\na")
        await settle()
        await front.pass_time(60)
        assert len(front.live) == 1
        await front.pass_time(2)
        assert b"request_timeout" in await slow.body()
        assert slow.status == 408
        assert slow.header(b"connection") == b"close"
        client = front.connect()
        steady = client.send_raw(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n")
        for _ in range(10):  # 900 kB may take 13 s longer
            client.transport.write(bytes(90_000))
            await front.pass_time(7)
        client.transport.write(bytes(100_000))
        assert len(await steady.body()) == 1_000_000

    play(lambda: front(LIMITS), story)


def test_hosts_are_an_allow_list() -> None:
    listener = PublishedListener("data", hosts=("ai.example", "*.corp.example"))

    async def story(front: Front) -> None:
        for host in (b"ai.example", b"AI.Example:8443", b"x.corp.example", b"ai.example."):
            reply = front.connect().send_raw(b"GET / HTTP/1.1\r\nhost: %b\r\n\r\n" % host)
            await reply.body()
            assert reply.status == 200
        for host in (b"evil.example", b"corp.example", b"ai.example.evil", b"127.0.0.1"):
            reply = front.connect().send_raw(b"GET / HTTP/1.1\r\nhost: %b\r\n\r\n" % host)
            assert b"host_not_served" in await reply.body()
            assert reply.status == 421

    play(lambda: front(None, listener), story)


def test_forwarded_headers_of_strangers_are_dropped() -> None:
    listener = PublishedListener("data", trusted_proxies=("10.0.0.0/8",))
    forwarded = [("X-Forwarded-For", "1.1.1.1, 9.9.9.9, 10.4.4.4"), ("X_Forwarded_Proto", "https"), ("X-Real-IP", "2")]

    async def story(front: Front) -> None:
        for address in ("10.1.2.3", "8.8.8.8"):
            await front.connect(address).send("GET", "/", forwarded).body()

    trusted, stranger = play(lambda: front(None, listener), story).seen
    assert (trusted.peer, stranger.peer) == ("9.9.9.9", "8.8.8.8")
    for request in (trusted, stranger):
        assert set(request.headers) == {b"host"}


def test_100_continue_is_sent_when_the_body_is_asked_for() -> None:
    head = b"POST /%b HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\n"

    async def picky(request: Request, responder: Responder) -> None:
        if request.path == "/no":
            raise Refused(LIMIT_REACHED)
        await echo(request, responder)

    async def story(front: Front) -> None:
        client = front.connect()
        reply = client.send_raw(head % b"")
        await settle()
        assert client.informed == [100]
        client.transport.write(b"abc")
        assert await reply.body() == b"abc"
        client = front.connect()
        reply = client.send_raw(head % b"no")
        await reply.body()
        assert (reply.status, reply.header(b"connection")) == (429, b"close")
        assert not client.informed

    play(lambda: Front(picky), story)


def test_a_reply_before_the_body_was_read_reaches_the_sender() -> None:
    async def early(request: Request, responder: Responder) -> None:
        responder.start(401, [])
        await responder.end(b"no")

    async def story(front: Front) -> None:
        client = front.connect()
        reply = client.send_raw(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9000000\r\n\r\n" + bytes(3_000_000))
        client.transport.write(bytes(3_000_000))
        assert await reply.body() == b"no"
        await client.closed.wait()

    play(lambda: Front(early), story)


def test_http_1_0_is_served_without_chunks() -> None:
    async def streamed(request: Request, responder: Responder) -> None:
        responder.start(200, [])
        responder.write(b"a")
        await responder.drain()
        await responder.end(b"b")

    async def story(front: Front) -> None:
        client = front.connect()
        reply = client.send_raw(b"GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n")
        assert await reply.body() == b"ab"
        assert reply.header(b"transfer-encoding") is None
        assert reply.header(b"connection") == b"close"

    play(lambda: Front(streamed), story)


def test_an_offer_of_http2_is_ignored() -> None:
    async def story(front: Front) -> None:
        client = front.connect()
        headers = [("connection", "upgrade, http2-settings"), ("upgrade", "h2c"), ("http2-settings", "x"), ("x-a", "1")]
        assert await client.send("POST", "/1", headers, b"abc").body() == b"abc"
        assert await client.send("GET", "/2", headers).body() == b""
        assert await client.send("POST", "/3", body=b"de").body() == b"de"

    seen = play(front, story).seen
    assert [request.path for request in seen] == ["/1", "/2", "/3"]
    assert seen[0].headers == {b"host": b"gateway.test", b"content-length": b"3", b"x-a": b"1"}


def test_rubbish_after_good_requests_waits_its_turn() -> None:
    go_on = asyncio.Event()

    async def slow(request: Request, responder: Responder) -> None:
        await go_on.wait()
        await echo(request, responder)

    async def story(front: Front) -> None:
        client = front.connect()
        first, second = client.send("GET", "/1"), client.send("GET", "/2")
        rubbish = client.send_raw(b"rubbish\r\n\r\n")
        await settle()
        go_on.set()
        await first.body()
        await second.body()
        await rubbish.body()
        assert (first.status, second.status, rubbish.status) == (200, 200, 400)

    play(lambda: Front(slow), story)


def test_a_reader_that_takes_nothing_for_a_minute_is_cut() -> None:
    gone = asyncio.Event()

    async def big(request: Request, responder: Responder) -> None:
        request.on_hang_up(gone.set)
        responder.start(200, [])
        responder.write(bytes(1_000_000))
        await responder.drain()
        responder.write(b"more")
        await responder.end()

    async def story(front: Front) -> None:
        client = front.connect()
        client.transport.pause_reading()
        client.send("GET", "/")
        await settle()
        await front.pass_time(59)
        assert not gone.is_set()
        await front.pass_time(3)
        assert gone.is_set()

    play(lambda: Front(big), story)


def test_a_reply_nobody_takes_does_not_keep_a_closing_connection() -> None:
    async def story(front: Front) -> None:
        client = front.connect()
        client.transport.pause_reading()
        client.send("POST", "/", [("connection", "close")], bytes(10_000))
        await settle()
        await front.pass_time(62)
        assert not front.live

    play(front, story)


def test_draining_ends_a_connection_with_its_next_reply() -> None:
    go_on = asyncio.Event()

    async def slow(request: Request, responder: Responder) -> None:
        if request.path == "/slow":
            await go_on.wait()
        await echo(request, responder)

    async def story(front: Front) -> None:
        busy, idle, used = front.connect(), front.connect(), front.connect()
        await idle.send("GET", "/").body()
        slow = busy.send("GET", "/slow")
        await settle()
        assert front.server.in_flight == 1
        for connection in tuple(front.live):
            connection.drain()
        reply = used.send("GET", "/")
        await reply.body()
        assert reply.header(b"connection") == b"close"
        for connection in tuple(front.live):
            connection.close_idle()
        await idle.closed.wait()
        go_on.set()
        await slow.body()
        assert slow.header(b"connection") == b"close"
        await busy.closed.wait()
        assert front.server.in_flight == 0
        assert not front.live

    play(lambda: Front(slow), story)


def test_abort_ends_what_is_under_way() -> None:
    async def never(request: Request, responder: Responder) -> None:
        gone = asyncio.Event()
        request.on_hang_up(gone.set)
        await gone.wait()
        await responder.abort()

    async def story(front: Front) -> None:
        reply = front.connect().send("GET", "/")
        await settle()
        for connection in tuple(front.live):
            connection.abort()
            connection.drain()
            connection.close_idle()
        with pytest.raises(ConnectionError):
            await reply.head()

    play(lambda: Front(never), story)
