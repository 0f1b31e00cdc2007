"""A recorder or control of the tests' gateway: it is ready, notes SIGHUP in the diary, and ends on SIGTERM."""

import signal
import sys
from pathlib import Path

from tests.server.children.settings import Settings
from trigate.server.assignment import Assignment
from trigate.server.lifeline import tie


def main() -> None:
    folder, assignment = Path(sys.argv[1]), Assignment.read(sys.argv[-1])
    awaited = {signal.SIGTERM, signal.SIGHUP}
    signal.pthread_sigmask(signal.SIG_BLOCK, awaited)
    tie(assignment.supervisor)
    settings = Settings.read(folder)
    assignment.report_ready()
    while signal.sigwait(awaited) == signal.SIGHUP:
        settings.log(folder, f"{assignment.name} reloads")
    settings.log(folder, f"{assignment.name} ended")


if __name__ == "__main__":
    main()
