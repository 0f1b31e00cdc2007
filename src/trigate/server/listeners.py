"""Named listening sockets, bound once by the supervisor and inherited by its children by descriptor.

A listener has one or more *shares*: sockets of one address with SO_REUSEPORT, among which the kernel spreads
connections. A worker serves one share, and its successor the same one, so that a connection that waits in its queue
is lost to no restart. Where the address was bound by somebody else (systemd socket activation, `sd_listen_fds(3)`)
there is one socket, and all workers serve it.

The sockets listen from the start: what comes before a worker is ready, waits. Above: app. Below: the kernel.
"""

import errno
import socket
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

BACKLOG: Final = 4096

_FIRST_INHERITED: Final = 3  # SD_LISTEN_FDS_START
_TCP_LISTEN: Final = "0A"

_REMEDIES: Final = {
    errno.EACCES: "ports below 1024 need CAP_NET_BIND_SERVICE, or a socket handed over by systemd",
    errno.EADDRNOTAVAIL: "no interface of this machine has that address",
}


class ListenError(Exception):
    """A listener cannot be had; the message names it, the cause and the remedy."""


class Address(msgspec.Struct, frozen=True):
    """Where a listener listens. `host` is an IPv4 or IPv6 address or a name; port 0 lets the kernel choose."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Binding(msgspec.Struct, frozen=True):
    """What a listener should be: its name, its address, and how many shares it has."""

    name: str
    address: Address
    shares: int = 1
    backlog: int = BACKLOG


class Listener:
    """A named address that is listened on."""

    def __init__(self, name: str, sockets: Sequence[socket.socket]) -> None:
        self.name = name
        self._sockets = tuple(sockets)

    @property
    def address(self) -> Address:
        """The real address, its port as the kernel chose it."""
        host, port = self._sockets[0].getsockname()[:2]
        return Address(host, port)

    @property
    def descriptors(self) -> tuple[int, ...]:
        """One per share."""
        return tuple(each.fileno() for each in self._sockets)

    def share(self, slot: int) -> int:
        """The descriptor that the worker in `slot` serves; a shared one if there are fewer shares than workers."""
        return self._sockets[slot % len(self._sockets)].fileno()

    def close(self) -> None:
        """Close this process's copies; what waits in their queues stays for whoever else holds them."""
        for each in self._sockets:
            each.close()


def listen(bindings: Iterable[Binding], inherited: Mapping[str, Sequence[socket.socket]]) -> dict[str, Listener]:
    """Every listener, by name: what was inherited under its name, and new shares where those are too few.

    Raises `ListenError`, and has nothing open then. What was inherited and fits nothing any more is closed.
    """
    listeners: dict[str, Listener] = {}
    given = {name: list(sockets) for name, sockets in inherited.items()}
    try:
        for binding in bindings:
            listeners[binding.name] = Listener(binding.name, _shares(binding, given.pop(binding.name, [])))
    except ListenError:
        for listener in listeners.values():
            listener.close()
        raise
    finally:
        for sockets in given.values():
            for each in sockets:
                each.close()
    return listeners


def activated(environ: Mapping[str, str], pid: int, bindings: Sequence[Binding]) -> dict[str, list[socket.socket]]:
    """The sockets that a service supervisor handed over (`LISTEN_FDS`), each under the name of its listener.

    A socket belongs to the listener of its name in `LISTEN_FDNAMES`, else to the one of its address. Empty if they are
    meant for another process. Raises `ListenError` for a socket that no listener wants.
    """
    if environ.get("LISTEN_PID") != str(pid):
        return {}
    count = environ.get("LISTEN_FDS", "")
    if not count.isdecimal():
        raise ListenError(f"LISTEN_FDS is {count!r}, which is no number of sockets")
    names = environ.get("LISTEN_FDNAMES", "").split(":")
    found: dict[str, list[socket.socket]] = {}
    for index in range(int(count)):
        taken = _taken(_FIRST_INHERITED + index)
        name = _wanted_by(taken, names[index] if index < len(names) else "", bindings)
        if name in found:
            raise ListenError(f"LISTEN_FDS holds two sockets for listen.{name}; hand over one")
        found[name] = [taken]
    return found


