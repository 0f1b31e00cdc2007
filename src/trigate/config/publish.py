"""The published form in the state directory: written whole, then announced; read by whoever starts or tails the log.

    snapshots/<revision>.json   the published configuration
    principals/<revision>.tbl   the principals table
    changes.log                 what became current, and when

A file is written beside its final name, synced and renamed, and only then named in the change log, so that a reader
never meets a half of it. Readable by the gateway's user only: settings may hold secrets that were written in clear.
"""

import hashlib
import os
from collections.abc import Iterable
from typing import Final

import msgspec

from trigate.config.changelog import CONFIGURATION, START, Change, ChangeLog
from trigate.config.principals import CompiledPrincipals
from trigate.config.published import Published, encode
from trigate.core.clock import Clock
from trigate.core.money import NANOS

SNAPSHOTS: Final = "snapshots"
PRINCIPALS: Final = "principals"
KEPT: Final = 20
KEPT_NS: Final = 3600 * NANOS


def latest(state_dir: str) -> Change | None:
    """What is current: the last configuration that was announced, or None before the first. Raises OSError."""
    changes, _ = ChangeLog(state_dir).tail(START)
    return next((change for change in reversed(changes) if change.kind == CONFIGURATION), None)


def publish(
    state_dir: str, published: Published, principals: CompiledPrincipals, attached: Iterable[str], clock: Clock
) -> Change | None:
    """Make a configuration current. Returns the change, or None when it is what is current already. Raises OSError.

    `attached` are the files that workers read by themselves (`Checked.attached`).
    """
    table = os.path.join(PRINCIPALS, f"{principals.revision}.tbl")
    snapshot = os.path.join(SNAPSHOTS, f"{published.revision}.json")
    current = latest(state_dir)
    change = Change(
        seq=current.seq + 1 if current else 1,
        at_ns=clock.wall_ns(),
        kind=CONFIGURATION,
        snapshot=snapshot,
        principals=table,
        revision=published.revision,
        attached=identity(attached),
    )
    if current is not None and _content(current) == _content(change):
        return None
    for folder in (SNAPSHOTS, PRINCIPALS):
        os.makedirs(os.path.join(state_dir, folder), mode=0o700, exist_ok=True)
    _write(os.path.join(state_dir, table), principals.data)
    _write(os.path.join(state_dir, snapshot), encode(msgspec.structs.replace(published, principals=table)))
    ChangeLog(state_dir).append(change)
    _tidy(state_dir, change, clock.wall_ns())
    return change


def identity(files: Iterable[str]) -> str:
    """A digest over which files stand at these names: replaced or rewritten ones give another. Empty for none."""
    stamps = [(name, _stamp(name)) for name in sorted(files)]
    return hashlib.sha256(repr(stamps).encode()).hexdigest()[:16] if stamps else ""


def _stamp(name: str) -> tuple[int, int, int, int]:
    try:
        status = os.stat(name)
    except OSError:
        return 0, 0, 0, 0
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size


def _content(change: Change) -> Change:
    return msgspec.structs.replace(change, seq=0, at_ns=0)


def _write(path: str, data: bytes) -> None:
    """Write a file whole or not at all: beside its name, synced, renamed, the folder synced."""
    temporary = f"{path}.{os.getpid()}.tmp"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise
    _sync_folder(os.path.dirname(path))


def _sync_folder(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _tidy(state_dir: str, current: Change, now_ns: int) -> None:
    """Remove old files: what is current stays, and so do the newest `KEPT` and whatever is younger than an hour."""
    keep = {os.path.join(state_dir, name) for name in (current.snapshot, current.principals)}
    for folder in (SNAPSHOTS, PRINCIPALS):
        entries = [(entry.stat().st_mtime_ns, entry.path) for entry in os.scandir(os.path.join(state_dir, folder))]
        for modified_ns, path in sorted(entries, reverse=True)[KEPT:]:
            if path not in keep and now_ns - modified_ns > KEPT_NS:
                os.unlink(path)
