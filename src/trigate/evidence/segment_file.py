"""One segment of the spool as its writer holds it: a locked file that is written through a memory mapping.

A write is a copy into the mapping: no system call, and no other thread runs in between. What was copied belongs to the
kernel's copy of the file, as if by `write(2)`: readers see it at once, and it survives kill -9 of the process.

Room is reserved on the disk (posix_fallocate(3)) a window at a time, before the window is mapped. So a full disk is an
OSError where the segment grows; without the reservation it would be a SIGBUS in the middle of a copy. The file reads as
zeros behind what was written, until `close` cuts them off. Above: `spool`. Below: `frames`, for the order of a write.
"""

import asyncio
import contextlib
import fcntl
import mmap
import os
from pathlib import Path
from typing import Final, Protocol

from trigate.evidence.kernel_sync import Done, KernelSync

WINDOW: Final = 256 << 10


class Disk(Protocol):
    """The calls that fail when a disk does; a test hands in one that fails on demand."""

    def reserve(self, descriptor: int, offset: int, length: int, /) -> None:
        """As `os.posix_fallocate`."""
        ...

    def sync(self, descriptor: int, /) -> None:
        """As `os.fdatasync`. On Linux it flushes what was written through mappings too, as msync(2) does by itself."""
        ...

    def begin_sync(self, descriptor: int, loop: asyncio.AbstractEventLoop, done: Done, /) -> bool:
        """As `sync`, beside the event loop: `done` is called in it, with the error or None. False: not possible."""
        ...

    def close(self) -> None:
        """No more calls."""
        ...


class SystemDisk:
    """The machine's own."""

    reserve = staticmethod(os.posix_fallocate)
    sync = staticmethod(os.fdatasync)

    def __init__(self) -> None:
        try:
            self._kernel: KernelSync | None = KernelSync()
        except OSError:  # another processor, an old kernel, a sandbox: a thread will do
            self._kernel = None

    def begin_sync(self, descriptor: int, loop: asyncio.AbstractEventLoop, done: Done, /) -> bool:
        """By the kernel's own queue, where there is one."""
        return self._kernel is not None and self._kernel.begin(descriptor, loop, done)

    def close(self) -> None:
        """Let go of the queue."""
        if self._kernel is not None:
            self._kernel.close()
            self._kernel = None


class SegmentFile:
    """The file being written, under an exclusive `flock`. A `poisoned` one is not written or synced any more."""

    __slots__ = ("_base", "_descriptor", "_disk", "_end", "_window", "expires_ns", "listed", "poisoned", "size")

    def __init__(self, path: Path, disk: Disk, expires_ns: int, header: bytes) -> None:
        """Make the file, which must not exist yet. Raises OSError, and leaves no file behind."""
        self._disk = disk
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._window: mmap.mmap | None = None
        self._base = self._end = 0
        self.size = 0
        """Up to the end of what was written; the file itself goes on to the end of the window."""
        self.expires_ns: Final = expires_ns
        self.poisoned = False
        self.listed = False
        """Whether the directory entry is durable; the syncing thread's own note."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.write(b"", header)
        except OSError:
            path.unlink()
            self.close()
            raise

    def write(self, head: bytes, rest: bytes) -> None:
        """Append `head` and `rest` in one piece, or raise OSError and leave all as it was.

        `head` is copied last, by one store: until then readers see zeros in its place, and never a head whose rest is
        missing. (Where the processor lets others see stores out of order, the CRC in the head says "not yet".)
        """
        start = self.size
        end = start + len(head) + len(rest)
        window = self._window
        if window is None or end > self._end:
            window = self._advance(end)
        begin = start - self._base
        middle = begin + len(head)
        window[middle : end - self._base] = rest
        window[begin:middle] = head
        self.size = end

    def _advance(self, end: int) -> mmap.mmap:
        """Reserve and map the next window: from the page that is being written to `end` at least. Raises OSError."""
        base = self.size - self.size % mmap.ALLOCATIONGRANULARITY
        length = -(-(end - base) // WINDOW) * WINDOW
        self._disk.reserve(self._descriptor, base, length)
        window = mmap.mmap(self._descriptor, length, offset=base)
        if self._window is not None:
            self._window.close()
        self._window, self._base, self._end = window, base, base + length
        return window

    def sync(self) -> None:
        """Make durable what was written before the call. Raises OSError; then the segment is to be given up."""
        self._disk.sync(self._descriptor)

    def begin_sync(self, loop: asyncio.AbstractEventLoop, done: Done) -> bool:
        """As `sync`, beside the event loop; False where that is not possible."""
        return self._disk.begin_sync(self._descriptor, loop, done)

    def close(self) -> None:
        """Cut off what was reserved and not used, and let go of the file and its lock."""
        if self._window is not None:
            self._window.close()  # it holds a duplicate of the descriptor, and with it the lock
        with contextlib.suppress(OSError):  # readers take zeros for the end as well
            os.ftruncate(self._descriptor, self.size)
        os.close(self._descriptor)
