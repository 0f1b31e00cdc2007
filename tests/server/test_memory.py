"""The pair of transports: order, back-pressure and ends, as a kernel would have them."""

import asyncio

from trigate.server.memory import Client, connect


class Talker(asyncio.Protocol):
    def __init__(self) -> None:
        self.transport: asyncio.Transport
        self.received: list[bytes] = []
        self.paused = False
        self.lost = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received.append(data)

    def pause_writing(self) -> None:
        self.paused = True

    def resume_writing(self) -> None:
        self.paused = False

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True


async def joined() -> tuple[Client, Talker]:
    talker = Talker()
    return connect(lambda: talker, "10.0.0.9"), talker


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_bytes_arrive_in_order_and_later() -> None:
    async def story() -> None:
        client, talker = await joined()
        assert talker.transport.get_extra_info("peername") == ("10.0.0.9", 1)
        client.transport.write(b"a")
        client.transport.write(b"b")
        assert talker.received == []
        await settle()
        assert talker.received == [b"a", b"b"]

    asyncio.run(story())


def test_a_reader_that_pauses_holds_the_writer() -> None:
    async def story() -> None:
        client, talker = await joined()
        client.transport.pause_reading()
        talker.transport.write(bytes(70_000))
        await settle()
        assert talker.paused
        assert talker.transport.get_write_buffer_size() == 70_000
        client.send_raw(b"x")
        client.transport.abort()
        await settle()
        assert talker.lost

    asyncio.run(story())


def test_a_close_delivers_what_was_written_and_an_abort_does_not() -> None:
    async def story() -> None:
        client, talker = await joined()
        client.transport.write(b"a")
        client.transport.close()
        await settle()
        assert talker.received == [b"a"]
        assert talker.lost and client.closed.is_set()
        client, talker = await joined()
        client.transport.write(b"a")
        client.hang_up()
        await settle()
        assert talker.received == []
        assert talker.lost

    asyncio.run(story())
