"""What any HTTP server behind the `Request` seam does: what a handler reads, and how it learns that nobody waits."""

import asyncio

import pytest

from tests.conformance.serving import JSON, OVER, Connect, echo, play
from trigate.core.clock import SystemClock
from trigate.core.errors import Refused
from trigate.core.ports import Request, Responder


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
