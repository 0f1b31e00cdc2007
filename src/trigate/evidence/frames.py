"""The framing of records in a segment of the spool: bytes <-> records, no I/O.

A segment is one header, then frames, then nothing or zeros. All numbers are big-endian.

    header  magic 8 bytes | format u16 | worker slot u16 | instance u64 | started, wall ns u64 | first sequence u64 |
            CRC32 u32
    frame   payload length u32 | CRC32 u32 | version u8 | sequence u64 | payload: the JSON of one `core.record.Record`

A frame's CRC starts from its length and covers version, sequence and payload, so that no bit of it can change unseen.
Sequences count the records of one writer without a gap, across its segments.

A frame is written from its version on, and its length and CRC last: where a length is 0 nothing was appended, whatever
stands behind it. While the segment is being written that is "nothing yet", later it is the end.

What cannot be read is a *torn tail* if no sound frame stands behind it (the machine lost power before all of it was on
the disk), else *damage*: somebody changed the file, or the disk did. Above: `spool` writes, `segments` reads.
"""

import struct
import zlib
from typing import Final

import msgspec

from trigate.core.record import Record

FORMAT: Final = 1
VERSION: Final = 1
MAX_PAYLOAD: Final = 1 << 20

_MAGIC: Final = b"TRIGATES"
_HEADER: Final = struct.Struct(">8sHHQQQ")
_CRC: Final = struct.Struct(">I")
_HEAD: Final = struct.Struct(">II")
_CHECKED: Final = struct.Struct(">BQ")

HEADER_SIZE: Final = _HEADER.size + _CRC.size
PREFIX_SIZE: Final = _HEAD.size + _CHECKED.size
MAX_FRAME: Final = PREFIX_SIZE + MAX_PAYLOAD

_ENCODE: Final = msgspec.json.Encoder().encode
_DECODER: Final[msgspec.json.Decoder[Record]] = msgspec.json.Decoder(Record)


class UnknownFormat(ValueError):
    """A sound segment of a format that this version does not read."""


class Header(msgspec.Struct, frozen=True):
    """Whose segment it is. `instance` is drawn anew by each writer; `first_sequence` is that of the first frame."""

    slot: int
    instance: int
    started_ns: int
    first_sequence: int


class Frame(msgspec.Struct, frozen=True):
    """One sound frame. `payload` is as it was written; `decode_record` reads it."""

    sequence: int
    payload: bytes
    version: int = VERSION

    @property
    def size(self) -> int:
        """Bytes of the whole frame."""
        return PREFIX_SIZE + len(self.payload)


class Gap(msgspec.Struct, frozen=True):
    """Damage: from `offset` (into the bytes given) up to the next sound frame, `missing` records cannot be read."""

    offset: int
    missing: int


class Decoded(msgspec.Struct, frozen=True):
    """What some bytes hold: go on at `consumed` with `next_sequence`. `torn` is said of a final tail only."""

    frames: list[Frame]
    gaps: list[Gap]
    consumed: int
    next_sequence: int
    torn: bool


def encode_header(header: Header) -> bytes:
    """The first `HEADER_SIZE` bytes of a segment."""
    fields = (header.slot, header.instance, header.started_ns, header.first_sequence)
    packed = _HEADER.pack(_MAGIC, FORMAT, *fields)
    return packed + _CRC.pack(zlib.crc32(packed))


def decode_header(data: bytes) -> Header:
    """Read a header from the start of `data`.

    Raises ValueError for one that is too short or was changed, UnknownFormat for one that another version wrote.
    """
    if len(data) < HEADER_SIZE:
        raise ValueError(f"the header of a segment has {HEADER_SIZE} bytes, here are {len(data)}")
    magic, form, slot, instance, started_ns, first_sequence = _HEADER.unpack_from(data)
    if magic != _MAGIC or _CRC.unpack_from(data, _HEADER.size)[0] != zlib.crc32(data[: _HEADER.size]):
        raise ValueError("this is no segment of a spool, or its header was damaged")
    if form != FORMAT:
        raise UnknownFormat(f"the segment has format {form}; this version reads {FORMAT}")
    return Header(slot, instance, started_ns, first_sequence)


def encode_frame(sequence: int, record: Record) -> tuple[bytes, bytes]:
    """One record as a frame: its length and CRC, which are to be written last, and the rest.

    Raises ValueError beyond `MAX_PAYLOAD`.
    """
    payload = _ENCODE(record)
    length = len(payload)
    if length > MAX_PAYLOAD:
        raise ValueError(f"a record of {length} bytes is over the limit of {MAX_PAYLOAD}")
    rest = _CHECKED.pack(VERSION, sequence) + payload
    return _HEAD.pack(length, zlib.crc32(rest, length)), rest


def decode_record(frame: Frame) -> Record:
    """The record in a frame. Raises ValueError for one that this version does not know."""
    if frame.version != VERSION:
        raise ValueError(f"the frame has version {frame.version}; this version reads {VERSION}")
    return _DECODER.decode(frame.payload)


def decode_frames(data: bytes, next_sequence: int, *, final: bool) -> Decoded:
    """Every sound frame of `data`, which begins at a frame's start with the record `next_sequence`.

    `final` says that nothing will ever follow. Otherwise an unsound tail is left alone, and everything from a length of
    0 on: it may be a frame that is being written. Call again from `consumed` when there is more.
    """
    frames: list[Frame] = []
    gaps: list[Gap] = []
    position = 0
    while True:
        frame = _frame_at(data, position)
        if frame is None or frame.sequence != next_sequence:
            if not final and _is_incomplete(data, position):
                break
            found = _next_sound(data, position, next_sequence)
            if found is None:
                break
            gap, (position, frame) = position, found
            gaps.append(Gap(gap, frame.sequence - next_sequence))
        frames.append(frame)
        position += frame.size
        next_sequence = frame.sequence + 1
    return Decoded(frames, gaps, position, next_sequence, torn=final and not _is_blank(data, position))


def _frame_at(data: bytes, position: int) -> Frame | None:
    """The frame that starts at `position`, None if it is not all there or unsound."""
    start = position + PREFIX_SIZE
    if start > len(data):
        return None
    length, crc = _HEAD.unpack_from(data, position)
    if not 0 < length <= MAX_PAYLOAD or start + length > len(data):
        return None
    if zlib.crc32(data[position + _HEAD.size : start + length], length) != crc:
        return None
    version, sequence = _CHECKED.unpack_from(data, position + _HEAD.size)
    return Frame(sequence, data[start : start + length], version)


def _is_blank(data: bytes, position: int) -> bool:
    """Whether no frame was appended at `position`: the data end there, or the length is 0."""
    return not any(data[position : position + 4])


def _is_incomplete(data: bytes, position: int) -> bool:
    """Whether the bytes from `position` may be the beginning of a frame whose rest has not been written yet."""
    if position + PREFIX_SIZE > len(data) or _is_blank(data, position):
        return True
    length = _HEAD.unpack_from(data, position)[0]
    return bool(length <= MAX_PAYLOAD and position + PREFIX_SIZE + length > len(data))


def _next_sound(data: bytes, position: int, sequence: int) -> tuple[int, Frame] | None:
    """The first sound frame at or behind `position` that holds `sequence` or a later one.

    It is looked for by what every such frame has: its version and the high bytes of its sequence, which text lacks.
    """
    mark = _CHECKED.pack(VERSION, sequence)[:4]
    while (hit := data.find(mark, position + _HEAD.size)) >= 0:
        position = hit - _HEAD.size
        frame = _frame_at(data, position)
        if frame is not None and frame.sequence >= sequence:
            return position, frame
        position += 1
    return None