def adopted(descriptors: Sequence[int]) -> list[socket.socket]:
    """Listening sockets that were inherited by number, no longer inheritable. Raises `ListenError`."""
    return [_taken(descriptor) for descriptor in descriptors]


def _shares(binding: Binding, given: list[socket.socket]) -> list[socket.socket]:
    for surplus in given[binding.shares :]:
        surplus.close()
    shares = given[: binding.shares]
    address = binding.address
    try:
        if given:
            address = Listener(binding.name, given).address
        else:
            _refuse_a_stranger(binding.address)
        while len(shares) < binding.shares:
            shares.append(_bound(address, binding.backlog, reuse=True))
            address = Listener(binding.name, shares).address
    except OSError as error:
        if not given:
            for each in shares:
                each.close()
            raise _explained(binding, error) from error
        # Bound by another user, or without SO_REUSEPORT: then the workers share what there is.
    return shares


def _refuse_a_stranger(address: Address) -> None:
    """Raises OSError if somebody listens: with SO_REUSEPORT two gateways of one user would share a port in silence."""
    _bound(address, 0, reuse=False).close()


def _bound(address: Address, backlog: int, *, reuse: bool) -> socket.socket:
    flags = socket.AI_PASSIVE | socket.AI_NUMERICSERV
    family, _, _, _, where = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM, flags=flags)[0]
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuse:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)  # so that 0.0.0.0 may stand beside ::
        made.bind(where)
        if reuse:
            made.listen(backlog)
        made.setblocking(False)
    except OSError:
        made.close()
        raise
    return made


def _taken(descriptor: int) -> socket.socket:
    try:
        taken = socket.socket(fileno=descriptor)
        taken.set_inheritable(False)
        taken.setblocking(False)
        listening = taken.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as error:
        raise ListenError(f"descriptor {descriptor} was to be a listening socket: {error.strerror}") from error
    if not listening or taken.family not in (socket.AF_INET, socket.AF_INET6):
        taken.close()
        raise ListenError(f"descriptor {descriptor} was to be a TCP socket that listens")
    return taken


def _wanted_by(taken: socket.socket, name: str, bindings: Sequence[Binding]) -> str:
    if any(binding.name == name for binding in bindings):
        return name
    for binding in bindings:
        if Listener(binding.name, [taken]).address == binding.address:
            return binding.name
    wanted = ", ".join(binding.name for binding in bindings)
    raise ListenError(
        f"LISTEN_FDS holds a socket named {name!r} at {taken.getsockname()}, which is no listener of `listen`; "
        f"give it one of the names {wanted} (FileDescriptorName= in systemd)"
    )


def _explained(binding: Binding, error: OSError) -> ListenError:
    if error.errno == errno.EADDRINUSE:
        owner = _owner_of(binding.address.port)
        reason = f"the address is in use by {owner or 'another process'}; stop it, or change listen.{binding.name}.bind"
    elif isinstance(error, socket.gaierror):
        reason = f"the host is unknown ({error.strerror}); use an address of this machine"
    else:
        remedy = _REMEDIES.get(error.errno or 0)
        reason = f"{error.strerror}; {remedy}" if remedy else f"{error.strerror}"
    return ListenError(f"listen.{binding.name}: cannot listen on {binding.address}: {reason}")


def _owner_of(port: int) -> str:
    """Who listens on a port, as far as this user may know (proc_pid_fd(5)); empty if it cannot be known."""
    inodes = {f"socket:[{inode}]" for table in ("tcp", "tcp6") for inode in _listening(Path("/proc/net", table), port)}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(str(each.readlink()) in inodes for each in Path(process, "fd").iterdir()):
                return f"process {process.name} ({Path(process, 'comm').read_text().strip()})"
        except OSError:  # another user's, or gone meanwhile
            continue
    return ""


def _listening(table: Path, port: int) -> Iterable[str]:
    try:
        lines = table.read_text().splitlines()[1:]
    except OSError:
        return
    for fields in map(str.split, lines):
        if fields[3] == _TCP_LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
            yield fields[9]
