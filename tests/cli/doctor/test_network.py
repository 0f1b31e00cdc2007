"""The way to the vendors, over real sockets."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest
import trustme

from trigate.cli.doctor.findings import Finding, Grade
from trigate.cli.doctor.network import Vendor, bypasses, names, network
from trigate.config.published import Published, PublishedEgress, PublishedProvider
from trigate.config.secrets import References

SECRET = "sk-the-vendors-secret"
REFERENCES = References({"KEY": SECRET, "PROXY": "http://user:proxy-secret@127.0.0.1:1"})


class Handler(BaseHTTPRequestHandler):
    """Answers 401, as vendors do; keeps what it was sent."""

    status = 401

    def do_GET(self) -> None:
        self.server.seen.append(str(self.headers))  # type: ignore[attr-defined]
        self.send_response(self.status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


class Broken(Handler):
    status = 503


@contextmanager
def vendor(handler: type[Handler] = Handler, tls: ssl.SSLContext | None = None) -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.seen = []  # type: ignore[attr-defined]
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def examine(url: str, egress: PublishedEgress | None = None) -> list[Finding]:
    settings = msgspec.Raw(msgspec.json.encode({"base_url": url, "api_key": "${env:KEY}"}))
    published = Published(
        providers=(PublishedProvider("main", "openai", settings=settings),), egress=egress or PublishedEgress()
    )

    async def collect() -> list[Finding]:
        return [finding async for finding in network(published, REFERENCES)]

    found = asyncio.run(collect())
    assert SECRET not in str(found) and "proxy-secret" not in str(found)
    return found


def test_a_vendor_that_answers_is_reached_and_gets_no_key() -> None:
    with vendor() as server:
        (found,) = examine(f"http://127.0.0.1:{server.server_port}/v1")
        assert found.grade is Grade.OK
        (headers,) = server.seen  # type: ignore[attr-defined]
    assert SECRET not in headers and "authorization" not in headers.lower()


def test_a_vendor_in_trouble() -> None:
    with vendor(Broken) as server:
        (found,) = examine(f"http://127.0.0.1:{server.server_port}/v1")
    assert found.grade is Grade.WARN
    assert "503" in found.message


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (found,) = examine(f"http://127.0.0.1:{port}/v1")
    assert found.grade is Grade.FAIL
    assert "cannot be reached" in found.message
    assert "egress.proxy" in found.remedy


def test_trust_comes_from_the_configured_authority(tmp_path: Path) -> None:
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with vendor(tls=tls) as server:
        url = f"https://localhost:{server.server_port}/v1"
        refused = examine(url)
        trusted = examine(url, PublishedEgress(ca=str(tmp_path / "ca.pem")))
    assert [found.grade for found in refused] == [Grade.OK, Grade.FAIL]
    assert "egress.ca" in refused[1].remedy
    assert [found.grade for found in trusted] == [Grade.OK, Grade.OK]


def test_a_proxy_that_is_not_there() -> None:
    found = examine("https://api.vendor.example/v1", PublishedEgress(proxy="${env:PROXY}"))
    assert [(each.check, each.grade) for each in found] == [("providers.main", Grade.FAIL)]
    assert "through egress.proxy" in found[0].message


def test_names_that_do_not_resolve() -> None:
    unknown = Vendor("main", "https://no-such-host.invalid/v1")
    known = Vendor("local", "http://localhost:1/v1")
    found = list(names([unknown, known, known], PublishedEgress(), REFERENCES))
    assert [each.grade for each in found] == [Grade.OK, Grade.FAIL]
    assert "no-such-host.invalid" in found[1].message


@pytest.mark.parametrize(
    ("host", "entries", "expected"),
    [
        ("a.corp.example", (".corp.example",), True),
        ("corp.example", ("corp.example",), True),
        ("evilcorp.example", (".corp.example",), False),
        ("a.example", ("*",), True),
        ("a.example", ("", "10.0.0.0/8"), False),
    ],
)
def test_hosts_that_go_around_the_proxy(host: str, entries: tuple[str, ...], expected: bool) -> None:
    assert bypasses(host, entries) is expected
