"""The tests' gateway: a composition root in small, around the real supervisor."""

import logging
import os
import sys
from pathlib import Path

from tests.server.children.settings import Settings
from trigate.core.clock import SystemClock
from trigate.core.processes import ChildKind
from trigate.server.children import ChildSpec, Limits
from trigate.server.handover import Handover, Program
from trigate.server.listeners import Address, Binding, activated, listen
from trigate.server.supervisor import Supervisor
from trigate.stores.shared_table import SharedTable

CHILDREN = "tests.server.children"


def main() -> int:
    folder = Path(sys.argv[1])
    logging.basicConfig(filename=folder / "log", level=logging.INFO, format="%(message)s")
    settings = Settings.read(folder)
    bindings = [Binding("data", Address("127.0.0.1", 0), shares=settings.workers)]
    handover = Handover.read(os.environ)
    inherited = handover.sockets() if handover else activated(os.environ, os.getpid(), bindings)
    listeners = listen(bindings, inherited)
    table = SharedTable.resume(folder / "table") if handover else SharedTable.create(folder / "table")
    python = (sys.executable, "-m")
    specs = [
        ChildSpec(
            name=f"worker-{slot}",
            kind=ChildKind.WORKER,
            argv=(*python, f"{CHILDREN}.worker", str(folder)),
            slot=slot,
            descriptors={"data": listeners["data"].share(slot)},
        )
        for slot in range(settings.workers)
    ]
    specs += [ChildSpec(name, ChildKind(name), (*python, f"{CHILDREN}.other", str(folder))) for name in settings.others]
    check = (*python, f"{CHILDREN}.check", str(folder))
    supervisor = Supervisor(
        specs,
        listeners,
        table,
        SystemClock(),
        limits=Limits(start=settings.start, drain=settings.drain, silence=settings.silence),
        program=Program(sys.executable, tuple(sys.orig_argv), os.environ, check),
    )
    address = str(listeners["data"].address)
    return supervisor.run(handover, lambda: settings.log(folder, f"ready {settings.version} {address}"))


if __name__ == "__main__":
    sys.exit(main())
