"""Bytes of a reply in, chunks out, whatever the pieces they come in."""

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigate.core.errors import AttemptFailed
from trigate.upstream.connection import UpstreamConnection

HEAD = b"HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\ntransfer-encoding: chunked\r\n\r\n"
REPLY = (
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nx-a: 0\r\n\r\n"
    + HEAD
    + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
)


class Wire(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []
        self.aborted = False
        self.reading = True

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent.append(bytes(data))

    def abort(self) -> None:
        self.aborted = True

    def is_closing(self) -> bool:
        return self.aborted

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


def made() -> tuple[UpstreamConnection, Wire]:
    connection, wire = UpstreamConnection(), Wire()
    connection.connection_made(wire)
    return connection, wire


async def whole(connection: UpstreamConnection) -> bytes:
    chunks = []
    while (chunk := await connection.chunk()) is not None:
        chunks.append(chunk)
    return b"".join(chunks)


@given(st.lists(st.integers(0, len(REPLY)), max_size=8))
def test_a_reply_is_the_same_in_any_pieces(cuts: list[int]) -> None:
    places = sorted({0, len(REPLY), *cuts})

    async def story() -> None:
        connection, wire = made()
        for start, end in pairwise(places):
            asyncio.get_running_loop().call_soon(connection.data_received, REPLY[start:end])
        await connection.send(b"request")
        assert (connection.status, connection.headers[b"x-a"]) == (200, b"1")
        assert await whole(connection) == b"abcde"
        assert connection.rest()
        assert not wire.aborted

    asyncio.run(story())


def test_a_connection_is_not_used_again_in_the_middle_of_a_body() -> None:
    async def story() -> None:
        connection, wire = made()
        asyncio.get_running_loop().call_soon(connection.data_received, HEAD + b"3\r\nabc\r\n")
        await connection.send(b"request")
        assert not connection.rest()
        assert wire.aborted

    asyncio.run(story())


@pytest.mark.parametrize("rest", [b"connection: close\r\ncontent-length: 0\r\n\r\n", b"\r\n"])
def test_a_connection_that_ends_is_not_used_again(rest: bytes) -> None:
    async def story() -> None:
        connection, _ = made()
        loop = asyncio.get_running_loop()
        loop.call_soon(connection.data_received, b"HTTP/1.1 200 OK\r\n" + rest)
        await connection.send(b"request")
        loop.call_soon(connection.connection_lost, None)
        assert await whole(connection) == b""
        assert not connection.rest()

    asyncio.run(story())


def test_bytes_that_nobody_asked_for_end_the_connection() -> None:
    async def story() -> None:
        connection, wire = made()
        asyncio.get_running_loop().call_soon(connection.data_received, REPLY)
        await connection.send(b"request")
        await whole(connection)
        assert connection.rest()
        connection.data_received(REPLY)
        assert wire.aborted
        assert not connection.alive

    asyncio.run(story())


def test_a_reader_that_does_not_take_stops_the_upstream() -> None:
    async def story() -> None:
        connection, wire = made()
        asyncio.get_running_loop().call_soon(connection.data_received, HEAD)
        await connection.send(b"request")
        connection.data_received(b"20000\r\n" + bytes(0x20000))
        assert not wire.reading
        assert await connection.chunk() == bytes(0x20000)
        assert wire.reading

    asyncio.run(story())


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n", "upstream_malformed"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n", "upstream_malformed"),
        (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 20_000, "upstream_malformed"),
    ],
)
def test_what_is_no_reply_fails_the_call(data: bytes, code: str) -> None:
    async def story() -> None:
        connection, wire = made()
        asyncio.get_running_loop().call_soon(connection.data_received, data)
        with pytest.raises(AttemptFailed) as raised:
            await connection.send(b"request")
            await connection.chunk()
        assert raised.value.fault.code == code
        assert wire.aborted

    asyncio.run(story())
