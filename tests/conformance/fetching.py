"""Each HTTP client that reaches upstreams over sockets, and TLS servers for it to reach."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import trustme
import uvloop

from trigate.config.published import PublishedEgress
from trigate.core.clock import SystemClock
from trigate.core.ports import Call, Fetcher
from trigate.upstream.client import build_client
from trigate.upstream.fetcher import PooledFetcher
from trigate.upstream.native import NativeFetcher

BY: Final = ("pyreqwest", "native")
SECRET: Final = "canary-4711"


def fetcher(by: str, egress: PublishedEgress, connect_seconds: float = 5.0) -> Fetcher:
    if by == "native":
        return NativeFetcher(egress, connect_seconds, SystemClock())
    return PooledFetcher(build_client(egress, connect_seconds))


def call(url: str) -> Call:
    return Call("POST", f"{url}/v1?key={SECRET}", [("authorization", f"Bearer {SECRET}")], b"{}")


async def answered(made: Fetcher, url: str) -> bytes:
    try:
        reply = await made.open(call(url))
        body = await reply.read(100)
        await reply.close()
        return body
    finally:
        await made.close()


def run(story: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(10):
            await story()

    uvloop.run(bounded())


def serving_tls(authority: trustme.CA, name: str = "127.0.0.1", *, callers: bool = False) -> ssl.SSLContext:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(tls)
    if callers:
        authority.configure_trust(tls)
        tls.verify_mode = ssl.CERT_REQUIRED
    return tls


def trusting(authority: trustme.CA, folder: Path) -> PublishedEgress:
    authority.cert_pem.write_to_path(folder / "ca.pem")
    return PublishedEgress(ca=str(folder / "ca.pem"))
