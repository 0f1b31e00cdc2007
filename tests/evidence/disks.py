"""Disks that fail on demand."""

import asyncio
import errno
import os
import threading

from trigate.evidence.kernel_sync import Done


class ScriptedDisk:
    """The real disk, counted, held up and made to fail on demand."""

    def __init__(self) -> None:
        self.full = False
        self.broken = False
        self.syncs: list[int] = []
        self.gate = threading.Event()
        self.gate.set()
        self.begun = threading.Semaphore(0)

    def reserve(self, descriptor: int, offset: int, length: int, /) -> None:
        if self.full:
            os.posix_fallocate(descriptor, offset, length // 2)
            raise OSError(errno.ENOSPC, "No space left on device")
        os.posix_fallocate(descriptor, offset, length)

    def sync(self, descriptor: int, /) -> None:
        self.syncs.append(os.fstat(descriptor).st_ino)
        self.begun.release()
        assert self.gate.wait(10)
        if self.broken:
            raise OSError(errno.EIO, "Input/output error")
        os.fdatasync(descriptor)

    def begin_sync(self, descriptor: int, loop: asyncio.AbstractEventLoop, done: Done, /) -> bool:
        return False  # so that each sync is counted and can be held up

    def close(self) -> None:
        pass
