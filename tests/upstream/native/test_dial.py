"""Ways out: what is trusted, who goes by the proxy, and what a proxy may answer. Sockets stand in tests/conformance."""

import asyncio
import ssl
from pathlib import Path

import pytest

from tests.upstream.wire import Wire
from trigate.config.published import PublishedEgress
from trigate.upstream.native.dial import Dialer, Tunnel, client_tls


def test_a_dialer_knows_who_goes_by_the_proxy() -> None:
    dialer = Dialer(PublishedEgress(proxy="http://proxy.test", no_proxy=("local.test",)), 1.0)
    assert dialer.proxy_for("local.test") is None
    proxy = dialer.proxy_for("vendor.test")
    assert proxy is not None and proxy.port == 80
    assert Dialer(PublishedEgress(), 1.0).proxy_for("vendor.test") is None


def test_certificates_are_always_verified_and_secrets_never_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    tls = client_tls(PublishedEgress())
    assert (tls.verify_mode, tls.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert tls.minimum_version is ssl.TLSVersion.TLSv1_2
    assert not tls.keylog_filename and not (tmp_path / "keys").exists()


@pytest.mark.parametrize("field", ["ca", "client_certificate"])
def test_a_file_that_is_no_certificate_is_refused(field: str, tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("nothing")
    egress = PublishedEgress(**{field: str(tmp_path / "empty.pem")})  # type: ignore[arg-type]
    with pytest.raises(OSError, match=r"."):
        Dialer(egress, 1.0)


@pytest.mark.parametrize(
    ("answer", "made"),
    [
        (b"HTTP/1.1 200 Connection established\r\n\r\n", True),
        (b"HTTP/1.0 200 OK\r\nproxy-agent: x\r\n\r\n", True),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", True),
        (b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n", False),
        (b"HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n", False),
        (b"SSH-2.0\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\nx: " + b"x" * 70_000, False),
        (b"", False),
    ],
)
def test_a_proxy_makes_the_tunnel_or_does_not(answer: bytes, made: bool) -> None:
    async def story() -> None:
        tunnel, wire = Tunnel(), Wire()
        tunnel.connection_made(wire)
        loop = asyncio.get_running_loop()
        if answer:
            loop.call_soon(tunnel.data_received, answer)
        else:
            loop.call_soon(tunnel.connection_lost, None)
        if made:
            await tunnel.open("vendor.test:443", "Basic eDp5")
        else:
            with pytest.raises(ConnectionError):
                await tunnel.open("vendor.test:443", None)
        authorization = b"proxy-authorization: Basic eDp5\r\n" if made else b""
        asked = b"CONNECT vendor.test:443 HTTP/1.1\r\nhost: vendor.test:443\r\n"
        assert wire.sent == [asked + authorization + b"\r\n"]

    asyncio.run(story())
