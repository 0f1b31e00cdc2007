"""What one listener lets in: which hosts may be asked for, and whose word on the client's address is taken.

Compiled once from the published listener; a reload swaps the whole value. Pure. Above: `http`.
"""

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final

from trigate.config.published import PublishedListener
from trigate.core.errors import Category, Fault, Refused, invalid

FORWARDING: Final = frozenset(
    name.replace(b"-", dash)
    for dash in (b"-", b"_")
    for name in (
        b"forwarded",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-port",
        b"x-forwarded-prefix",
        b"x-forwarded-proto",
        b"x-forwarded-server",
        b"x-original-url",
        b"x-real-ip",
        b"x-rewrite-url",
    )
)
"""Headers in which a proxy speaks about the client; the underscore spelling is read as the same by some servers."""

_MISDIRECTED: Final = Fault(
    "host_not_served",
    Category.NOT_FOUND,
    421,
    "this listener does not serve the host that was asked for; use a name from its `hosts`",
)


class ListenerRules:
    """The compiled form of one `PublishedListener`. `hosts` empty: any; `*.example.com`: any name below it."""

    __slots__ = ("_exact", "_suffixes", "_trusted")

    def __init__(self, listener: PublishedListener) -> None:
        names = [host.lower().encode("ascii") for host in listener.hosts]
        self._exact = frozenset(name for name in names if not name.startswith(b"*."))
        self._suffixes = tuple(name[1:] for name in names if name.startswith(b"*."))
        self._trusted = tuple(ip_network(network, strict=False) for network in listener.trusted_proxies)

    def check_host(self, value: bytes | None, *, required: bool) -> None:
        """Refuse a `Host` (RFC 9110 7.2) that is missing, doubled, or not served here. Raises `Refused` (400, 421)."""
        if value is None:
            if required or self._exact or self._suffixes:
                raise Refused(invalid("bad_host", "the Host header is missing"))
        elif b"," in value or b"@" in value:
            raise Refused(invalid("bad_host", "the Host header must hold one host and at most a port"))
        elif (self._exact or self._suffixes) and not self._serves(_without_port(value.lower())):
            raise Refused(_MISDIRECTED)

    def _serves(self, host: bytes) -> bool:
        return host in self._exact or (bool(self._suffixes) and host.endswith(self._suffixes))

    def trusts(self, address: str) -> bool:
        """Whether `address` is a proxy that may say who the client is."""
        return bool(self._trusted) and _inside(address, self._trusted)

    def client(self, peer: str, headers: Mapping[bytes, bytes]) -> str:
        """Who the client is, when `peer` is trusted: the right-most address that is not.

        Both kinds of header may be present only if they agree: a proxy that writes one passes the caller's own copy of
        the other. Raises `Refused` (400).
        """
        for_header, forwarded = headers.get(b"x-forwarded-for"), headers.get(b"forwarded")
        if for_header is not None and forwarded is not None:
            by_for, by_forwarded = (
                self._right_most(peer, _listed(for_header)),
                self._right_most(peer, _forwarded(forwarded)),
            )
            if by_for != by_forwarded:
                raise Refused(invalid("ambiguous_client", "Forwarded and X-Forwarded-For name different clients"))
            return by_for
        if for_header is not None:
            return self._right_most(peer, _listed(for_header))
        if forwarded is not None:
            return self._right_most(peer, _forwarded(forwarded))
        return peer

    def _right_most(self, peer: str, chain: list[str]) -> str:
        client = peer
        for address in reversed(chain):
            try:
                client = str(ip_address(address))
            except ValueError:  # `unknown`, an obfuscated name, rubbish: nothing left of it can be believed
                return client
            if not _inside(client, self._trusted):
                return client
        return client


def _inside(address: str, networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if ip.version == 6 and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return any(ip in network for network in networks)


def _without_port(host: bytes) -> bytes:
    if host.startswith(b"["):
        return host[: host.find(b"]") + 1]
    return host.partition(b":")[0].removesuffix(b".")


def _listed(value: bytes) -> list[str]:
    return [_address(item) for item in value.decode("latin-1").split(",")]


def _forwarded(value: bytes) -> list[str]:
    """The `for` of each element (RFC 7239 4); an element without one hides its client, so nothing left of it counts."""
    chain = []
    for element in value.decode("latin-1").split(","):
        pairs = (pair.partition("=") for pair in element.split(";"))
        given = [text.strip().strip('"') for name, _, text in pairs if name.strip().lower() == "for"]
        chain.append(_address(given[0]) if len(given) == 1 else "unknown")
    return chain


def _address(text: str) -> str:
    """An address without its port and brackets."""
    text = text.strip()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text
