"""The worker's side of the spool: records are appended to a segment and made durable in groups.

`append` puts each record into the kernel's copy of the file before it returns, so that kill -9 loses nothing that was
appended. `synced` waits until it would survive the loss of power too, as far as the `fsync` setting asks:

    group   one `fdatasync` for all who wait; it starts at once when none runs, else when that one is done
    always  every append is synced before it returns: the worker stands still for each
    off     nothing is waited for; the kernel writes back when it likes

The open segment is held under an exclusive `flock` that the kernel frees when the process ends, however it ends: this
is how the recorder knows that a writer is gone. A segment gets its name only when it is locked, so a reader can never
hold up a writer. After a failed sync a segment is never written or trusted again: the kernel may have dropped the
pages and call the next sync a success. The spool belongs to one thread, the event loop's. Below: `segment_file`,
`frames`.
"""

import asyncio
import contextlib
import errno
import os
import secrets
import threading
from enum import StrEnum
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Final

from trigate.core.clock import Clock
from trigate.core.record import Record
from trigate.evidence.frames import Header, encode_frame, encode_header
from trigate.evidence.segment_file import Disk, SegmentFile, SystemDisk

SUFFIX: Final = ".seg"
UNNAMED_SUFFIX: Final = ".new"
MAX_BYTES: Final = 64 << 20
MAX_AGE_NS: Final = 3_600_000_000_000


class Fsync(StrEnum):
    """When a record is durable enough for `synced`."""

    GROUP = "group"
    ALWAYS = "always"
    OFF = "off"


class _Group:
    """Those who wait for one sync. `last` is the newest record that it covers."""

    __slots__ = ("last", "loop", "segment", "waiters")

    def __init__(
        self, segment: SegmentFile, last: int, loop: asyncio.AbstractEventLoop, waiters: list[asyncio.Future[None]]
    ) -> None:
        self.segment = segment
        self.last = last
        self.loop = loop
        self.waiters = waiters


