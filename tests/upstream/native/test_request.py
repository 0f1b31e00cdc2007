"""Requests as bytes: what a URL decides, what a call may set, and what it may not."""

import pytest

from trigate.core.ports import Call
from trigate.upstream.native.proxy import Proxy
from trigate.upstream.native.request import Origin, Route, encode, read_route

PROXY = Proxy("proxy.test", 3128, "Basic eDp5")


def direct(url: str) -> Route:
    return read_route(url, lambda host: None)


def test_a_route_is_all_that_a_url_decides() -> None:
    route = read_route("https://vendor.test:8443/v1/chat?x=1", lambda host: PROXY)
    assert route.origin == Origin(True, "vendor.test", 8443)
    assert (route.target, route.fixed) == ("/v1/chat?x=1", "host: vendor.test:8443\r\n")


def test_the_proxy_sees_its_authorization_only_where_it_reads_the_request() -> None:
    route = read_route("http://vendor.test", lambda host: PROXY)
    assert route.origin == Origin(False, "vendor.test", 80)
    assert route.target == "http://vendor.test/"
    assert route.fixed == "host: vendor.test\r\nproxy-authorization: Basic eDp5\r\n"
    assert read_route("http://vendor.test", lambda host: Proxy("p", 1, None)).fixed == "host: vendor.test\r\n"
    for url in ("https://vendor.test", "http://past.test"):
        assert "eDp5" not in read_route(url, lambda host: PROXY if host == "vendor.test" else None).fixed


@pytest.mark.parametrize(
    ("url", "origin", "host", "target"),
    [
        ("https://Vendor.Test/V1", Origin(True, "vendor.test", 443), "vendor.test", "/V1"),
        ("http://vendor.test:80", Origin(False, "vendor.test", 80), "vendor.test", "/"),
        ("http://[::1]:8080/a", Origin(False, "::1", 8080), "[::1]:8080", "/a"),
        ("https://[fd00::1]", Origin(True, "fd00::1", 443), "[fd00::1]", "/"),
        (
            "https://b\u00fccher.test/\u00e9 x",
            Origin(True, "xn--bcher-kva.test", 443),
            "xn--bcher-kva.test",
            "/%C3%A9%20x",
        ),
        ("http://vendor.test/a%20b?q=%3D&r=[1]", Origin(False, "vendor.test", 80), "vendor.test", "/a%20b?q=%3D&r=[1]"),
        ("http://vendor.test/a\r\nx: y", Origin(False, "vendor.test", 80), "vendor.test", "/ax:%20y"),
    ],
)
def test_hosts_and_targets_are_written_as_the_wire_wants_them(url: str, origin: Origin, host: str, target: str) -> None:
    route = direct(url)
    assert (route.origin, route.fixed, route.target) == (origin, f"host: {host}\r\n", target)


def test_a_tunnel_is_asked_for_by_host_and_port() -> None:
    assert Origin(True, "vendor.test", 443).authority == "vendor.test:443"
    assert Origin(True, "::1", 8443).authority == "[::1]:8443"


@pytest.mark.parametrize("url", ["ftp://vendor.test", "vendor.test/v1", "https:///v1"])
def test_only_http_urls_lead_anywhere(url: str) -> None:
    with pytest.raises(ValueError, match="http://"):
        direct(url)


def test_a_request_is_encoded_whole() -> None:
    assert encode(Call("POST", "", [("X-A", "\u00e9")], b"{}"), direct("http://vendor.test/v1")) == (
        b"POST /v1 HTTP/1.1\r\nhost: vendor.test\r\nx-a: \xe9\r\naccept-encoding: identity\r\nuser-agent: trigate\r\n"
        b"content-length: 2\r\n\r\n{}"
    )


def test_a_call_may_say_who_it_is_and_what_it_takes() -> None:
    call = Call("GET", "", [("user-agent", "me"), ("accept-encoding", "gzip")], b"")
    assert encode(call, direct("http://vendor.test/v1")) == (
        b"GET /v1 HTTP/1.1\r\nhost: vendor.test\r\nuser-agent: me\r\naccept-encoding: gzip\r\n\r\n"
    )


def test_an_empty_body_has_a_length_too() -> None:
    assert b"content-length: 0\r\n" in encode(Call("POST", "", [], b""), direct("http://vendor.test"))


@pytest.mark.parametrize(
    "header", [("x-a", "b\r\nx: y"), ("x-a", "b\nx: y"), ("x-a", "b\rx"), ("x\n", "y"), ("x", "\0")]
)
def test_a_header_cannot_break_out(header: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="line break"):
        encode(Call("POST", "", [header], b""), direct("http://vendor.test"))


@pytest.mark.parametrize("name", ["Host", "content-length", "Transfer-Encoding", "connection", "proxy-authorization"])
def test_framing_and_addressing_are_not_the_calls(name: str) -> None:
    with pytest.raises(ValueError, match=name.lower()):
        encode(Call("POST", "", [(name, "1")], b""), direct("http://vendor.test"))


@pytest.mark.parametrize("method", ["", "GET / HTTP/1.1\r\nx:", "GET "])
def test_a_method_is_a_word(method: str) -> None:
    with pytest.raises(ValueError, match="method"):
        encode(Call(method, "", [], b""), direct("http://vendor.test"))
