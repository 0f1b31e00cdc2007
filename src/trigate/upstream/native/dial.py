"""The way out to an upstream: direct or by the egress proxy, with TLS that is always verified.

Name, TCP, tunnel and TLS share one time limit. Above: `fetcher`. Below: `addresses`, `proxy`, the event loop.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Final

import httptools

from trigate.config.published import PublishedEgress
from trigate.upstream import failures
from trigate.upstream.native.addresses import connect
from trigate.upstream.native.connection import UpstreamConnection
from trigate.upstream.native.proxy import Proxy, bypasses, read_proxy
from trigate.upstream.native.request import Origin

_ANSWER_LIMIT: Final = 65_536


class Dialer:
    """Makes connections. `egress` has its secret references resolved already.

    Raises OSError for a certificate file that cannot be read or used, ValueError for a proxy that is no `http://` URL.
    """

    def __init__(self, egress: PublishedEgress, connect_seconds: float) -> None:
        self._tls = client_tls(egress)
        self._proxy = read_proxy(egress.proxy) if egress.proxy else None
        self._no_proxy = egress.no_proxy
        self._connect_seconds = connect_seconds

    def proxy_for(self, host: str) -> Proxy | None:
        """The proxy that calls to `host` go by."""
        return None if self._proxy is None or bypasses(host, self._no_proxy) else self._proxy

    async def dial(self, origin: Origin, factory: Callable[[], UpstreamConnection]) -> UpstreamConnection:
        """A fresh connection. Raises `AttemptFailed`: unreachable, DNS, TLS, timeout."""
        try:
            async with asyncio.timeout(self._connect_seconds):
                return await self._connect(origin, factory)
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

    async def _connect(self, origin: Origin, factory: Callable[[], UpstreamConnection]) -> UpstreamConnection:
        proxy = self.proxy_for(origin.host)
        raw = await connect(origin.host, origin.port) if proxy is None else await connect(proxy.host, proxy.port)
        if proxy is not None and origin.tls:
            return await self._through(proxy, raw, origin, factory)
        tls, name = (self._tls, origin.host) if origin.tls else (None, None)
        try:
            _, connection = await asyncio.get_running_loop().create_connection(
                factory, sock=raw, ssl=tls, server_hostname=name
            )
        except BaseException:
            raw.close()
            raise
        return connection

    async def _through(
        self, proxy: Proxy, raw: socket.socket, origin: Origin, factory: Callable[[], UpstreamConnection]
    ) -> UpstreamConnection:
        loop = asyncio.get_running_loop()
        transport, tunnel = await loop.create_connection(Tunnel, sock=raw)
        try:
            await tunnel.open(origin.authority, proxy.authorization)
            connection = factory()
            secured = await loop.start_tls(transport, connection, self._tls, server_hostname=origin.host)
        except BaseException:
            transport.abort()
            raise
        if secured is None:
            raise ConnectionAbortedError("the tunnel was closed")
        connection.connection_made(secured)
        return connection


class Tunnel(asyncio.Protocol):
    """Asks a proxy for a tunnel; what comes after its answer belongs to another protocol, which speaks later."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport
        self._parser = httptools.HttpResponseParser(self)
        self._size = 0
        self._answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def open(self, authority: str, authorization: str | None) -> None:
        """Wait for the tunnel. Raises ConnectionError when the proxy does not make it."""
        head = f"CONNECT {authority} HTTP/1.1\r\nhost: {authority}\r\n"
        if authorization is not None:
            head += f"proxy-authorization: {authorization}\r\n"
        self._transport.write(f"{head}\r\n".encode("ascii"))
        status = await self._answer
        if not 200 <= status < 300:
            raise ConnectionError("the proxy refused the tunnel")

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._answered(0)

    def data_received(self, data: bytes) -> None:
        self._size += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._answered(0)
        if self._size > _ANSWER_LIMIT:
            self._answered(0)

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status >= 200:
            self._answered(status)

    def _answered(self, status: int) -> None:
        if not self._answer.done():
            self._answer.set_result(status)


def client_tls(egress: PublishedEgress) -> ssl.SSLContext:
    """What is trusted and shown: the system's authorities and the private one, TLS 1.2 at least, names always checked.

    Not `create_default_context`, which would write the secrets of connections to a file named in the environment.
    """
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.load_default_certs()
    tls.minimum_version = ssl.TLSVersion.TLSv1_2
    tls.set_alpn_protocols(["http/1.1"])
    if egress.ca is not None:
        tls.load_verify_locations(egress.ca)
    if egress.client_certificate is not None:
        tls.load_cert_chain(egress.client_certificate, egress.client_key)
    return tls