class SpoolWriter:
    """A worker's spool in `directory`. Implements `core.ports.Spool`; `close` it at the end."""

    def __init__(
        self, directory: Path, slot: int, clock: Clock, *, fsync: Fsync = Fsync.GROUP, disk: Disk | None = None
    ) -> None:
        """Open the first segment. `slot` is the worker's place among its siblings. Raises OSError."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = directory
        self._directory_descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        self._slot = slot
        self._clock = clock
        self._monotonic_ns = clock.monotonic_ns
        self._fsync = fsync
        self._disk: Disk = disk or SystemDisk()
        self.instance: Final = secrets.randbits(64)
        self._named_ns = 0
        self._next = 1
        self._durable = 0
        self._wanted = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lost: list[range] = []
        self._in_flight: _Group | None = None
        self._waiters: list[asyncio.Future[None]] = []
        self._jobs: SimpleQueue[_Group | SegmentFile | None] = SimpleQueue()
        self._closed = False
        self._failed: OSError | None = None
        """What the thread met when it retired a segment, until somebody was told; the thread's own until it ends."""
        self._segment = self._open_segment()
        self._thread = threading.Thread(target=self._sync_jobs, name="spool-sync", daemon=True)
        self._thread.start()

    def append(self, record: Record) -> int:
        """Write one record; it survives the process. Returns its sequence.

        Raises OSError, and nothing was written, save with `always`: there it may stand in the log and be lost later.
        """
        sequence = self._next
        try:
            head, rest = encode_frame(sequence, record)
        except ValueError as error:
            raise OSError(errno.EMSGSIZE, str(error)) from None
        segment = self._segment
        size = segment.size + len(head) + len(rest)
        if size > MAX_BYTES or segment.poisoned or self._monotonic_ns() >= segment.expires_ns:
            segment = self._rotate()
        segment.write(head, rest)
        self._next = sequence + 1
        if self._fsync is Fsync.ALWAYS:
            self._sync_here(segment)
        return sequence

    @property
    def written(self) -> int:
        """The newest record's sequence; 0 before the first."""
        return self._next - 1

    @property
    def durable(self) -> int:
        """The newest sequence that nobody needs to wait for any more."""
        return self._durable

    def sync_soon(self, sequence: int) -> None:
        """Begin to make the record durable beside whatever the caller does next; `synced` waits for it."""
        if self._fsync is not Fsync.GROUP or sequence <= self._durable:
            return
        self._wanted = max(self._wanted, sequence)
        if self._in_flight is None:
            self._start_group(self._running_loop())

    async def synced(self, sequence: int) -> None:
        """Wait until the record is as durable as the `fsync` setting says. Raises OSError when that failed."""
        if self._fsync is not Fsync.GROUP:
            return
        if sequence <= self._durable:
            if any(sequence in lost for lost in self._lost):
                raise OSError(errno.EIO, "the record could not be made durable: syncing its segment failed")
            return
        loop = self._running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        group = self._in_flight
        if group is not None and sequence <= group.last:
            group.waiters.append(waiter)
        else:
            self._waiters.append(waiter)
            if group is None:
                self._start_group(loop)
        await waiter

    def close(self) -> None:
        """Make everything durable, whatever the setting, and let go of the segment. Raises OSError if that failed."""
        if self._closed:
            return
        self._closed = True
        self._jobs.put(None)
        self._thread.join()
        self._disk.close()
        error = self._sync(self._segment) or self._failed
        self._segment.close()
        os.close(self._directory_descriptor)
        _wake([*(self._in_flight.waiters if self._in_flight else ()), *self._waiters], error)
        if error is not None:
            raise error

    # --- segments ---

    def _open_segment(self) -> SegmentFile:
        """A fresh segment: locked first, then named, so that it is never seen unlocked while its writer lives."""
        self._named_ns = max(self._clock.wall_ns(), self._named_ns + 1)  # names sort, though the clock may jump back
        name = f"{self._named_ns:019d}-{self._slot:03d}-{self.instance:016x}"
        header = encode_header(Header(self._slot, self.instance, self._named_ns, self._next))
        unnamed = self._directory / (name + UNNAMED_SUFFIX)
        segment = SegmentFile(unnamed, self._disk, self._monotonic_ns() + MAX_AGE_NS, header)
        try:
            os.rename(unnamed, self._directory / (name + SUFFIX))
        except OSError:
            unnamed.unlink(missing_ok=True)
            segment.close()
            raise
        return segment

    def _rotate(self) -> SegmentFile:
        """Go on in a fresh segment; the old one keeps its lock until the fresh one has its own. Raises OSError."""
        fresh, old = self._open_segment(), self._segment
        self._segment = fresh
        self._jobs.put(old)
        return fresh

    # --- making durable ---

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        """The loop that this spool is used in; asking anew costs a system call each time."""
        if self._loop is None or self._loop.is_closed():
            self._loop = asyncio.get_running_loop()
        return self._loop

    def _start_group(self, loop: asyncio.AbstractEventLoop) -> None:
        group = _Group(self._segment, self._next - 1, loop, self._waiters)
        self._waiters = []
        self._in_flight = group
        # A segment's first sync is the thread's: it makes the directory entry durable too, after the segment before.
        segment = group.segment
        alone = segment.listed and not segment.poisoned
        if not (alone and segment.begin_sync(loop, partial(self._end_group, group))):
            self._jobs.put(group)

    def _end_group(self, group: _Group, error: OSError | None) -> None:
        """The loop's one wake-up per group."""
        self._in_flight = None
        waiters = group.waiters
        if error is None:
            self._durable = group.last
        else:
            self._give_up_segment()
            waiters = waiters + self._waiters
            self._waiters = []
        _wake(waiters, error)
        if (self._waiters or self._wanted > self._durable) and not self._closed:
            self._start_group(group.loop)

    def _give_up_segment(self) -> None:
        """Nothing that is not durable yet can be trusted to become so: go on in a fresh segment at the next append."""
        self._segment.poisoned = True
        lost = range(self._durable + 1, self._next)
        if self._lost and self._lost[-1].stop == lost.start:
            self._lost[-1] = range(self._lost[-1].start, lost.stop)
        else:
            self._lost.append(lost)
        self._durable = self._next - 1

    def _sync_here(self, segment: SegmentFile) -> None:
        error = self._sync(segment)
        if error is not None:
            segment.poisoned = True
            raise error

    def _sync_jobs(self) -> None:
        """The thread: syncs groups, and closes segments that are full, in the order in which they came."""
        while (job := self._jobs.get()) is not None:
            if isinstance(job, SegmentFile):
                self._retire(job)
                continue
            error = self._sync(job.segment) or self._failed
            self._failed = None
            with contextlib.suppress(RuntimeError):  # the event loop is closed: nobody waits any more
                job.loop.call_soon_threadsafe(self._end_group, job, error)

    def _retire(self, segment: SegmentFile) -> None:
        """Close a segment that has a successor. The next group answers for its last records too."""
        if self._fsync is Fsync.GROUP and not segment.poisoned:
            self._failed = self._sync(segment) or self._failed
        segment.close()

    def _sync(self, segment: SegmentFile) -> OSError | None:
        if segment.poisoned:
            return OSError(errno.EIO, "syncing the segment failed before")
        try:
            if not segment.listed:
                os.fsync(self._directory_descriptor)
                segment.listed = True
            segment.sync()
        except OSError as error:
            return error
        return None


def _wake(waiters: list[asyncio.Future[None]], error: OSError | None) -> None:
    for waiter in waiters:
        if waiter.done():
            continue  # its task was cancelled
        if error is None:
            waiter.set_result(None)
        else:
            waiter.set_exception(OSError(error.errno, f"the record could not be made durable: {error.strerror}"))
