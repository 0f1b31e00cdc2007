"""What TCP knows of a request that got no answer, at real sockets."""

import asyncio
import socket
import struct
from collections.abc import Callable

import pytest
import uvloop

from trigate.upstream.native.replay import never_arrived

REQUEST = b"x" * 1_000
LINGER_NOT = struct.pack("ii", 1, 0)


class Asking(asyncio.Protocol):
    """Asks once it is told to, and notes at the end of the connection whether its request arrived."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport
        self.verdict: bool | None = None
        self.lost = asyncio.Event()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport

    def eof_received(self) -> None:
        self.verdict = never_arrived(self.transport, len(REQUEST))

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set()


def verdict(fate: Callable[[socket.socket, asyncio.Transport], None]) -> bool | None:
    """What is said of a request after an earlier one was read, and `fate` befell the connection. None: it was reset."""

    async def run() -> bool | None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            transport, asking = await asyncio.get_running_loop().create_connection(Asking, *server.getsockname())
            far, _ = server.accept()
            transport.write(REQUEST)
            await asyncio.sleep(0.01)
            assert len(far.recv(2_000)) == len(REQUEST)
            with far:
                fate(far, transport)
            await asyncio.wait_for(asking.lost.wait(), 2)
            return asking.verdict

    return uvloop.run(run())


def test_a_request_to_a_connection_that_was_closed_before_never_arrived() -> None:
    def fate(far: socket.socket, transport: asyncio.Transport) -> None:
        far.close()
        transport.write(REQUEST)

    assert verdict(fate) is True


def test_a_request_that_was_read_arrived() -> None:
    def fate(far: socket.socket, transport: asyncio.Transport) -> None:
        transport.write(REQUEST)
        assert len(far.recv(2_000)) == len(REQUEST)
        far.close()

    assert verdict(fate) is False


@pytest.mark.parametrize("read", [0, 1])
def test_a_reset_proves_nothing(read: int) -> None:
    def fate(far: socket.socket, transport: asyncio.Transport) -> None:
        transport.write(REQUEST)
        far.recv(read)
        if read:
            far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
        far.close()

    assert verdict(fate) is not True


class Telling:
    """A transport of whose connection the system tells this much."""

    def __init__(self, told: bytes | None) -> None:
        self._told = told

    def get_extra_info(self, name: str) -> "Telling":
        return self

    def get_write_buffer_size(self) -> int:
        return 0

    def getsockopt(self, level: int, option: int, size: int) -> bytes:
        if self._told is None:
            raise OSError
        return self._told


@pytest.mark.parametrize("told", [None, b"", bytes(104)])
def test_what_the_system_does_not_tell_is_not_proved(told: bytes | None) -> None:
    assert never_arrived(Telling(told), 1) is False  # type: ignore[arg-type]


@pytest.mark.parametrize(("size", "proved"), [(8 << 20, True), ((8 << 20) + 1, False)])
def test_a_very_large_request_is_not_proved_unread(size: int, proved: bool) -> None:
    told = bytearray(216)
    struct.pack_into("=Q", told, 120, 1)  # acknowledged: the SYN
    struct.pack_into("=Q", told, 200, 16 << 20)  # sent
    assert never_arrived(Telling(bytes(told)), size) is proved  # type: ignore[arg-type]
