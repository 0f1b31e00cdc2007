"""A TCP connection to a name: its addresses raced, so that a dead one costs a quarter of a second (RFC 8305).

Above: `dial`. Below: the event loop.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import chain, zip_longest
from typing import Final

_ATTEMPT_DELAY: Final = 0.25
"""Seconds between attempts, as RFC 8305 5 recommends."""
_KEEPALIVE_SECONDS: Final = 30

Address = tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]]


async def connect(host: str, port: int) -> socket.socket:
    """A connected socket. Raises OSError: `gaierror` for a name that does not resolve, else the last attempt's."""
    addresses = _literal(host, port) or await asyncio.get_running_loop().getaddrinfo(
        host, port, type=socket.SOCK_STREAM
    )
    return await race(interleaved(addresses))


def interleaved(addresses: Iterable[Address]) -> list[Address]:
    """By turns from each family, in the order within it; the family of the first goes first (RFC 8305 4)."""
    families: dict[int, list[Address]] = {}
    for address in addresses:
        families.setdefault(address[0], []).append(address)
    return [each for each in chain.from_iterable(zip_longest(*families.values())) if each is not None]


async def race(addresses: Iterable[Address]) -> socket.socket:
    """The first address to answer. The next is tried when one has failed, or has been silent for a while."""
    loop = asyncio.get_running_loop()
    untried = deque(addresses)
    running: set[asyncio.Task[socket.socket]] = set()
    failure = OSError("the name has no address")
    try:
        while untried or running:
            if untried:
                running.add(loop.create_task(_attempt(untried.popleft())))
            ended, running = await asyncio.wait(
                running, timeout=_ATTEMPT_DELAY if untried else None, return_when=asyncio.FIRST_COMPLETED
            )
            for task in ended:
                error = task.exception()
                if error is None:
                    running |= ended - {task}
                    return task.result()
                if not isinstance(error, OSError):
                    raise error
                failure = error
        raise failure
    finally:
        await _give_up(running)


async def _attempt(address: Address) -> socket.socket:
    family, kind, protocol, _, where = address
    connection = socket.socket(family, kind, protocol)
    try:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _KEEPALIVE_SECONDS)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _KEEPALIVE_SECONDS)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
        await asyncio.get_running_loop().sock_connect(connection, where)
    except BaseException:
        connection.close()
        raise
    return connection


async def _give_up(attempts: Iterable[asyncio.Task[socket.socket]]) -> None:
    """End the attempts that are not needed any more; one that has won beside another is closed."""
    for task in attempts:
        task.cancel()
    for outcome in await asyncio.gather(*attempts, return_exceptions=True):
        if isinstance(outcome, socket.socket):
            outcome.close()


def _literal(host: str, port: int) -> Sequence[Address]:
    """The address that `host` is; empty if it is a name."""
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        return []
