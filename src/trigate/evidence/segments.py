"""The reading side of the spool: which segments there are, what stands in them, whether their writers live.

A reader keeps only a `Checkpoint` and reads from there anew each time: a torn frame that the writer cuts away again was
never taken. Nothing here changes or locks a file that a writer still needs. Below: `frames`; the names and locks of the
files are made by `spool`. Above: `recorder`, `cat`, control.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from trigate.core.evidence import Checkpoint, Damage
from trigate.evidence.frames import (
    HEADER_SIZE,
    MAX_FRAME,
    Decoded,
    Frame,
    UnknownFormat,
    decode_frames,
    decode_header,
    decode_record,
)
from trigate.evidence.spool import SUFFIX, UNNAMED_SUFFIX

CHUNK: Final = 2 * MAX_FRAME


class Segment(msgspec.Struct, frozen=True, order=True):
    """One file of the spool. Names sort by the time at which the segment was begun."""

    name: str
    directory: Path

    @property
    def path(self) -> Path:
        """Where it is."""
        return self.directory / self.name

    @property
    def instance(self) -> str:
        """Its writer: 16 hex digits."""
        return self.name.removesuffix(SUFFIX).rpartition("-")[2]


class Chunk(msgspec.Struct, frozen=True):
    """What was read of a segment, up to `checkpoint`. `more` says that reading on at once may give more."""

    frames: list[Frame]
    damages: list[Damage]
    checkpoint: Checkpoint
    more: bool


class SpoolState(msgspec.Struct, frozen=True):
    """The spool as a whole. `unread_bytes` are not in the usage table yet; the oldest of them are `lag_ns` old."""

    segments: int
    bytes: int
    unread_bytes: int
    lag_ns: int


def list_segments(directory: Path) -> list[Segment]:
    """Every segment, oldest first; none if there is no such directory."""
    try:
        names = os.listdir(directory)
    except FileNotFoundError:
        return []
    return sorted(Segment(name, directory) for name in names if name.endswith(SUFFIX))


def writer_lives(directory: Path, instance: str) -> bool:
    """Whether the process that writes as `instance` still runs: the kernel holds the lock of its newest segment.

    A writer locks the next segment before it lets go of the last. So one that looks free may only have had a
    successor since the directory was read; it is read again before the writer is called gone.
    """
    newest: Segment | None = None
    while True:
        own = [segment for segment in list_segments(directory) if segment.instance == instance]
        if not own or own[-1] == newest:
            return False
        newest = own[-1]
        if _is_locked(newest.path):
            return True


def _is_locked(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def read_chunk(segment: Segment, checkpoint: Checkpoint | None, *, sealed: bool) -> Chunk:
    """The frames that follow `checkpoint`, as many as fit a chunk. `sealed`: its writer will add none.

    Raises OSError, and UnknownFormat for a segment that another version wrote.
    """
    damages: list[Damage] = []
    descriptor = os.open(segment.path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if checkpoint is None:
            checkpoint, damages = _begin(segment, os.pread(descriptor, HEADER_SIZE, 0))
        data = os.pread(descriptor, CHUNK, checkpoint.offset)
        full = len(data) == CHUNK
        decoded = decode_frames(data, checkpoint.next_sequence, final=sealed and not full)
        if full and not decoded.consumed:  # more damage than a chunk holds: look through all that is there
            data = os.pread(descriptor, os.fstat(descriptor).st_size, checkpoint.offset)
            decoded, full = decode_frames(data, checkpoint.next_sequence, final=sealed), False
    finally:
        os.close(descriptor)
    damages += _damages(segment, checkpoint.offset, decoded)
    following = Checkpoint(segment.name, checkpoint.offset + decoded.consumed, decoded.next_sequence)
    return Chunk(decoded.frames, damages, following, more=full)


def _begin(segment: Segment, data: bytes) -> tuple[Checkpoint, list[Damage]]:
    try:
        return Checkpoint(segment.name, HEADER_SIZE, decode_header(data).first_sequence), []
    except UnknownFormat:
        raise
    except ValueError as error:
        return Checkpoint(segment.name, HEADER_SIZE, 0), [Damage(segment.name, 0, 0, str(error))]


def _damages(segment: Segment, offset: int, decoded: Decoded) -> Iterator[Damage]:
    for gap in decoded.gaps:
        yield Damage(segment.name, offset + gap.offset, gap.missing, "frames were changed or are missing")
    if decoded.torn:
        yield Damage(
            segment.name, offset + decoded.consumed, 1, "the last frame is torn: its writer ended while writing it"
        )


def spool_state(directory: Path, checkpoints: dict[str, Checkpoint], now_ns: int) -> SpoolState:
    """How large the spool is, and how far the recorder is behind. `now_ns` is wall time."""
    total, unread, oldest_ns = 0, 0, now_ns
    segments = list_segments(directory)
    for segment in segments:
        try:
            size = segment.path.stat().st_size
        except FileNotFoundError:
            continue
        total += size
        checkpoint = checkpoints.get(segment.name)
        if checkpoint is not None and checkpoint.finished_ns:
            continue
        left = size - (checkpoint.offset if checkpoint else HEADER_SIZE)
        if left > 0:
            unread += left
            oldest_ns = min(oldest_ns, _next_record_ns(segment, checkpoint, now_ns))
    return SpoolState(len(segments), total, unread, now_ns - oldest_ns)


def _next_record_ns(segment: Segment, checkpoint: Checkpoint | None, now_ns: int) -> int:
    """When the first unread record was written; `now_ns` if that cannot be told."""
    try:
        frames = read_chunk(segment, checkpoint, sealed=False).frames
        return decode_record(frames[0]).at_ns if frames else now_ns
    except (OSError, ValueError):
        return now_ns


def delete_segments(segments: Sequence[Segment]) -> None:
    """Remove files of the spool for good."""
    for segment in segments:
        segment.path.unlink(missing_ok=True)


def delete_unnamed(directory: Path, before_ns: int) -> None:
    """Remove what writers left that died between making a segment and naming it, if it is older than a wall time."""
    for path in directory.glob(f"*{UNNAMED_SUFFIX}"):
        if path.name[:19].isdigit() and int(path.name[:19]) < before_ns:
            path.unlink(missing_ok=True)
