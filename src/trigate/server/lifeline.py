"""A child ends with its supervisor: by itself, after draining, however the supervisor died.

The kernel sends SIGTERM when the parent ends (PR_SET_PDEATHSIG, prctl(2)). What it cannot see, a parent that was gone
before the call, is checked right after it; and where there is no such call, `watch` looks for the parent instead. The
supervisor is single-threaded, so that "the parent", to the kernel a thread, is the process; `execve` keeps both.

Above: the entry of each kind of child. Below: the kernel.
"""

import ctypes
import os
import signal
import sys
import threading
from typing import Final

WATCH_SECONDS: Final = 1.0

_PR_SET_PDEATHSIG: Final = 1


def tie(supervisor: int) -> None:
    """Have this process sent SIGTERM when its supervisor ends; the first thing that a child does.

    `supervisor` is the pid that the parent must have: another one means that it has ended already.
    """
    if not _signal_on_parent_death():
        threading.Thread(target=watch, args=(supervisor,), name="lifeline", daemon=True).start()
    if orphaned(supervisor):
        os.kill(os.getpid(), signal.SIGTERM)


def orphaned(supervisor: int) -> bool:
    """Whether this process has been handed to another parent."""
    return os.getppid() != supervisor


def watch(supervisor: int, seconds: float = WATCH_SECONDS) -> None:
    """Wait until the supervisor has ended, looking every `seconds`; then send this process SIGTERM."""
    pause = threading.Event()
    while not orphaned(supervisor):
        pause.wait(seconds)
    os.kill(os.getpid(), signal.SIGTERM)


def _signal_on_parent_death() -> bool:
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    arguments = (signal.SIGTERM, 0, 0, 0)
    return bool(libc.prctl(_PR_SET_PDEATHSIG, *map(ctypes.c_ulong, arguments)) == 0)
