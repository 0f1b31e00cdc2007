"""A gateway's state as its processes would have left it, to be looked at."""

from pathlib import Path

import msgspec

from tests.evidence.records import SECOND, settled
from tests.support.clock import ManualClock
from trigate.control.observed import Observed
from trigate.control.reload import ReloadState
from trigate.core.evidence import Batch, Checkpoint, Damage, Settled
from trigate.core.processes import BreakerRow, ChildKind, ChildRow, ChildState, Gauge
from trigate.evidence.spool import Fsync, SpoolWriter
from trigate.stores.shared_table import SharedTable
from trigate.stores.usage_reader import UsageReader
from trigate.stores.usage_sqlite import UsageTable

REVISION = "00000000deadbeef"
DAMAGE = Damage("old.seg", 40, 1, "frames were changed or are missing")


class Gateway:
    """State directory, shared table and clock; close it at the end."""

    def __init__(self, directory: Path) -> None:
        self.clock = ManualClock()
        self.clock.monotonic = 100 * SECOND
        self.spool = SpoolWriter(directory / "spool", 0, self.clock, fsync=Fsync.OFF)
        self.usage = UsageTable(directory / "usage.sqlite3")
        self.table = SharedTable.create(directory / "table")
        self.reload = ReloadState(revision=REVISION, currency="EUR", loads=1, loaded_ns=self.clock.wall)
        self.observed = Observed(
            "1.2.3",
            self.clock,
            UsageReader(directory / "usage.sqlite3"),
            directory / "spool",
            self.table,
            lambda: self.reload,
            lambda: (BreakerRow("worker-0", "llama", "llama-3.3", "open"),),
        )

    def record(self, *names: str) -> None:
        """Exchanges that went well, as the recorder keeps them, and a damage."""
        settles = [settled(name, cost=1_000) for name in names]
        payloads = [Settled(settle, msgspec.json.encode(settle)) for settle in settles]
        self.usage.commit(Batch("w", settled=payloads, checkpoint=Checkpoint("old.seg", 99, 9), damages=[DAMAGE]))

    def start_workers(self, *states: ChildState) -> None:
        """Workers in these states, with a recorder and control beside them."""
        others = [
            ChildRow("recorder", ChildKind.RECORDER, ChildState.READY, 50, -1, self.clock.wall, 2, -9),
            ChildRow("control", ChildKind.CONTROL, ChildState.READY, 51, -1, self.clock.wall, 0, None),
        ]
        rows = [
            ChildRow(f"worker-{slot}", ChildKind.WORKER, state, 10 + slot, 2 * slot, self.clock.wall, 0, None)
            for slot, state in enumerate(states)
        ]
        for row in rows:
            page = self.table.claim(row.page, pid=row.pid, wall_ns=self.clock.wall, now_ns=98 * SECOND)
            page.set_revision(REVISION)
            page.set(Gauge.IN_FLIGHT, 7)
            page.set(Gauge.LAG_US, 1_500)
            page.set(Gauge.SPOOL_WRITTEN, 9)
            page.set(Gauge.SPOOL_SYNCED, 6)
        self.table.show([*rows, *others], self.clock.monotonic)

    def close(self) -> None:
        """Let go of everything."""
        self.spool.close()
        self.usage.close()
        self.table.close()
