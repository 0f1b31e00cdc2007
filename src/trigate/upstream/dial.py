"""The way out to an upstream: direct or by the egress proxy, with TLS that is always verified.

`http` calls go to the proxy in absolute form, `https` calls through its CONNECT tunnel (RFC 9110 9.3.6). Nothing is
taken from the environment. Above: `native`. Below: `connection`, the event loop.
"""

import asyncio
import base64
import socket
import ssl
from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from typing import Final
from urllib.parse import unquote, urlsplit

import httptools
import msgspec

from trigate.config.published import PublishedEgress
from trigate.upstream import failures
from trigate.upstream.connection import UpstreamConnection

_KEEPALIVE_SECONDS: Final = 30


class Origin(msgspec.Struct, frozen=True):
    """Where a connection leads: the key of the pool."""

    tls: bool
    host: str
    port: int


class Proxy(msgspec.Struct, frozen=True):
    """The egress proxy. `authorization` is a secret: never shown."""

    host: str
    port: int
    authorization: str | None

    def __repr__(self) -> str:
        return f"Proxy({self.host}:{self.port})"


class Dialer:
    """Makes connections. `egress` has its secret references resolved already.

    Raises OSError for a certificate file that cannot be read or used, ValueError for a proxy that is no `http://` URL.
    """

    def __init__(self, egress: PublishedEgress, connect_seconds: float) -> None:
        self._tls = _tls(egress)
        self._proxy = read_proxy(egress.proxy) if egress.proxy else None
        self._no_proxy = egress.no_proxy
        self._connect_seconds = connect_seconds

    def proxy_for(self, origin: Origin) -> Proxy | None:
        """The proxy that calls to `origin` go by."""
        return None if bypasses(origin.host, self._no_proxy) else self._proxy

    async def dial(self, origin: Origin) -> UpstreamConnection:
        """A fresh connection. Raises `AttemptFailed`: unreachable, DNS, TLS, timeout."""
        try:
            async with asyncio.timeout(self._connect_seconds):
                connection = await self._connect(origin)
        except TimeoutError:
            raise failures.connect_timeout() from None
        except socket.gaierror:
            raise failures.dns() from None
        except ssl.SSLError:
            raise failures.tls() from None
        except (ConnectionResetError, ConnectionAbortedError):  # connected, then cut: by TLS where there is any
            raise failures.tls() if origin.tls else failures.unreachable() from None
        except OSError:
            raise failures.unreachable() from None
        return connection

    async def _connect(self, origin: Origin) -> UpstreamConnection:
        loop = asyncio.get_running_loop()
        proxy = self.proxy_for(origin)
        tls = self._tls if origin.tls else None
        if proxy is None:
            name = origin.host if origin.tls else None
            transport, connection = await loop.create_connection(
                UpstreamConnection, origin.host, origin.port, ssl=tls, server_hostname=name
            )
        elif tls is None:
            transport, connection = await loop.create_connection(UpstreamConnection, proxy.host, proxy.port)
        else:
            return await _tunnel(proxy, origin, tls)
        _keep_alive(transport)
        return connection


async def _tunnel(proxy: Proxy, origin: Origin, tls: ssl.SSLContext) -> UpstreamConnection:
    loop = asyncio.get_running_loop()
    transport, tunnel = await loop.create_connection(_Tunnel, proxy.host, proxy.port)
    try:
        _keep_alive(transport)
        await tunnel.open(f"{origin.host}:{origin.port}", proxy.authorization)
        connection = UpstreamConnection()
        secured = await loop.start_tls(transport, connection, tls, server_hostname=origin.host)
    except BaseException:
        transport.abort()
        raise
    if secured is None:
        raise ConnectionError("the tunnel was closed")
    connection.connection_made(secured)
    return connection


class _Tunnel(asyncio.Protocol):
    """Asks a proxy for a tunnel; what comes after its 200 is another protocol's."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport
        self._parser = httptools.HttpResponseParser(self)
        self._answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def open(self, authority: str, authorization: str | None) -> None:
        lines = [f"CONNECT {authority} HTTP/1.1", f"host: {authority}"]
        if authorization is not None:
            lines.append(f"proxy-authorization: {authorization}")
        self._transport.write("\r\n".join([*lines, "\r\n"]).encode("ascii"))
        status = await self._answer
        if not 200 <= status < 300:
            raise ConnectionError("the proxy refused the tunnel")

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._answered(0)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._answered(0)

    def on_headers_complete(self) -> None:
        self._answered(self._parser.get_status_code())

    def _answered(self, status: int) -> None:
        if not self._answer.done():
            self._answer.set_result(status)


def bypasses(host: str, no_proxy: Sequence[str]) -> bool:
    """Whether `host` is excepted from the proxy: `*`, a name and all below it, an address, or a network."""
    for entry in no_proxy:
        name = entry.strip().lower().removeprefix("*").removeprefix(".")
        if entry.strip() == "*" or (name and (host == name or host.endswith("." + name))) or _in_network(host, name):
            return True
    return False


def _in_network(host: str, network: str) -> bool:
    try:
        return ip_address(host) in ip_network(network, strict=False)
    except ValueError:
        return False


def read_proxy(url: str) -> Proxy:
    """A proxy from its URL. Raises ValueError, without the URL, which may hold a password."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        raise ValueError("egress.proxy must be an http:// URL with a host")
    authorization = None
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = f"Basic {base64.b64encode(pair.encode()).decode('ascii')}"
    return Proxy(parts.hostname, parts.port or 80, authorization)


def _tls(egress: PublishedEgress) -> ssl.SSLContext:
    tls = ssl.create_default_context()
    tls.minimum_version = ssl.TLSVersion.TLSv1_2
    tls.set_alpn_protocols(["http/1.1"])
    if egress.ca is not None:
        tls.load_verify_locations(egress.ca)
    if egress.client_certificate is not None:
        tls.load_cert_chain(egress.client_certificate, egress.client_key)
    return tls


def _keep_alive(transport: asyncio.Transport) -> None:
    """Notice an upstream that is gone without a word (tcp(7))."""
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _KEEPALIVE_SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _KEEPALIVE_SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
