"""Ties itself to a process, in one of three ways, and writes `drained` to a file when it is told to end.

tied.py WAY PID FILE      way: `tie`, `late` (ties only when PID has ended already), `watch` (without the kernel)
"""

import signal
import sys
import threading
from pathlib import Path

from tests.support.waiting import wait_for
from trigate.server.lifeline import orphaned, tie, watch


def main() -> None:
    way, supervisor, path = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    if way == "late":
        path.write_text("started")
        wait_for(lambda: orphaned(supervisor), "the parent's end")
    if way == "watch":
        threading.Thread(target=watch, args=(supervisor, 0.01), daemon=True).start()
    else:
        tie(supervisor)
    path.write_text("tied" if way != "late" else "tied late")
    if signal.sigtimedwait({signal.SIGTERM}, 20) is not None:
        path.write_text("drained")


if __name__ == "__main__":
    main()
