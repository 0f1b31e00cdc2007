"""What any HTTP server behind the `Responder` seam does: what leaves, when, and what a client sees of a failure."""

import asyncio
import logging

import pytest

from tests.conformance.serving import JSON, OVER, Connect, echo, play
from trigate.core.ports import Request, Responder


@pytest.fixture(params=OVER)
def over(request: pytest.FixtureRequest) -> str:
    return str(request.param)


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
