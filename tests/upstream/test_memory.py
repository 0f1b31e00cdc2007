"""A scripted vendor: what it was asked, and what it sees of its reader."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from trigate.core.errors import AttemptFailed
from trigate.core.ports import Call
from trigate.upstream import failures
from trigate.upstream.memory import MemoryFetcher, Scripted

CALL = Call("POST", "http://vendor.test/v1", [], b"{}")


def test_calls_are_kept_and_bodies_closed() -> None:
    closed: list[bool] = []

    async def body() -> AsyncGenerator[bytes, None]:
        try:
            yield b"a"
            yield b"b"
        finally:
            closed.append(True)

    async def vendor(call: Call) -> Scripted:
        return Scripted(200, {}, body())

    async def story() -> None:
        fetcher = MemoryFetcher(vendor)
        reply = await fetcher.open(CALL)
        with pytest.raises(AttemptFailed):
            await reply.read(0)
        await reply.close()
        assert closed == [True]
        assert fetcher.calls == [CALL]
        await fetcher.close()
        assert fetcher.closed

    asyncio.run(story())


def test_a_vendor_may_refuse_to_be_reached() -> None:
    async def vendor(call: Call) -> Scripted:
        raise failures.dns()

    with pytest.raises(AttemptFailed) as raised:
        asyncio.run(MemoryFetcher(vendor).open(CALL))
    assert raised.value.fault.code == "upstream_dns"
