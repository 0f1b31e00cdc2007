"""The network: the names of the vendors, and the way to each, by the gateway's own HTTP client.

Every vendor gets one request without a key. Whatever it answers, it was reached: name, proxy, TCP, TLS and trust are
as they will be for calls. Above: `command`.
"""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Final
from urllib.parse import urlsplit

import msgspec

from trigate.app.extensions import Pools, extensions
from trigate.cli.doctor.findings import Finding, fail, ok, warn
from trigate.config.published import Published, PublishedEgress
from trigate.config.registry import Registry
from trigate.config.secrets import References
from trigate.core.errors import AttemptFailed, Refused
from trigate.core.ports import Call

CONNECT_SECONDS: Final = 5.0
REPLY_SECONDS: Final = 10.0
SERVER_ERROR: Final = 500
CHAT: Final = "chat"

REMEDIES: Final = {
    "upstream_dns": "correct base_url, or this machine's name servers",
    "upstream_tls": "if a proxy breaks TLS open, name its CA in egress.ca; else look at the vendor's certificate",
    "upstream_unreachable": "open the way out in the firewall, or name the proxy in egress.proxy",
    "upstream_timeout": "open the way out in the firewall, or name the proxy in egress.proxy",
}


class Vendor(msgspec.Struct, frozen=True):
    """A vendor account as far as the way to it goes."""

    name: str
    url: str

    @property
    def host(self) -> str:
        """The host that is called."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """The port that is called."""
        parts = urlsplit(self.url)
        return parts.port or (443 if parts.scheme == "https" else 80)


async def network(published: Published, references: References) -> AsyncIterator[Finding]:
    """Names first, then the way to each account."""
    pools = Pools(references)
    build = extensions(Registry(), references, pools).provider
    vendors = []
    for account in published.providers:
        try:
            vendors.append(Vendor(account.name, build(account).call(CHAT, account.name, False, {}, b"").url))
        except (Refused, ValueError) as error:
            yield warn(f"providers.{account.name}", f"its address is not known: {error}", "see: trigate check")
    for finding in await asyncio.to_thread(lambda: list(names(vendors, published.egress, references))):
        yield finding
    try:
        for reach in asyncio.as_completed([_reach(vendor, pools, published.egress) for vendor in vendors]):
            yield await reach
    finally:
        await pools.close()


def names(vendors: Iterable[Vendor], egress: PublishedEgress, references: References) -> Iterator[Finding]:
    """Each name that this machine has to resolve, once. Behind a proxy that is the proxy's."""
    hosts = {(vendor.host, vendor.port) for vendor in vendors}
    if egress.proxy:
        proxy = urlsplit(references.resolve(egress.proxy))
        hosts = {(host, port) for host, port in hosts if bypasses(host, egress.no_proxy)}
        hosts.add((proxy.hostname or "", proxy.port or 80))
    for host, port in sorted(hosts):
        if _is_address(host):
            continue
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            yield fail("dns", f"{host}: {error.strerror}", REMEDIES["upstream_dns"])
        else:
            addresses = sorted({str(each[4][0]) for each in found})
            yield ok("dns", f"{host} is {', '.join(addresses[:3])}{', ...' if len(addresses) > 3 else ''}")


def bypasses(host: str, no_proxy: Iterable[str]) -> bool:
    """Whether a host is reached without the proxy; networks are not looked at."""
    entries = [entry.strip().lstrip(".").lower() for entry in no_proxy]
    return any(entry == "*" or host == entry or host.endswith(f".{entry}") for entry in entries if entry)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


async def _reach(vendor: Vendor, pools: Pools, egress: PublishedEgress) -> Finding:
    check = f"providers.{vendor.name}"
    where = f"{vendor.host}:{vendor.port}{' through egress.proxy' if egress.proxy else ''}"
    call = Call("GET", vendor.url, [("accept", "application/json")], b"")
    begun = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout(REPLY_SECONDS):
            reply = await pools.fetcher(egress, CONNECT_SECONDS).open(call)
            await reply.close()
    except AttemptFailed as failed:
        remedy = REMEDIES.get(failed.fault.code, "see whether base_url is right, and what stands at it")
        return fail(check, f"{where}: {failed.fault.message}", remedy)
    except TimeoutError:
        return fail(check, f"{where}: no answer within {REPLY_SECONDS:.0f} s", REMEDIES["upstream_timeout"])
    took = (asyncio.get_running_loop().time() - begun) * 1000
    if reply.status >= SERVER_ERROR:
        return warn(check, f"{where} answers with status {reply.status}", "the vendor, or a proxy, is in trouble")
    return ok(check, f"{where} answers, {took:.0f} ms")
