"""A request as bytes: what its URL decides is worked out once, the rest per call.

Framing and addressing are the client's own: a call cannot set them, and no header can end its line (RFC 9112 11.1).
Above: `fetcher`. Below: `proxy`.
"""

from collections.abc import Callable
from typing import Final
from urllib.parse import quote, urlsplit

import msgspec

from trigate.core.ports import Call
from trigate.upstream.native.proxy import Proxy

_OURS: Final = frozenset(
    {"host", "connection", "content-length", "transfer-encoding", "te", "trailer", "upgrade", "expect"}
    | {"proxy-authorization", "proxy-connection", "keep-alive"}
)
_IDENTITY: Final = "accept-encoding: identity\r\n"
_AGENT: Final = "user-agent: trigate\r\n"
_AS_IT_IS: Final = "%/?:@!$&'()*+,;=~[]"
"""What `quote` leaves alone in a target, beside letters and digits: a URL is quoted already."""


class Origin(msgspec.Struct, frozen=True):
    """Where a connection leads. One fetcher has one TLS identity, so this is the key of its pool."""

    tls: bool
    host: str
    """In lower case, IDNA, an IPv6 address without brackets."""
    port: int

    @property
    def authority(self) -> str:
        """Host and port, as a CONNECT asks for them (RFC 9110 9.3.6)."""
        return f"{bracketed(self.host)}:{self.port}"


class Route(msgspec.Struct, frozen=True):
    """What of a request depends on its URL alone. `fixed` are header lines: `Host`, and what the proxy wants."""

    origin: Origin
    target: str
    fixed: str


def bracketed(host: str) -> str:
    """A host as it stands in a URL."""
    return f"[{host}]" if ":" in host else host


def read_route(url: str, proxy_for: Callable[[str], Proxy | None]) -> Route:
    """Where `url` leads; `proxy_for` tells the way to a host. Raises ValueError for a URL that is not http(s)."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("an upstream's URL must be http:// or https:// with a host")
    tls = parts.scheme == "https"
    usual = 443 if tls else 80
    host = parts.hostname if parts.hostname.isascii() else parts.hostname.encode("idna").decode("ascii")
    origin = Origin(tls, host, parts.port or usual)
    shown = origin.authority if origin.port != usual else bracketed(host)
    target = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=_AS_IT_IS)
    fixed = f"host: {shown}\r\n"
    proxy = None if tls else proxy_for(host)
    if proxy is not None:
        target = f"http://{shown}{target}"
        if proxy.authorization is not None:
            fixed += f"proxy-authorization: {proxy.authorization}\r\n"
    return Route(origin, target, fixed)


def encode(call: Call, route: Route) -> bytes:
    """The bytes of a request. Raises ValueError for a header that would break its line, or is not the call's to set."""
    method = call.method
    if not method.isalpha():
        raise ValueError("the method of an upstream call is not a word")
    names = set()
    lines = ""
    for name, value in call.headers:
        name = name.lower()
        names.add(name)
        lines += f"{name}: {value}\r\n"
    if lines.count("\n") != len(call.headers) or lines.count("\r") != len(call.headers) or "\0" in lines:
        raise ValueError("a header of an upstream call holds a line break or a null byte")
    if not names.isdisjoint(_OURS):
        raise ValueError(f"an upstream call cannot set {', '.join(sorted(names & _OURS))}: the client does")
    if "accept-encoding" not in names:
        lines += _IDENTITY
    if "user-agent" not in names:
        lines += _AGENT
    if call.body or method not in ("GET", "HEAD"):
        lines += f"content-length: {len(call.body)}\r\n"
    return f"{method} {route.target} HTTP/1.1\r\n{route.fixed}{lines}\r\n".encode("latin-1") + call.body
