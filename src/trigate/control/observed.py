"""What control looks at: handed in by app.py, read anew for each question. Nothing here can change anything.

Above: `status`, `metrics`. Below: the usage table, the spool's directory, the shared table, the reloader's state.
"""

from collections.abc import Callable
from pathlib import Path

import msgspec

from trigate.control.reload import ReloadState
from trigate.core.clock import Clock
from trigate.core.processes import BreakerRow, ChildKind, ChildRow
from trigate.evidence.segments import SpoolState, spool_state
from trigate.stores.shared_table import SharedTable, SharedTableError, WorkerGauges
from trigate.stores.usage_reader import UsageReader


class Observed(msgspec.Struct, frozen=True):
    """`spool` is the directory of segments; `breakers` gives those that are not closed, of all workers."""

    version: str
    clock: Clock
    usage: UsageReader
    spool: Path
    table: SharedTable
    reload: Callable[[], ReloadState]
    breakers: Callable[[], tuple[BreakerRow, ...]]


class Process(msgspec.Struct, frozen=True):
    """A child of the supervisor, and what it shows of itself if it is a worker that has taken its page."""

    row: ChildRow
    gauges: WorkerGauges | None


def processes(table: SharedTable) -> tuple[Process, ...]:
    """The supervisor's children; none while it has shown none, or the table cannot be read."""
    try:
        rows = table.rows()
    except SharedTableError:
        return ()
    return tuple(
        Process(row, table.gauges(row.page, row.pid) if row.kind is ChildKind.WORKER and row.pid else None)
        for row in rows
    )


def spool_of(observed: Observed) -> SpoolState:
    """The spool, and how far the recorder is behind: everything, if its table cannot be read. Raises OSError."""
    try:
        checkpoints = observed.usage.checkpoints()
    except OSError:
        checkpoints = {}
    return spool_state(observed.spool, checkpoints, observed.clock.wall_ns())
