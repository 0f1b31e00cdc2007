"""The Rust client's own corners; what every fetcher does stands in tests/conformance."""

import uvloop

from tests.upstream.vendor import Plan, Vendor, listening
from trigate.config.published import PublishedEgress
from trigate.core.ports import Call
from trigate.upstream.client import build_client
from trigate.upstream.fetcher import PooledFetcher


def test_a_header_that_is_no_text_is_none() -> None:
    async def story() -> None:
        raw = b"HTTP/1.1 200 OK\r\nx-a: \xe9\r\nx-b: b\r\ncontent-length: 0\r\n\r\n"
        async with listening(Vendor(Plan(raw=raw))) as port:
            made = PooledFetcher(build_client(PublishedEgress(), 1.0))
            reply = await made.open(Call("GET", f"http://127.0.0.1:{port}/", [], b""))
            assert reply.header("x-a") is None
            assert reply.header("x-b") == "b"
            await reply.close()
            await made.close()

    uvloop.run(story())
