"""What any HTTP server behind the `Request` and `Responder` seams does, over TCP and in memory alike."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Final

import pytest
import uvloop

from trigate.config.published import PublishedLimits, PublishedListener
from trigate.core.clock import SystemClock
from trigate.core.errors import Refused
from trigate.core.ports import Request, Responder
from trigate.server.connection import Handler, HttpConnection
from trigate.server.http import HttpServer
from trigate.server.memory import Client, connect

Connect = Callable[[], Awaitable[Client]]
Story = Callable[[Connect], Coroutine[None, None, None]]

OVER: Final = ("tcp", "memory")
JSON: Final = [(b"content-type", b"application/json")]


class Registry(set[HttpConnection]):
    pass


@asynccontextmanager
async def serving(over: str, handler: Handler) -> AsyncIterator[Connect]:
    registry = Registry()
    server = HttpServer(handler, registry, SystemClock())
    server.update(PublishedLimits(), [PublishedListener("data")])
    factory = server.protocol_factory("data")
    if over == "memory":

        async def in_memory() -> Client:
            return connect(factory)

        yield in_memory
        return
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(factory, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]

    async def over_tcp() -> Client:
        return (await loop.create_connection(Client, "127.0.0.1", port))[1]

    try:
        yield over_tcp
    finally:
        listening.close()
        for connection in tuple(registry):
            connection.abort()
        await asyncio.sleep(0)


def play(over: str, handler: Handler, story: Story) -> None:
    """Run `story` against `handler`; ten seconds are an end."""

    async def run() -> None:
        async with asyncio.timeout(10), serving(over, handler) as connecting:
            await story(connecting)

    uvloop.run(run())


async def echo(request: Request, responder: Responder) -> None:
    body = await request.body(1_000_000)
    responder.start(200, JSON)
    await responder.end(body)


@pytest.fixture(params=OVER)
def over(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_request_has_its_parts(over: str) -> None:
    seen: list[Request] = []

    async def handler(request: Request, responder: Responder) -> None:
        seen.append(request)
        await echo(request, responder)

    async def story(connecting: Connect) -> None:
        client = await connecting()
        headers = [("X-A", "1"), ("x-b", "2"), ("x-a", "3")]
        assert await client.send("POST", "/v1/a%20b?q=%41&r", headers, b"body").body() == b"body"

    play(over, handler, story)
    (request,) = seen
    assert (request.method, request.path, request.query) == ("POST", "/v1/a b", "q=%41&r")
    assert request.headers[b"x-a"] == b"1, 3"
    assert request.headers[b"x-b"] == b"2"
    assert (request.peer, request.listener) == ("127.0.0.1", "data")
    assert 0 < request.arrived_ns <= SystemClock().monotonic_ns()


def test_a_body_comes_whole_however_it_was_sent(over: str) -> None:
    async def story(connecting: Connect) -> None:
        client = await connecting()
        reply = client.send_raw(b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n")
        await asyncio.sleep(0.01)
        client.transport.write(b"2\r\nde\r\n0\r\n\r\n")
        assert await reply.body() == b"abcde"
        big = bytes(range(256)) * 3_000
        assert await client.send("POST", "/", body=big).body() == big
        assert await client.send("GET", "/").body() == b""

    play(over, echo, story)


def test_a_body_can_be_asked_for_twice(over: str) -> None:
    async def handler(request: Request, responder: Responder) -> None:
        assert await request.body(10) == await request.body(10)
        await echo(request, responder)

    async def story(connecting: Connect) -> None:
        assert await (await connecting()).send("POST", "/", body=b"abc").body() == b"abc"

    play(over, handler, story)


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_beyond_the_limit_is_refused(over: str, declared: bool) -> None:
    async def handler(request: Request, responder: Responder) -> None:
        try:
            await request.body(1_000)
        except Refused as refused:
            responder.start(refused.fault.status, JSON)
            await responder.end(refused.fault.code.encode())

    async def story(connecting: Connect) -> None:
        client = await connecting()
        if declared:  # refused by its head alone
            reply = client.send_raw(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1001\r\n\r\n")
        else:
            chunked = b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n"
            reply = client.send_raw(chunked + b"300\r\n" + bytes(0x300) + b"\r\n300\r\n" + bytes(0x300) + b"\r\n")
        assert await reply.body() == b"request_too_large"
        assert reply.status == 413
        assert reply.header(b"connection") == b"close"
        await client.closed.wait()

    play(over, handler, story)


def test_a_reply_known_whole_has_its_length(over: str) -> None:
    async def handler(request: Request, responder: Responder) -> None:
        responder.start(201, JSON)
        responder.write(b"ab")
        responder.write(b"c")
        await responder.end(b"d")

    async def story(connecting: Connect) -> None:
        reply = (await connecting()).send("GET", "/")
        assert await reply.body() == b"abcd"
        assert reply.status == 201
        assert reply.header(b"content-length") == b"4"
        assert reply.header(b"transfer-encoding") is None
        assert reply.header(b"content-type") == b"application/json"
        date = reply.header(b"date")
        assert date is not None and date.endswith(b"GMT")

    play(over, handler, story)


def test_a_streamed_reply_leaves_at_each_drain(over: str) -> None:
    go_on = asyncio.Event()

    async def handler(request: Request, responder: Responder) -> None:
        responder.start(200, JSON)
        responder.write(b"a")
        responder.write(b"b")
        await responder.drain()
        await go_on.wait()
        await responder.drain()  # nothing is queued: nothing leaves, least of all the end
        await responder.end(b"c")

    async def story(connecting: Connect) -> None:
        client = await connecting()
        reply = client.send("GET", "/")
        assert await reply.chunk() == b"ab"
        assert reply.header(b"transfer-encoding") == b"chunked"
        assert reply.header(b"content-length") is None
        go_on.set()
        assert await reply.body() == b"c"
        assert await client.send("GET", "/").body() == b"abc"

    play(over, handler, story)


def test_a_head_can_leave_before_any_body(over: str) -> None:
    go_on = asyncio.Event()

    async def handler(request: Request, responder: Responder) -> None:
        responder.start(200, JSON)
        await responder.drain()
        await go_on.wait()
        await responder.end()

    async def story(connecting: Connect) -> None:
        reply = (await connecting()).send("GET", "/")
        await reply.head()
        go_on.set()
        assert await reply.body() == b""

    play(over, handler, story)


def test_replies_to_head_and_without_content_have_no_body(over: str) -> None:
    async def handler(request: Request, responder: Responder) -> None:
        responder.start(204 if request.path == "/none" else 200, [])
        if request.path == "/stream":
            await responder.drain()
        await responder.end(b"" if request.path == "/none" else b"abc")

    async def story(connecting: Connect) -> None:
        client = await connecting()
        whole = client.send("HEAD", "/")
        assert await whole.body() == b""
        assert whole.header(b"content-length") == b"3"
        assert await client.send("HEAD", "/stream").body() == b""
        none = client.send("GET", "/none")
        assert await none.body() == b""
        assert none.status == 204
        assert none.header(b"content-length") is None
        assert await client.send("GET", "/").body() == b"abc"

    play(over, handler, story)


def test_pipelined_requests_are_answered_in_order(over: str) -> None:
    async def handler(request: Request, responder: Responder) -> None:
        await asyncio.sleep(0.02 if request.path == "/0" else 0)
        responder.start(200, [])
        await responder.end(request.path.encode())

    async def story(connecting: Connect) -> None:
        client = await connecting()
        replies = [client.send("GET", f"/{number}") for number in range(40)]
        assert [await reply.body() for reply in replies] == [b"/%d" % number for number in range(40)]

    play(over, handler, story)


def test_an_aborted_reply_is_seen_as_cut(over: str) -> None:
    async def handler(request: Request, responder: Responder) -> None:
        if request.path == "/late":
            responder.start(200, [])
            responder.write(b"some")
            await responder.drain()
        await responder.abort()

    async def story(connecting: Connect) -> None:
        late = (await connecting()).send("GET", "/late")
        assert await late.chunk() == b"some"
        with pytest.raises(ConnectionError):
            await late.body()
        with pytest.raises(ConnectionError):
            await (await connecting()).send("GET", "/at-once").head()

    play(over, handler, story)


def test_a_hang_up_is_told_at_once(over: str) -> None:
    started, told = asyncio.Event(), asyncio.Event()
    times = 0

    async def handler(request: Request, responder: Responder) -> None:
        def gone() -> None:
            nonlocal times
            times += 1
            told.set()

        request.on_hang_up(gone)
        started.set()
        await told.wait()
        late: list[bool] = []
        request.on_hang_up(lambda: late.append(True))
        assert late == [True]
        responder.start(200, [])
        responder.write(b"nobody reads this")
        await responder.drain()
        assert not responder.paused
        await responder.end()

    async def story(connecting: Connect) -> None:
        client = await connecting()
        client.send("GET", "/")
        await started.wait()
        client.hang_up()
        async with asyncio.timeout(1):
            await told.wait()
        await asyncio.sleep(0.01)
        assert times == 1

    play(over, handler, story)


def test_a_hang_up_after_the_reply_is_no_news(over: str) -> None:
    told: list[bool] = []

    async def handler(request: Request, responder: Responder) -> None:
        request.on_hang_up(lambda: told.append(True))
        await echo(request, responder)

    async def story(connecting: Connect) -> None:
        client = await connecting()
        await client.send("GET", "/").body()
        client.hang_up()
        await asyncio.sleep(0.02)
        assert not told

    play(over, handler, story)


def test_a_hang_up_ends_the_wait_for_a_body(over: str) -> None:
    codes: list[str] = []
    ended = asyncio.Event()

    async def handler(request: Request, responder: Responder) -> None:
        try:
            await request.body(100)
        except Refused as refused:
            codes.append(refused.fault.code)
            ended.set()
            raise

    async def story(connecting: Connect) -> None:
        client = await connecting()
        client.send_raw(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabc")
        await asyncio.sleep(0.02)
        client.hang_up()
        await ended.wait()
        assert codes == ["client_closed"]

    play(over, handler, story)


def test_a_reader_that_does_not_keep_up_holds_the_writer(over: str) -> None:
    written = 0
    done = asyncio.Event()
    responders: list[Responder] = []
    total = 400 * 65_536

    async def handler(request: Request, responder: Responder) -> None:
        nonlocal written
        responders.append(responder)
        responder.start(200, [])
        while written < total:
            responder.write(bytes(65_536))
            written += 65_536
            await responder.drain()
        await responder.end()
        done.set()

    async def story(connecting: Connect) -> None:
        client = await connecting()
        reply = client.send("GET", "/")
        await reply.head()
        client.transport.pause_reading()
        while not responders[0].paused:  # noqa: ASYNC110 - an attribute, with no event behind it
            await asyncio.sleep(0.01)
        held = written
        await asyncio.sleep(0.05)
        assert written == held < total
        assert not done.is_set()
        client.transport.resume_reading()
        assert len(await reply.body()) == total

    play(over, handler, story)


def test_a_failing_handler_is_a_500_that_names_the_log_entry(over: str, caplog: pytest.LogCaptureFixture) -> None:
    async def handler(request: Request, responder: Responder) -> None:
        if request.path == "/late":
            responder.start(200, [])
            responder.write(b"x")
            await responder.drain()
        if request.path != "/":
            raise LookupError("secret detail")
        await echo(request, responder)

    async def story(connecting: Connect) -> None:
        client = await connecting()
        reply = client.send("GET", "/early")
        body = await reply.body()
        request_id = reply.header(b"x-request-id")
        assert reply.status == 500
        assert request_id is not None and request_id in body
        assert b"internal_error" in body and b"secret" not in body
        assert request_id.decode() in caplog.text
        assert await client.send("POST", "/", body=b"still here").body() == b"still here"
        with pytest.raises(ConnectionError):
            await client.send("GET", "/late").body()

    with caplog.at_level(logging.ERROR):
        play(over, handler, story)


def test_a_handler_that_forgets_its_reply_fails(over: str, caplog: pytest.LogCaptureFixture) -> None:
    async def handler(request: Request, responder: Responder) -> None:
        return

    async def story(connecting: Connect) -> None:
        reply = (await connecting()).send("GET", "/")
        await reply.body()
        assert reply.status == 500

    play(over, handler, story)
    assert "before it ended its reply" in caplog.text


def test_a_reply_is_started_and_ended_once(over: str) -> None:
    raised: list[str] = []

    async def handler(request: Request, responder: Responder) -> None:
        await responder.drain()  # nothing was committed yet: nothing leaves
        with pytest.raises(RuntimeError):
            await responder.end()
        responder.start(200, [])
        with pytest.raises(RuntimeError):
            responder.start(200, [])
        await responder.end()
        with pytest.raises(RuntimeError):
            await responder.end()
        raised.append("all")

    async def story(connecting: Connect) -> None:
        await (await connecting()).send("GET", "/").body()

    play(over, handler, story)
    assert raised == ["all"]


@pytest.mark.parametrize("value", [b"a\r\nx: y", b"a\nb", b"a\0"])
def test_a_header_cannot_end_its_line(over: str, value: bytes) -> None:
    async def handler(request: Request, responder: Responder) -> None:
        responder.start(200, [(b"x-a", value)])
        await responder.end()

    async def story(connecting: Connect) -> None:
        reply = (await connecting()).send("GET", "/")
        await reply.body()
        assert reply.status == 500
        assert reply.header(b"x") is None

    play(over, handler, story)
