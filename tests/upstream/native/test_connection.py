"""Bytes of a reply in, pushes out, whatever the pieces they come in and whether the reader keeps up."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.upstream.wire import Bench, Sink
from trigate.core.errors import AttemptFailed, ErrorClass
from trigate.upstream import failures
from trigate.upstream.native.connection import FRAMING_LIMIT, HIGH_WATER, LINGER_SECONDS

CHUNKED = b"HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\ntransfer-encoding: chunked\r\n\r\n"
SIZED = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"
OPEN_ENDED = b"HTTP/1.1 200 OK\r\n\r\n"
INFORMED = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nx-a: 0\r\n\r\n"
TRAILER = b"0\r\nx-b: 1\r\n\r\n"
REPLIES = (
    INFORMED + CHUNKED + b"3\r\nabc\r\n2\r\nde\r\n" + TRAILER,
    INFORMED + SIZED + b"abcde",
    OPEN_ENDED + b"abcde",
)

Story = Callable[[Bench], Awaitable[None]]


def play(story: Story) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(5):
            await story(Bench())

    asyncio.run(bounded())


@given(st.sampled_from(REPLIES), st.lists(st.integers(0, 200), max_size=8), st.booleans())
def test_a_reply_is_the_same_in_any_pieces(reply: bytes, cuts: list[int], keeps_up: bool) -> None:
    places = sorted({0, len(reply), *(cut for cut in cuts if cut < len(reply))})

    async def story(bench: Bench) -> None:
        sink = Sink()
        sink.ready = keeps_up
        sink.opened.set()
        bench.soon(*(reply[start:end] for start, end in pairwise(places)))
        if reply is REPLIES[2]:
            asyncio.get_running_loop().call_soon(bench.connection.eof_received)
        connection = await bench.answered()
        assert connection.status == 200
        assert connection.headers.get(b"x-a") == (b"1" if reply is REPLIES[0] else None)
        await connection.pump(sink)
        assert b"".join(sink.fed) == b"abcde"
        assert b"" not in sink.fed and (keeps_up or sink.drained == len(sink.fed))
        assert b"x-b" not in connection.headers
        connection.finish()
        assert bench.resting is (reply is not REPLIES[2])

    play(story)


def test_a_chunk_is_fed_and_handed_over_in_the_callback_that_brings_it() -> None:
    async def story(bench: Bench) -> None:
        sink = Sink()
        connection = await bench.answered(CHUNKED)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(connection.pump(sink))
            await asyncio.sleep(0)
            connection.data_received(b"3\r\nabc\r\n2\r\nde\r\n")
            assert sink.fed == [b"abcde"]  # once per read, and before any task had its turn
            connection.data_received(b"1\r\nf\r\n")
            assert sink.fed == [b"abcde", b"f"]
            connection.data_received(b"0\r\n\r\n")
        assert sink.drained == 0

    play(story)


@pytest.mark.parametrize("held_by", ["flush", "paused"])
def test_a_reader_that_does_not_keep_up_is_waited_for_and_then_the_upstream_is(held_by: str) -> None:
    async def story(bench: Bench) -> None:
        sink = Sink()
        connection, wire = await bench.answered(CHUNKED), bench.wire
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(connection.pump(sink))
            await asyncio.sleep(0)
            sink.ready, sink.is_paused = held_by == "paused", held_by == "paused"
            connection.data_received(b"1\r\na\r\n")
            connection.data_received(b"1\r\nb\r\n")  # before the pump has even woken
            await asyncio.sleep(0)
            connection.data_received(b"1\r\nc\r\n")
            assert sink.fed == [b"a"] and wire.is_reading()
            connection.data_received(b"20000\r\n" + bytes(0x20000) + b"\r\n")
            assert sink.fed == [b"a"] and not wire.is_reading()
            sink.ready, sink.is_paused = True, False
            sink.opened.set()
            await asyncio.sleep(0.01)
            assert sink.fed == [b"a", b"bc" + bytes(0x20000)] and wire.is_reading()
            connection.data_received(b"1\r\nd\r\n0\r\n\r\n")
        assert sink.fed[2:] == [b"d"] and sink.drained == 1

    play(story)


def test_a_body_that_nobody_reads_yet_is_bounded() -> None:
    async def story(bench: Bench) -> None:
        connection = await bench.answered(CHUNKED + b"10000\r\n" + bytes(HIGH_WATER) + b"\r\n")
        assert bench.wire.is_reading()
        connection.data_received(b"1\r\na\r\n")
        assert not bench.wire.is_reading()
        sink = Sink(lambda chunk: False)
        await connection.pump(sink)
        assert [len(chunk) for chunk in sink.fed] == [HIGH_WATER + 1]

    play(story)


def test_a_flow_that_gives_up_ends_the_pump_and_the_connection() -> None:
    def give_up(chunk: bytes) -> bool:
        raise failures.too_large(1)

    async def story(bench: Bench) -> None:
        connection = await bench.answered(CHUNKED)
        bench.soon(b"1\r\na\r\n0\r\n\r\n")
        with pytest.raises(AttemptFailed) as raised:
            await connection.pump(Sink(give_up))
        assert raised.value.fault.code == "upstream_too_large"
        assert bench.wire.is_closing()

    play(story)


def test_what_else_a_flow_raises_reaches_the_pump() -> None:
    async def story(bench: Bench) -> None:
        connection = await bench.answered(CHUNKED)
        bench.soon(b"1\r\na\r\n")
        asyncio.get_running_loop().call_soon(connection.connection_lost, KeyError("broken"))  # as transports do
        with pytest.raises(KeyError):
            await connection.pump(Sink())

    play(story)


@pytest.mark.parametrize("end", [b"0\r\n\r\n", b"0\r\n"])
def test_the_end_may_follow_the_last_byte_that_is_wanted(end: bytes) -> None:
    async def story(bench: Bench) -> None:
        connection = await bench.answered(CHUNKED + b"1\r\na\r\n")
        await connection.pump(Sink(lambda chunk: False))
        connection.finish()
        connection.data_received(end)
        if end == b"0\r\n":
            assert not bench.resting
            connection.data_received(b"\r\n")
        assert bench.resting
        await asyncio.sleep(LINGER_SECONDS + 0.05)
        assert not bench.wire.is_closing()

    play(story)


@pytest.mark.parametrize("more", [b"", b"1\r\nb\r\n", b"?"])
def test_more_than_the_end_is_not_waited_for(more: bytes) -> None:
    async def story(bench: Bench) -> None:
        connection = await bench.answered(CHUNKED + b"1\r\na\r\n")
        await connection.pump(Sink(lambda chunk: False))
        connection.finish()
        if more:
            connection.data_received(more)
        else:
            assert not bench.wire.is_closing()
            await asyncio.sleep(LINGER_SECONDS + 0.05)
        assert bench.wire.is_closing()

    play(story)


def test_a_complete_reply_that_nobody_reads_leaves_the_connection_to_others() -> None:
    async def story(bench: Bench) -> None:
        (await bench.answered(SIZED + b"abcde")).finish()
        assert bench.resting
        sink = Sink()
        await (await bench.answered(SIZED + b"fghij")).pump(sink)
        assert sink.fed == [b"fghij"]

    play(story)


@pytest.mark.parametrize(
    "reply",
    [
        CHUNKED + b"3\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n",
        OPEN_ENDED,
        SIZED + b"abcdef",
        SIZED + b"abcde" + SIZED + b"fghij",
    ],
)
def test_a_connection_in_an_unclear_state_is_not_used_again(reply: bytes) -> None:
    async def story(bench: Bench) -> None:
        connection = await bench.answered(reply)
        assert connection.status == 200
        connection.finish()
        assert bench.wire.is_closing() and not bench.resting

    play(story)


def test_a_connection_with_an_unsent_request_is_not_used_again() -> None:
    async def story(bench: Bench) -> None:
        connection = await bench.answered(SIZED + b"abcde")
        bench.wire.unsent = 1
        connection.finish()
        assert bench.wire.is_closing() and not bench.resting

    play(story)


def test_surplus_never_shows_in_the_reply() -> None:
    async def story(bench: Bench) -> None:
        sink = Sink()
        connection = await bench.answered(SIZED + b"abcde" + b"HTTP/1.1 500 No\r\nx-a: 1\r\ncontent-length: 1\r\n\r\nx")
        await connection.pump(sink)
        assert (connection.status, b"x-a" in connection.headers, sink.fed) == (200, False, [b"abcde"])

    play(story)


def test_bytes_that_nobody_asked_for_end_the_connection() -> None:
    async def story(bench: Bench) -> None:
        (await bench.answered(SIZED + b"abcde")).finish()
        bench.connection.data_received(SIZED)
        assert bench.wire.is_closing() and not bench.resting

    play(story)


def test_a_reply_to_head_has_no_body() -> None:
    async def story(bench: Bench) -> None:
        sink = Sink()
        bench.soon(SIZED)
        await bench.connection.send(b"request", bodiless=True)
        await bench.connection.pump(sink)
        assert not sink.fed

    play(story)


@pytest.mark.parametrize("status", [204, 304])
def test_some_statuses_have_no_body(status: int) -> None:
    async def story(bench: Bench) -> None:
        connection = await bench.answered(b"HTTP/1.1 %d Any\r\ncontent-length: 5\r\n\r\n" % status)
        await connection.pump(Sink())
        connection.finish()
        assert bench.resting

    play(story)


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\na: b\x00c\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * (FRAMING_LIMIT // 6),
        b"HTTP/1.1 200 OK\r\na: " + b"b" * FRAMING_LIMIT,
        b"HTTP/1.1 103 Early Hints\r\na: b\r\n\r\n" * (FRAMING_LIMIT // 34 + 1),
        b"HTTP/2 200 OK\r\n\r\n",
        CHUNKED + b"1;" + b"x" * FRAMING_LIMIT,
        CHUNKED + b"0\r\n" + b"a: b\r\n" * (FRAMING_LIMIT // 6),
        CHUNKED + b"g\r\n",
    ],
)
def test_what_is_no_reply_fails_the_call(data: bytes) -> None:
    async def story(bench: Bench) -> None:
        with pytest.raises(AttemptFailed) as raised:
            await (await bench.answered(data)).pump(Sink())
        assert raised.value.fault.code == "upstream_malformed"
        assert bench.wire.is_closing()

    play(story)


def test_small_chunks_are_not_taken_for_framing() -> None:
    async def story(bench: Bench) -> None:
        sink = Sink()
        await (await bench.answered(CHUNKED + b"1\r\na\r\n" * 40_000 + b"0\r\n\r\n")).pump(sink)
        assert sum(map(len, sink.fed)) == 40_000

    play(story)


@pytest.mark.parametrize("properly", [True, False])
@pytest.mark.parametrize(
    ("data", "error_class"),
    [
        (b"", ErrorClass.UNAVAILABLE),
        (INFORMED, ErrorClass.UNAVAILABLE),
        (SIZED + b"abcd", ErrorClass.TRUNCATED),
        (CHUNKED + b"3\r\nabc\r\n", ErrorClass.TRUNCATED),
        (OPEN_ENDED + b"abc", ErrorClass.TRUNCATED),
    ],
)
def test_a_cut_is_never_an_end(data: bytes, error_class: ErrorClass, properly: bool) -> None:
    async def story(bench: Bench) -> None:
        loop, sink = asyncio.get_running_loop(), Sink()
        bench.soon(*([data] if data else []))
        if properly:
            loop.call_soon(bench.connection.eof_received)
        loop.call_soon(bench.connection.connection_lost, None if properly else ConnectionResetError())
        if properly and data.startswith(OPEN_ENDED):
            await (await bench.answered()).pump(sink)  # its end is the end of the connection
            return
        with pytest.raises(AttemptFailed) as raised:
            await (await bench.answered()).pump(sink)
        assert raised.value.error_class is error_class
        assert b"".join(sink.fed) == (b"abcd" if data.startswith(SIZED) else b"abc" if sink.fed else b"")

    play(story)


def test_without_a_proper_end_an_open_ended_body_was_cut() -> None:
    async def story(bench: Bench) -> None:
        connection = await bench.answered(OPEN_ENDED + b"abc")
        connection.connection_lost(None)  # how the loop reports TLS that ends without close_notify
        with pytest.raises(AttemptFailed) as raised:
            await connection.pump(Sink())
        assert raised.value.error_class is ErrorClass.TRUNCATED

    play(story)
