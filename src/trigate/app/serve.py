"""`trigate serve`: check and publish the configuration, bind the listeners, and supervise until told to stop."""

import fcntl
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from trigate.app.layout import Layout, Settings
from trigate.config.compile import Checked, check
from trigate.config.publish import publish
from trigate.config.static import Static
from trigate.core.clock import SystemClock
from trigate.core.processes import ChildKind
from trigate.server.children import ChildSpec, Limits
from trigate.server.handover import Handover, Program
from trigate.server.listeners import Address, Binding, Listener, activated, listen
from trigate.server.supervisor import Supervisor
from trigate.stores.shared_table import SharedTable

CONTROL: Final = "control"


class StateInUse(Exception):
    """Another gateway runs on the same state directory."""


class Refused(Exception):
    """The configuration has errors; `checked` holds them all."""

    def __init__(self, checked: Checked) -> None:
        super().__init__("the configuration has errors")
        self.checked = checked


def serve(config: str, ready: Callable[[dict[str, Address]], None], log_level: int = logging.INFO) -> int:
    """Run the gateway until SIGTERM or SIGINT; returns the exit status.

    `ready` is told the real addresses once every child is ready.
    Raises `Refused`, `StateInUse`, `ListenError`, OSError.
    """
    checked = check(config, os.environ, SystemClock())
    if checked.published is None or checked.static is None or checked.principals is None:
        raise Refused(checked)
    static = checked.static
    settings = Settings(str(Path(config).absolute()), static, log_level)
    layout = settings.layout
    layout.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    _claim(layout)
    publish(static.state_dir, checked.published, checked.principals, checked.attached, SystemClock())
    bindings = _bindings(static)
    handover = Handover.read(os.environ)
    inherited = handover.sockets() if handover else activated(os.environ, os.getpid(), bindings)
    listeners = listen(bindings, inherited)
    board = SharedTable.resume(layout.table) if handover else SharedTable.create(layout.table)
    supervisor = Supervisor(
        _children(settings, listeners),
        listeners,
        board,
        SystemClock(),
        limits=Limits(drain=static.drain_seconds),
        program=Program(sys.executable, tuple(sys.orig_argv), os.environ, _preflight(settings)),
    )
    return supervisor.run(handover, lambda: ready({name: each.address for name, each in listeners.items()}))


def _claim(layout: Layout) -> None:
    """Hold the state directory for as long as this process lives, over an upgrade too. Raises `StateInUse`, OSError."""
    descriptor = os.open(layout.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        message = f"{layout.root} is in use by another gateway; stop that one, or give this one a state.dir of its own"
        raise StateInUse(message) from None


def _bindings(static: Static) -> list[Binding]:
    bindings = [Binding(each.name, Address(each.host, each.port), shares=static.workers) for each in static.listeners]
    return [*bindings, Binding(CONTROL, Address(static.control.host, static.control.port))]


def _children(settings: Settings, listeners: dict[str, Listener]) -> list[ChildSpec]:
    data = [listener for name, listener in listeners.items() if name != CONTROL]
    workers = [
        ChildSpec(
            name=f"worker-{slot}",
            kind=ChildKind.WORKER,
            argv=_entry(ChildKind.WORKER, settings),
            slot=slot,
            descriptors={each.name: each.share(slot) for each in data},
        )
        for slot in range(settings.static.workers)
    ]
    control = listeners[CONTROL].share(0)
    return [
        *workers,
        ChildSpec("recorder", ChildKind.RECORDER, _entry(ChildKind.RECORDER, settings)),
        ChildSpec("control", ChildKind.CONTROL, _entry(ChildKind.CONTROL, settings), descriptors={CONTROL: control}),
    ]


def _entry(kind: ChildKind, settings: Settings) -> tuple[str, ...]:
    return (sys.executable, "-m", f"trigate.app.{kind.value}", settings.argument())


def _preflight(settings: Settings) -> tuple[str, ...]:
    """Before an upgrade the new version must be able to read the configuration."""
    return (sys.executable, "-m", "trigate", "check", settings.config)
