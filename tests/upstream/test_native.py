"""Requests as bytes, and a pool that keeps no stale connection."""

import pytest
import uvloop

from tests.server.front import ManualClock
from tests.upstream.vendor import Plan, Vendor, listening
from trigate.config.published import PublishedEgress
from trigate.core.ports import Call
from trigate.upstream.dial import Origin, Proxy
from trigate.upstream.native import NativeFetcher, encode, read_route

PROXY = Proxy("proxy.test", 3128, "Basic eDp5")


def test_a_route_is_all_that_a_url_decides() -> None:
    route = read_route("https://vendor.test:8443/v1/chat?x=1", lambda origin: PROXY)
    assert route.origin == Origin(True, "vendor.test", 8443)
    assert (route.target, route.fixed) == ("/v1/chat?x=1", "host: vendor.test:8443\r\n")
    route = read_route("http://vendor.test", lambda origin: PROXY)
    assert route.origin == Origin(False, "vendor.test", 80)
    assert (route.target, "Basic eDp5" in route.fixed) == ("http://vendor.test/", True)


@pytest.mark.parametrize("url", ["ftp://vendor.test", "vendor.test/v1", "https:///v1"])
def test_only_http_urls_lead_anywhere(url: str) -> None:
    with pytest.raises(ValueError, match="http://"):
        read_route(url, lambda origin: None)


def test_a_request_is_encoded_whole() -> None:
    route = read_route("http://vendor.test/v1", lambda origin: None)
    assert encode(Call("POST", "", [("x-a", "\u00e9")], b"{}"), route) == (
        b"POST /v1 HTTP/1.1\r\nhost: vendor.test\r\naccept-encoding: identity\r\ncontent-length: 2\r\n"
        b"x-a: \xe9\r\n\r\n{}"
    )


@pytest.mark.parametrize("header", [("x-a", "b\r\nx: y"), ("x\n", "y"), ("x", "\0")])
def test_a_header_cannot_break_out(header: tuple[str, str]) -> None:
    route = read_route("http://vendor.test/v1", lambda origin: None)
    with pytest.raises(ValueError, match="line break"):
        encode(Call("POST", "", [header], b""), route)


def test_a_connection_that_rested_too_long_is_not_used() -> None:
    async def story() -> None:
        clock = ManualClock()
        vendor = Vendor(Plan(chunks=(b"a",)))
        made = NativeFetcher(PublishedEgress(), 1.0, clock)
        async with listening(vendor) as port:
            for seconds in (0, 49, 50):
                clock.now_ns += seconds * 1_000_000_000
                reply = await made.open(Call("GET", f"http://127.0.0.1:{port}/", [], b""))
                await reply.read(1)
                await reply.close()
            await made.close()
        assert vendor.connections == 2

    uvloop.run(story())
