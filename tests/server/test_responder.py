"""What a reply hands to its connection, write by write."""

import asyncio

import pytest

from trigate.core.errors import INTERNAL
from trigate.server.request import HttpRequest
from trigate.server.responder import HttpResponder


class Recorder:
    """A connection that keeps what it is handed."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.ends: list[bool] = []
        self.cuts: list[bool] = []

    def keeps_alive(self, request: HttpRequest) -> bool:
        return request.keep_alive

    def own_headers(self, keep_alive: bool) -> bytes:
        return b"" if keep_alive else b"connection: close\r\n"

    def send(self, data: bytes) -> None:
        self.sent.append(data)

    async def writable(self) -> None:
        raise AssertionError("nobody is paused")

    def ended(self, request: HttpRequest, keep_alive: bool) -> None:
        self.ends.append(keep_alive)

    def cut(self, *, reset: bool) -> None:
        self.cuts.append(reset)

    def resume_body(self, request: HttpRequest) -> None:
        raise AssertionError("nobody reads")


def made(version: str = "1.1") -> tuple[Recorder, HttpResponder]:
    recorder = Recorder()
    request = HttpRequest(recorder, "GET", {})
    request.version = version
    return recorder, HttpResponder(recorder, request, paused=False)


def test_head_and_body_leave_in_one_write() -> None:
    recorder, responder = made()
    responder.start(200, [(b"a", b"b")])
    responder.write(b"x")
    asyncio.run(responder.end(b"y"))
    assert recorder.sent == [b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\na: b\r\n\r\nxy"]
    assert recorder.ends == [True]


def test_each_drain_is_one_write_and_one_chunk() -> None:
    async def story() -> list[bytes]:
        recorder, responder = made()
        responder.start(200, [])
        await responder.drain()
        responder.write(b"x")
        responder.write(b"y")
        await responder.drain()
        await responder.end(b"z")
        return recorder.sent

    assert asyncio.run(story()) == [
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        b"2\r\nxy\r\n",
        b"1\r\nz\r\n0\r\n\r\n",
    ]


def test_a_flush_hands_over_and_waits_for_nobody() -> None:
    recorder, responder = made()
    responder.paused = True
    responder.write(b"x")
    responder.flush()
    assert not recorder.sent  # nothing was started
    responder.start(200, [])
    responder.flush()
    responder.flush()
    assert recorder.sent == [b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n"]


@pytest.mark.parametrize(("version", "reset"), [("1.1", False), ("1.0", True)])
def test_a_cut_must_be_seen(version: str, reset: bool) -> None:
    async def story() -> Recorder:
        recorder, responder = made(version)
        responder.start(200, [])
        responder.write(b"x")
        await responder.drain()
        await responder.abort()
        await responder.abort()
        return recorder

    assert asyncio.run(story()).cuts == [reset]


def test_a_failure_replaces_what_has_not_left() -> None:
    async def story() -> Recorder:
        recorder, responder = made()
        responder.start(200, [])
        responder.write(b"half")
        await responder.fail(INTERNAL, "req_1")
        return recorder

    recorder = asyncio.run(story())
    assert recorder.sent[0].startswith(b"HTTP/1.1 500 ")
    assert b"half" not in recorder.sent[0]
    assert recorder.ends == [True]
