"""When to compile again: something that was read has changed. Polled, so that any kind of file system will do.

Each name is followed through symbolic links, and what stands there is known by device, inode, time of change and size:
an atomic replacement, a swapped `..data` link of a mounted ConfigMap, an edit in place and a file that goes or comes
are all the same change. `stat` is handed in; nothing here waits or reads a clock.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Final

POLL_SECONDS: Final = 0.1

Identity = tuple[int, int, int, int]
"""Device, inode, modification time in nanoseconds, size."""

Stat = Callable[[str], Identity | None]


def stat_identity(path: str) -> Identity | None:
    """What stands at `path`, links followed; None for nothing, or nothing that can be reached."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size


class Watch:
    """Says once that something changed. Call `poll` every `POLL_SECONDS`, and `follow` with what a check has read.

    A change is reported when it has stood still for one poll, so that a file that is just being written is read when
    it is whole; one that is written to without a pause is reported after `patience` polls all the same.
    """

    def __init__(self, files: Iterable[str], stat: Stat = stat_identity, patience: int = 3) -> None:
        self._stat: Final = stat
        self._patience: Final = patience
        self._reported: Mapping[str, Identity | None] = {name: stat(name) for name in files}
        self._seen = self._reported
        self._unsettled = 0

    def follow(self, files: Mapping[str, Identity | None]) -> None:
        """Watch these from now on, known as they were when they were read: a change since then is not missed."""
        self._reported = dict(files)
        self._seen = self._reported

    def poll(self) -> bool:
        """Whether it is time to compile again."""
        now = {name: self._stat(name) for name in self._reported}
        if now == self._reported:
            self._unsettled = 0
            return False
        settled = now == self._seen
        self._seen = now
        self._unsettled += 1
        if not settled and self._unsettled < self._patience:
            return False
        self._reported = now
        self._unsettled = 0
        return True
