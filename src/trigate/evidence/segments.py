"""The reading side of the spool: which segments there are, what stands in them, whether their writers live.

A reader keeps only a `Checkpoint` and reads from there anew each time. The size of a file says little: while its writer
lives, and after it was killed, zeros follow the last record. Nothing here changes or locks a file that a writer still
needs. Below: `frames`; the names and locks of the files are made by `spool`. Above: `recorder`, `cat`, control.
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
    PREFIX_SIZE,
    Decoded,
    Frame,
    UnknownFormat,
    decode_frames,
    decode_header,
    decode_record,
)
from trigate.evidence.spool import SUFFIX, UNNAMED_SUFFIX

CHUNK: Final = 2 * MAX_FRAME
_PIECE: Final = 4 << 10
_TAIL: Final = 64 << 10
_BLANK: Final = bytes(PREFIX_SIZE)
"""So many zeros in a row stand nowhere in a frame: its text has none, the numbers before it are never all 0."""


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
    """The spool as a whole. `bytes` are those of its files, with what writers have reserved.

    `unread_bytes` of records are not in the usage table yet; the oldest of them are `lag_ns` old.
    """

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
        decoded, full = _decode(descriptor, checkpoint, sealed=sealed)
        if decoded.gaps or decoded.torn:  # the writer may have come between: damage is what is there twice
            decoded, full = _decode(descriptor, checkpoint, sealed=sealed)
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


def _decode(descriptor: int, checkpoint: Checkpoint, *, sealed: bool) -> tuple[Decoded, bool]:
    """What follows `checkpoint`, and whether it filled a chunk."""
    offset, sequence = checkpoint.offset, checkpoint.next_sequence
    data = os.pread(descriptor, CHUNK, offset) if sealed else _pread_live(descriptor, offset)
    full = len(data) == CHUNK
    decoded = decode_frames(data, sequence, final=sealed and not full)
    if full and not decoded.consumed:  # more damage than a chunk holds: look through all that is there
        data = os.pread(descriptor, os.fstat(descriptor).st_size, offset)
        return decode_frames(data, sequence, final=sealed), False
    return decoded, full


def _pread_live(descriptor: int, offset: int) -> bytes:
    """At most a chunk, and little of the zeros behind the last record: a reader that polls pays for what is new."""
    data = os.pread(descriptor, _PIECE, offset)
    while len(data) < CHUNK and not data.endswith(_BLANK):
        more = os.pread(descriptor, min(len(data), CHUNK - len(data)), offset + len(data))
        if not more:
            break
        data += more
    return data


def _damages(segment: Segment, offset: int, decoded: Decoded) -> Iterator[Damage]:
    for gap in decoded.gaps:
        yield Damage(segment.name, offset + gap.offset, gap.missing, "frames were changed or are missing")
    if decoded.torn:
        yield Damage(
            segment.name, offset + decoded.consumed, 1, "the last frame is torn: not all of it reached the disk"
        )


def spool_state(directory: Path, checkpoints: dict[str, Checkpoint], now_ns: int) -> SpoolState:
    """How large the spool is, and how far the recorder is behind. `now_ns` is wall time."""
    total, unread, oldest_ns = 0, 0, now_ns
    segments = list_segments(directory)
    for segment in segments:
        checkpoint = checkpoints.get(segment.name)
        try:
            total += segment.path.stat().st_size
            if checkpoint is not None and checkpoint.finished_ns:
                continue
            left = _unread_bytes(segment, checkpoint.offset if checkpoint else HEADER_SIZE)
        except FileNotFoundError:
            continue
        if left > 0:
            unread += left
            oldest_ns = min(oldest_ns, _next_record_ns(segment, checkpoint, now_ns))
    return SpoolState(len(segments), total, unread, now_ns - oldest_ns)


def _unread_bytes(segment: Segment, offset: int) -> int:
    """From `offset` to the end of the last record, which is looked for from the end of the file. Raises OSError."""
    descriptor = os.open(segment.path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if not any(os.pread(descriptor, 4, offset)):
            return 0  # a frame's length is never 0
        end = os.fstat(descriptor).st_size
        while end > offset:
            start = max(offset, end - _TAIL)
            if written := os.pread(descriptor, end - start, start).rstrip(b"\0"):
                return start + len(written) - offset
            end = start
        return 0
    finally:
        os.close(descriptor)


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
