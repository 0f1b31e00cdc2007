"""The native client's own corners, at real sockets; what every fetcher does stands in tests/conformance."""

import asyncio
import gc
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvloop

from tests.support.clock import ManualClock
from tests.upstream.vendor import Plan, Vendor, listening
from trigate.config.published import PublishedEgress
from trigate.core.clock import SystemClock
from trigate.core.errors import AttemptFailed, ErrorClass
from trigate.core.ports import Call
from trigate.upstream.native import NativeFetcher

REPLY = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


def native(seconds: float = 2.0) -> NativeFetcher:
    return NativeFetcher(PublishedEgress(), seconds, SystemClock())


def call(port: int, method: str = "POST") -> Call:
    return Call(method, f"http://127.0.0.1:{port}/", [], b"{}")


async def whole(fetcher: NativeFetcher, asked: Call) -> bytes:
    reply = await fetcher.open(asked)
    try:
        return await reply.read(1_000)
    finally:
        await reply.close()


class Server:
    """A vendor that is driven by hand: every step happens before it returns, whatever the client's loop has seen."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self.port = int(listener.getsockname()[1])
        self.requests = 0
        self.connection: socket.socket

    def accept(self) -> None:
        self.connection, _ = self._listener.accept()

    def read(self) -> None:
        data = self.connection.recv(10_000)
        assert data.endswith(b"{}")
        self.requests += 1

    def answer(self) -> None:
        self.accept()
        self.read()
        self.connection.sendall(REPLY)


@contextmanager
def serving() -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield Server(listener)


async def warmed(fetcher: NativeFetcher, server: Server) -> None:
    """One call, after which its connection rests."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(asyncio.to_thread(server.answer))
        assert await whole(fetcher, call(server.port)) == b"ok"


def test_a_call_to_a_connection_that_was_just_closed_is_sent_again() -> None:
    async def story() -> None:
        fetcher = native()
        with serving() as server:
            await warmed(fetcher, server)
            server.connection.close()  # and the loop does not get to see it before the next call
            answering = threading.Thread(target=server.answer)
            answering.start()
            assert await whole(fetcher, call(server.port)) == b"ok"
            answering.join()
            server.connection.close()
            assert server.requests == 2
        await fetcher.close()

    uvloop.run(story())


def test_a_call_that_may_have_been_read_is_not_sent_again() -> None:
    async def story() -> None:
        fetcher = native()
        with serving() as server:
            await warmed(fetcher, server)

            def read_and_close() -> None:
                server.read()
                server.connection.close()

            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(asyncio.to_thread(read_and_close))
                with pytest.raises(AttemptFailed) as raised:
                    await fetcher.open(call(server.port))
            assert raised.value.error_class is ErrorClass.UNAVAILABLE
            assert server.requests == 2
        await fetcher.close()

    uvloop.run(story())


def test_a_fresh_connection_that_is_closed_is_not_tried_twice() -> None:
    async def story() -> None:
        fetcher = native()
        with serving() as server:

            def accept_and_close() -> None:
                server.accept()
                server.connection.close()

            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(asyncio.to_thread(accept_and_close))
                with pytest.raises(AttemptFailed) as raised:
                    await fetcher.open(call(server.port))
            assert raised.value.error_class is ErrorClass.UNAVAILABLE
        await fetcher.close()

    uvloop.run(story())


def test_a_connection_that_rested_too_long_is_not_used() -> None:
    async def story() -> None:
        clock = ManualClock()
        vendor = Vendor(Plan(chunks=(b"a",)))
        made = NativeFetcher(PublishedEgress(), 1.0, clock)
        async with listening(vendor) as port:
            for seconds in (0, 49, 50):
                clock.monotonic += seconds * 1_000_000_000
                assert await whole(made, call(port)) == b"a"
            await made.close()
        assert vendor.connections == 2

    uvloop.run(story())


def test_a_reply_to_head_ends_with_its_head() -> None:
    async def story() -> None:
        fetcher = native()
        async with listening(Vendor(Plan(raw=b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n"))) as port:
            assert await whole(fetcher, call(port, "HEAD")) == b""
            await fetcher.close()

    uvloop.run(story())


def test_a_header_that_is_no_ascii_is_latin() -> None:
    async def story() -> None:
        fetcher = native()
        raw = b"HTTP/1.1 200 OK\r\nx-a: \xe9\r\ncontent-length: 0\r\n\r\n"
        async with listening(Vendor(Plan(raw=raw))) as port:
            reply = await fetcher.open(call(port))
            assert reply.header("X-A") == "\u00e9"
            await reply.close()
            await fetcher.close()

    uvloop.run(story())


def test_nothing_is_left_behind() -> None:
    async def story() -> None:
        fetcher = native()
        async with listening(Vendor(Plan(silent=True))) as silent, listening(Vendor(Plan(chunks=(b"a",)))) as port:
            calls = [asyncio.ensure_future(fetcher.open(call(silent))) for _ in range(5)]
            assert await asyncio.gather(*(whole(fetcher, call(port)) for _ in range(5))) == [b"a"] * 5
            for each in calls:
                each.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
            open_reply = await fetcher.open(call(port))
            await fetcher.close()
            with pytest.raises(AttemptFailed):
                await open_reply.read(1_000)
            await open_reply.close()
            await asyncio.sleep(0.01)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    uvloop.run(story())
    gc.collect()  # what was left open warns here
