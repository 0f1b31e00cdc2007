"""What a supervisor leaves to its next version when it executes itself anew, and how it does.

The process stays, so its pid, its children and their lifelines stay. One environment variable names what an execution
would otherwise lose: the listening sockets and the children. Signals are held back meanwhile; `Supervisor.run` lets
them come again. Above: `supervisor`, app. Below: the kernel.
"""

import os
import signal
import socket
from collections.abc import Iterable, Mapping
from typing import Final, Self

import msgspec

from trigate.server.children import HandedChild
from trigate.server.listeners import Listener, adopted

VARIABLE: Final = "TRIGATE_HANDOVER"
SIGNALS: Final = frozenset(
    {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGCHLD}
)
"""All that a supervisor listens to."""


class HandoverError(Exception):
    """The variable was not written by a version that this one understands."""


class Program(msgspec.Struct, frozen=True):
    """How this process was started, so that it can be again: `sys.executable`, `sys.orig_argv`, the environment.

    `preflight` is a command that ends with status 0 if the new version can start; empty to do without.
    """

    executable: str
    argv: tuple[str, ...]
    environ: Mapping[str, str]
    preflight: tuple[str, ...] = ()


class Handover(msgspec.Struct, frozen=True):
    """Listening descriptors by listener, and running children, of process `supervisor`."""

    supervisor: int
    listeners: dict[str, tuple[int, ...]]
    children: tuple[HandedChild, ...]

    @classmethod
    def of(cls, listeners: Iterable[Listener], children: Iterable[HandedChild]) -> Self:
        """What this process would leave now."""
        return cls(os.getpid(), {each.name: each.descriptors for each in listeners}, tuple(children))

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Self | None:
        """What was left to this process; None for one that was started afresh. Raises `HandoverError`."""
        text = environ.get(VARIABLE)
        if text is None:
            return None
        try:
            handover = msgspec.json.decode(text, type=cls)
        except msgspec.DecodeError as error:
            raise HandoverError(f"{VARIABLE} is not from this version ({error}); unset it") from error
        return handover if handover.supervisor == os.getpid() else None

    def sockets(self) -> dict[str, list[socket.socket]]:
        """The listening sockets, as `listeners.listen` takes them. Raises `ListenError`."""
        return {name: adopted(descriptors) for name, descriptors in self.listeners.items()}

    def execute(self, program: Program) -> None:
        """Become the next version; returns only by raising OSError, and then nothing has changed."""
        environ = {**program.environ, VARIABLE: msgspec.json.encode(self).decode()}
        kept = [descriptor for share in self.listeners.values() for descriptor in share]
        kept += [child.ready for child in self.children if child.ready >= 0]
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        for descriptor in kept:
            os.set_inheritable(descriptor, True)
        try:
            os.execve(program.executable, program.argv, environ)
        finally:
            for descriptor in kept:
                os.set_inheritable(descriptor, False)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
