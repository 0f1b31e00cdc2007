"""The egress proxy and its exceptions. Nothing is taken from the environment.

`http` calls go to it in absolute form, `https` calls through its CONNECT tunnel (RFC 9110 9.3.6). Above: `dial`.
"""

import base64
from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from urllib.parse import unquote, urlsplit

import msgspec


class Proxy(msgspec.Struct, frozen=True):
    """The egress proxy. `authorization` is a secret: never shown, and for no one else."""

    host: str
    port: int
    authorization: str | None

    def __repr__(self) -> str:
        return f"Proxy({self.host}:{self.port})"


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
