"""The recorder process: carries records from the spool into the usage table until it is told to stop."""

import signal
import threading

from trigate.app.child import run as run_child
from trigate.app.layout import Settings
from trigate.core.clock import SystemClock
from trigate.evidence.recorder import run
from trigate.server.assignment import Assignment
from trigate.server.lifeline import tie
from trigate.stores.usage_sqlite import UsageTable


def main(settings: Settings, assignment: Assignment) -> int:
    """Returns the exit status."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    tie(assignment.supervisor)
    table = UsageTable(settings.layout.usage)
    assignment.report_ready()
    try:
        run(
            settings.layout.spool,
            table,
            SystemClock(),
            keep_segments_s=settings.static.keep_segments_seconds,
            stop=stop,
        )
    finally:
        table.close()
    return 0


if __name__ == "__main__":
    run_child(main)
