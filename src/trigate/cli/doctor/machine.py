"""The machine: its clock, its disk, its limits.

Each check is a function of what it looks at and gives its findings. Above: `command`.
"""

import contextlib
import os
import resource
import shutil
import statistics
import tempfile
import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from trigate.cli.doctor.findings import Finding, fail, ok, warn
from trigate.core.clock import Clock

SECOND: Final = 1_000_000_000
WATCH_SECONDS: Final = 0.2
DRIFT_NS: Final = 20_000_000
SLACK_NS: Final = 60 * SECOND
FSYNCS: Final = 5
FSYNC_SLOW_MS: Final = 20.0
FILES_NEEDED: Final = 1024
FILES_WANTED: Final = 16_384
NETWORK_FILESYSTEMS: Final = frozenset({"nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "9p", "glusterfs", "ceph"})


def clock(machine: Clock, written: Iterable[Path]) -> Iterator[Finding]:
    """The wall clock is not before files that exist, and goes as fast as the monotonic one."""
    wall = machine.wall_ns()
    newest = max((path.stat().st_mtime_ns for path in written if path.exists()), default=0)
    shown = datetime.fromtimestamp(wall // SECOND, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    if newest > wall + SLACK_NS:
        date = datetime.fromtimestamp(newest // SECOND, UTC).strftime("%Y-%m-%d")
        yield fail("clock", f"it is {shown}, and files here were written on {date}", "set it, and keep it with NTP")
        return
    drift = _drift(machine)
    if abs(drift) > DRIFT_NS:
        message = f"it moved by {drift / 1e6:+.0f} ms within {WATCH_SECONDS * 1000:.0f} ms"
        yield warn("clock", message, "let NTP slew it, not step it")
    else:
        yield ok("clock", shown)


def _drift(machine: Clock) -> int:
    wall, monotonic = machine.wall_ns(), machine.monotonic_ns()
    threading.Event().wait(WATCH_SECONDS)
    return (machine.wall_ns() - wall) - (machine.monotonic_ns() - monotonic)


def disk(state: Path, min_free: int, machine: Clock) -> Iterator[Finding]:
    """The state directory can be written, has room, syncs fast enough, and lies on a disk of this machine."""
    there = next((path for path in (state, *state.parents) if path.exists()), Path("/"))
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        remedy = "run the gateway as its owner, or choose another state.dir"
        yield fail("state", f"{there} is not a directory that {_user()} may write", remedy)
        return
    yield ok("state", f"{state} can be written" if there == state else f"{state} can be made")
    free = shutil.disk_usage(there).free
    room = f"{free / 2**30:.1f} GiB free, state.min_free is {min_free / 2**30:.3g} GiB"
    if free < min_free:
        yield fail("space", room, "make room, or lower state.min_free")
    elif free < 2 * min_free:
        yield warn("space", room, "make room soon: below state.min_free the gateway is not ready")
    else:
        yield ok("space", room)
    yield from _filesystem(there, Path("/proc/mounts"))
    yield from _fsync(there, machine)


def _fsync(folder: Path, machine: Clock) -> Iterator[Finding]:
    """The time that evidence takes to become durable, before the first byte of a reply."""
    times = []
    try:
        with tempfile.TemporaryFile(dir=folder, prefix=".doctor-") as file:
            for _ in range(FSYNCS):
                file.write(bytes(4096))
                file.flush()
                begun = machine.monotonic_ns()
                os.fsync(file.fileno())
                times.append((machine.monotonic_ns() - begun) / 1e6)
    except OSError as error:
        yield fail("fsync", f"a file in {folder} cannot be synced: {error.strerror}", "look at the disk")
        return
    typical = statistics.median(times)
    message = f"{typical:.1f} ms for 4 KiB, at most {max(times):.1f} ms"
    if typical > FSYNC_SLOW_MS:
        remedy = "each reply may wait for it: use a faster disk, or evidence.fsync: off if a power cut may cost records"
        yield warn("fsync", message, remedy)
    else:
        yield ok("fsync", message)


def _filesystem(folder: Path, mounts: Path) -> Iterator[Finding]:
    kind = filesystem(folder, mounts)
    if kind in NETWORK_FILESYSTEMS:
        remedy = "put state.dir on a local disk: locks, shared memory and fsync are not the same over a network"
        yield fail("disk", f"{folder} lies on {kind}", remedy)


def filesystem(folder: Path, mounts: Path) -> str:
    """The kind of file system that a folder lies on (proc_mounts(5)); empty if it cannot be told."""
    found: tuple[int, str] = (0, "")
    with contextlib.suppress(OSError):
        for fields in map(str.split, mounts.read_text().splitlines()):
            if len(fields) > 2 and folder.resolve().is_relative_to(fields[1]):
                found = max(found, (len(fields[1]), fields[2]))
    return found[1]


def descriptors() -> Iterator[Finding]:
    """Each call takes two open files. The gateway raises its own limit to the hard one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    remedy = "raise it: LimitNOFILE= in systemd, --ulimit nofile= for a container"
    message = f"at most {most} open files a process"
    if most == resource.RLIM_INFINITY or most >= FILES_WANTED:
        yield ok("files", message)
    elif most >= FILES_NEEDED:
        yield warn("files", f"{message}: some {most // 2} calls at a time", remedy)
    else:
        yield fail("files", message, remedy)


def _user() -> str:
    return f"user {os.geteuid()}"
