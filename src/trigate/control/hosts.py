"""The names that the control listener answers to. Against DNS rebinding (a page in an operator's browser whose name
is made to point at this machine): a request that asks for another host is refused before anything looks at it.

An address cannot be rebound, so the listener's own addresses are its names; `localhost` is, on a loopback address; any
other name has to stand in `listen.control.hosts`. The port is not judged: it may be a forwarded one. Above: `api`.
"""

from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class OwnHosts:
    """The names of a listener that is bound to `address`; `hosts` gives those that are configured at the moment."""

    def __init__(self, address: str, hosts: Callable[[], Iterable[str]] = tuple) -> None:
        ip = _ip(address)
        self._every_address = ip is not None and ip.is_unspecified
        loopback = {"localhost", "127.0.0.1", "::1"} if ip is not None and (ip.is_loopback or ip.is_unspecified) else ()
        self._names = frozenset((address.lower(), *loopback))
        self._hosts = hosts

    def __contains__(self, host: str) -> bool:
        if host in self._names or (self._every_address and _ip(host) is not None):
            return True
        return any(host == name.lower() for name in self._hosts())


class HostGuard:
    """An ASGI application around another one, which is reached by its own names only."""

    def __init__(self, app: ASGIApp, hosts: OwnHosts) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 400 to a `Host` that is missing or doubled, 421 to one that is not ours (RFC 9110 7.2, 15.5.20)."""
        values = [value for name, value in scope.get("headers", ()) if name == b"host"]
        if len(values) != 1:
            await _refusal(400, "bad_host", "the request must have one Host header")(scope, receive, send)
        elif host_of(values[0].decode("latin-1")) not in self._hosts:
            message = "the control listener does not serve this host; add it to listen.control.hosts"
            await _refusal(421, "host_not_served", message)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def host_of(value: str) -> str:
    """The host of a `Host` header, lower case, without port and brackets."""
    value = value.lower()
    if value.startswith("["):
        return value[1:].partition("]")[0]
    return value.partition(":")[0].removesuffix(".")


def _ip(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _refusal(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message}}, status)
