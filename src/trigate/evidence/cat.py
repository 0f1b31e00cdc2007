"""Segments as text, for people and `jq`: one JSON line per record, with where it stands.

Reads files only, so it works beside a running gateway and on copies. What cannot be read is said in its place, as a
line of its own with `damage`. Above: the command line. Below: `segments`.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import msgspec

from trigate.core.evidence import Checkpoint, Damage
from trigate.evidence.frames import Frame, UnknownFormat
from trigate.evidence.segments import Segment, list_segments, read_chunk


class Out(Protocol):
    """Where lines go, as a text file takes them."""

    def write(self, text: str, /) -> object:
        """Take some text."""
        ...


class Line(msgspec.Struct, frozen=True):
    """One record: the segment that it stands in, its sequence, and the record as it was written."""

    segment: str
    sequence: int
    record: msgspec.Raw


class DamageLine(msgspec.Struct, frozen=True):
    """A place that cannot be read."""

    segment: str
    damage: Damage


def cat(paths: Iterable[Path], out: Out) -> bool:
    """Write every record of some segments, or of all segments of a folder; False if any damage was met.

    Raises OSError.
    """
    sound = True
    for path in paths:
        for segment in list_segments(path) if path.is_dir() else [Segment(path.name, path.parent)]:
            sound &= _cat_segment(segment, out)
    return sound


def _cat_segment(segment: Segment, out: Out) -> bool:
    checkpoint: Checkpoint | None = None
    sound, more = True, True
    while more:
        try:
            chunk = read_chunk(segment, checkpoint, sealed=True)
        except UnknownFormat as error:
            _write(out, DamageLine(segment.name, Damage(segment.name, 0, 0, str(error))))
            return False
        for damage in chunk.damages:
            _write(out, DamageLine(segment.name, damage))
            sound = False
        for frame in chunk.frames:
            _write(out, _line(segment, frame))
        checkpoint, more = chunk.checkpoint, chunk.more
    return sound


def _line(segment: Segment, frame: Frame) -> Line:
    return Line(segment.name, frame.sequence, msgspec.Raw(frame.payload))


def _write(out: Out, line: Line | DamageLine) -> None:
    out.write(msgspec.json.encode(line).decode() + "\n")
