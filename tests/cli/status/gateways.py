"""State directories as gateways in all kinds of trouble leave them."""

import os
from pathlib import Path
from typing import Final

from trigate.app.layout import Layout
from trigate.core.processes import ChildKind, ChildRow, ChildState, Gauge, worker_page
from trigate.stores.shared_table import SharedTable

REVISION: Final = "00000000000000aa"
SECOND: Final = 10**9


class ManualClock:
    """Ten seconds after the machine started, in 2023."""

    def __init__(self) -> None:
        self.now_ns = 10 * SECOND

    def monotonic_ns(self) -> int:
        return self.now_ns

    def wall_ns(self) -> int:
        return 1_700_000_000 * SECOND + self.now_ns


def worker(pid: int = 0, state: ChildState = ChildState.READY, last_exit: int | None = None) -> ChildRow:
    """The row of the only worker; by default it is this process."""
    pid = pid or os.getpid()
    started = ManualClock().wall_ns() - 65 * SECOND
    return ChildRow("worker-0", ChildKind.WORKER, state, pid, worker_page(0, 0), started, 0, last_exit)


def leave(folder: Path, row: ChildRow, *, beat_ns: int = 10 * SECOND, supervisor_ns: int = 10 * SECOND) -> Layout:
    """A table with one worker that beat at `beat_ns`, shown by its supervisor at `supervisor_ns`."""
    layout = Layout(str(folder))
    with SharedTable.create(layout.table) as table:
        page = table.claim(row.page, pid=row.pid, wall_ns=row.started_ns, now_ns=beat_ns)
        page.set_revision(REVISION)
        page.set(Gauge.IN_FLIGHT, 7)
        page.set(Gauge.RSS_BYTES, 50 << 20)
        table.show([row], supervisor_ns)
        del page
    return layout
