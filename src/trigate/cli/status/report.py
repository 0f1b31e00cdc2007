"""What is known of the gateway of one state directory, and whether that is as it should be.

Read from files alone: the shared table, the breakers' and the last reload's files, the usage table, the spool. So it
works while control is dead and the supervisor frozen. Above: `command`. Below: `control.status`.
"""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

from trigate import __version__
from trigate.app.layout import Layout
from trigate.config.publish import latest
from trigate.control.observed import Observed
from trigate.control.reload import ReloadState
from trigate.control.status import ProcessStatus, Status, status_of
from trigate.core.clock import Clock
from trigate.core.processes import ChildRow, ChildState
from trigate.stores.breaker_board import BreakerBoard
from trigate.stores.shared_table import SharedTable
from trigate.stores.usage_reader import UsageReader

SILENT_SECONDS: Final = 5.0
LAG_SECONDS: Final = 60.0

_RELOAD: Final = msgspec.json.Decoder(ReloadState)


class Health(StrEnum):
    """All in all."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    NOT_RUNNING = "not_running"


class Report(msgspec.Struct, frozen=True):
    """`problems` are sentences, each with what to do; `published` is the revision that every worker should serve.

    `supervisor_silent_s` is how long ago the supervisor last showed its children. Not running: `status` is None.
    """

    state: str
    health: Health
    problems: tuple[str, ...] = ()
    published: str = ""
    supervisor_silent_s: float = 0.0
    status: Status | None = None


def report(state: Path, clock: Clock) -> Report:
    """Raises OSError, and `SharedTableError` for a table of another version."""
    layout = Layout(str(state))
    if not layout.table.exists():
        return Report(str(state), Health.NOT_RUNNING, (f"no gateway has run in {state}; start: trigate serve",))
    with SharedTable.open(layout.table, writable=False) as table:
        if not any(map(lives, table.rows())):
            return Report(str(state), Health.NOT_RUNNING, (f"no gateway runs in {state}; start: trigate serve",))
        silent = max(0.0, (clock.monotonic_ns() - table.supervisor_beat_ns) / 1e9)
        status = status_of(_observed(layout, table, clock))
    change = latest(str(state))
    published = change.revision if change else ""
    problems = tuple(_problems(status, published, silent))
    health = Health.DEGRADED if problems else Health.HEALTHY
    return Report(str(state), health, problems, published, silent, status)


def lives(row: ChildRow) -> bool:
    """Whether the process of a row is there: one of that pid that belongs to Trigate."""
    try:
        return row.pid > 0 and b"trigate" in Path(f"/proc/{row.pid}/cmdline").read_bytes()
    except OSError:
        return False


def _observed(layout: Layout, table: SharedTable, clock: Clock) -> Observed:
    return Observed(
        version=__version__,
        clock=clock,
        usage=UsageReader(layout.usage),
        spool=layout.spool,
        table=table,
        reload=lambda: _last_reload(layout.reload),
        breakers=BreakerBoard(layout.breakers).read,
    )


def _last_reload(path: Path) -> ReloadState:
    """How control's last check of the configuration ended; as if there was none, where it has not said."""
    try:
        return _RELOAD.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError):
        return ReloadState()


def _problems(status: Status, published: str, silent: float) -> Iterator[str]:
    if silent > SILENT_SECONDS:
        yield f"the supervisor has been silent for {silent:.0f} s: nothing that dies is restarted; see whether it runs"
    for process in status.processes:
        yield from _process_problems(process, published)
    if not status.readiness.ready:
        yield "no worker takes calls; see the gateway's log"
    for row in status.breakers:
        yield f"{row.worker} has a breaker {row.state} for {row.provider}/{row.model}: its last calls there failed"
    if status.spool.lag_seconds > LAG_SECONDS:
        yield f"the recorder is {status.spool.lag_seconds:.0f} s behind: usage shows later; see the gateway's log"
    if status.spool.failure:
        yield status.spool.failure
    if not status.config.in_order:
        yield f"the last reload failed: {status.config.failure}; the revision before stays in force; see: trigate check"


def _process_problems(process: ProcessStatus, published: str) -> Iterator[str]:
    worker = process.worker
    if process.state is ChildState.WAITING:
        yield f"{process.name} has ended with status {process.last_exit} and waits to be started again; see the log"
    elif process.state is ChildState.STARTING:
        yield f"{process.name} is still starting"
    elif worker is not None and worker.beat_age_ms > SILENT_SECONDS * 1000:
        yield f"{process.name} hangs: its event loop last turned {worker.beat_age_ms / 1000:.0f} s ago"
    elif worker is not None and not worker.draining and published and worker.revision != published:
        yield f"{process.name} serves revision {worker.revision or 'none'}, published is {published}; see the log"
