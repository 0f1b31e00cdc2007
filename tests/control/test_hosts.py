"""The control listener answers to its own names only."""

import asyncio

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message

from trigate.control.hosts import HostGuard, OwnHosts, host_of


def answer(own: OwnHosts, *hosts: str) -> tuple[int, bytes]:
    """Status and body for a request with these `Host` headers."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "headers": [(b"host", host.encode("latin-1")) for host in hosts],
    }
    asyncio.run(HostGuard(PlainTextResponse("inside"), own)(scope, receive, send))
    return sent[0]["status"], sent[1]["body"]


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("127.0.0.1", "127.0.0.1:8081"),
        ("127.0.0.1", "LocalHost"),
        ("127.0.0.1", "localhost.:9"),
        ("127.0.0.1", "[::1]:8081"),
        ("127.0.0.1", "admin.acme.example"),
        ("10.0.0.5", "10.0.0.5:8081"),
        ("0.0.0.0", "192.168.7.7"),
        ("::", "[2001:db8::1]:8081"),
        ("0.0.0.0", "localhost"),
    ],
)
def test_own_names_come_in(address: str, host: str) -> None:
    assert answer(OwnHosts(address, lambda: ["Admin.acme.example"]), host) == (200, b"inside")


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("127.0.0.1", "evil.example"),
        ("127.0.0.1", "evil.example:8081"),
        ("127.0.0.1", "127.0.0.1.evil.example"),
        ("127.0.0.1", "localhost.evil.example"),
        ("127.0.0.1", "127.0.0.1@evil.example"),
        ("127.0.0.1", "10.0.0.5"),
        ("127.0.0.1", ""),
        ("10.0.0.5", "localhost"),
        ("0.0.0.0", "evil.example"),
    ],
)
def test_other_names_do_not(address: str, host: str) -> None:
    status, body = answer(OwnHosts(address), host)
    assert status == 421
    assert b"host_not_served" in body
    assert b"listen.control.hosts" in body


def test_there_must_be_one_host() -> None:
    assert answer(OwnHosts("127.0.0.1"))[0] == 400
    assert answer(OwnHosts("127.0.0.1"), "127.0.0.1", "evil.example")[0] == 400


def test_a_host_header_is_taken_apart() -> None:
    assert [host_of(value) for value in ("A.b:1", "[::1]:80", "[::1]", "a.", "a")] == ["a.b", "::1", "::1", "a", "a"]
