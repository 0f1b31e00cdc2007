"""A name with several addresses, some of them dead."""

import asyncio
import gc
import socket
from contextlib import closing

import pytest
import uvloop

from trigate.upstream.native.addresses import Address, connect, interleaved, race


def address(port: int, host: str = "127.0.0.1") -> Address:
    return (socket.AF_INET, socket.SOCK_STREAM, 0, "", (host, port))


def listener(backlog: int = 5) -> socket.socket:
    made = socket.socket()
    made.bind(("127.0.0.1", 0))
    made.listen(backlog)
    return made


def port_of(made: socket.socket) -> int:
    return int(made.getsockname()[1])


def deaf() -> tuple[socket.socket, list[socket.socket]]:
    """A listener that takes no more: whoever connects next waits for ever. Linux queues one more than the backlog."""
    made = listener(0)
    waiting = []
    for _ in range(2):
        each = socket.socket()
        each.setblocking(False)
        each.connect_ex(made.getsockname())
        waiting.append(each)
    return made, waiting


def test_families_take_turns_and_the_resolvers_first_choice_leads() -> None:
    six: Address = (socket.AF_INET6, socket.SOCK_STREAM, 0, "", ("::1", 1, 0, 0))
    found = interleaved([six, six, six, address(1), address(2)])
    assert [each[0] for each in found] == [socket.AF_INET6, socket.AF_INET] * 2 + [socket.AF_INET6]
    assert [each[4][1] for each in found if each[0] == socket.AF_INET] == [1, 2]


def test_an_address_is_not_looked_up() -> None:
    async def story() -> None:
        with closing(listener()) as made, closing(await connect("127.0.0.1", port_of(made))) as connected:
            assert connected.getpeername() == made.getsockname()
            assert connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            assert connected.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)

    uvloop.run(story())


def test_a_name_is_looked_up() -> None:
    async def story() -> None:
        with closing(listener()) as made, closing(await connect("localhost", port_of(made))) as connected:
            assert connected.getpeername() == made.getsockname()

    uvloop.run(story())


def test_an_address_that_refuses_costs_no_time() -> None:
    async def story() -> None:
        with closing(listener()) as made:
            begun = asyncio.get_running_loop().time()
            with closing(await race([address(1), address(port_of(made))])) as connected:
                assert connected.getpeername() == made.getsockname()
            assert asyncio.get_running_loop().time() - begun < 0.2

    uvloop.run(story())


def test_an_address_that_is_silent_is_overtaken() -> None:
    async def story() -> None:
        silent, waiting = deaf()
        with closing(listener()) as made:
            async with asyncio.timeout(2):
                with closing(await race([address(port_of(silent)), address(port_of(made))])) as connected:
                    assert connected.getpeername() == made.getsockname()
            assert len(asyncio.all_tasks()) == 1
        for each in (silent, *waiting):
            each.close()

    uvloop.run(story())
    gc.collect()  # an attempt whose socket was left open warns here


def test_giving_up_leaves_no_attempt_behind() -> None:
    async def story() -> None:
        silent, waiting = deaf()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await race([address(port_of(silent))])
        assert len(asyncio.all_tasks()) == 1
        for each in (silent, *waiting):
            each.close()

    uvloop.run(story())
    gc.collect()


@pytest.mark.parametrize("addresses", [[], [address(1), address(2)]])
def test_no_address_answers(addresses: list[Address]) -> None:
    with pytest.raises(OSError, match="name has no address" if not addresses else "Connect call failed"):
        uvloop.run(race(addresses))
