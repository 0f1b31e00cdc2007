"""The change log: what every worker tails to learn, within a second, that there is something new to serve.

    frame    length (4), CRC-32 of the payload (4), payload: JSON of `Change`; little-endian

One process appends, any number read. A frame that is not whole yet is left for the next poll; one that is whole and
wrong ends reading until the log is replaced. A log that shrank or was replaced is read again from its start. Readers
poll with `stat`: there is nothing to subscribe to and nothing that can be missed.
"""

import os
import struct
import zlib
from typing import Final

import msgspec

NAME: Final = "changes.log"
CONFIGURATION: Final = "configuration"
MAX_FRAME: Final = 1 << 20

_FRAME: Final = struct.Struct("<II")


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """One change. File names are relative to the state directory.

    `revision` is the snapshot's. `attached` is a digest over the identities of files that workers read by themselves
    (secrets, certificates): a worker builds anew when any of the four differs from what it serves. Other kinds of
    change carry their own fields; a reader skips kinds that it does not know.
    """

    seq: int
    at_ns: int
    kind: str
    snapshot: str = ""
    principals: str = ""
    revision: str = ""
    attached: str = ""


class Position(msgspec.Struct, frozen=True):
    """How far a reader is: which file it was, and the offset behind the last frame that was read."""

    device: int = 0
    inode: int = 0
    offset: int = 0


START: Final = Position()

_DECODER: Final = msgspec.json.Decoder(Change)
_ENCODER: Final = msgspec.json.Encoder()


class ChangeLog:
    """The log of one state directory. Reading never writes; only the publisher appends."""

    def __init__(self, state_dir: str) -> None:
        self._path: Final = os.path.join(state_dir, NAME)

    def tail(self, position: Position) -> tuple[list[Change], Position]:
        """The changes after `position`, oldest first, and the new position. No log yet: none. Raises OSError."""
        try:
            status = os.stat(self._path)
        except FileNotFoundError:
            return [], START
        same = (status.st_dev, status.st_ino) == (position.device, position.inode)
        offset = position.offset if same and status.st_size >= position.offset else 0
        if offset == status.st_size:
            return [], Position(status.st_dev, status.st_ino, offset)
        with open(self._path, "rb") as file:
            opened = os.fstat(file.fileno())
            if (opened.st_dev, opened.st_ino) != (status.st_dev, status.st_ino):
                offset = 0
            file.seek(offset)
            changes, read = _frames(file.read())
        return changes, Position(opened.st_dev, opened.st_ino, offset + read)

    def append(self, change: Change) -> None:
        """Write one change and sync it. A torn frame that a crash left behind is cut off first. Raises OSError."""
        _, position = self.tail(START)
        payload = _ENCODER.encode(change)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(descriptor, position.offset)
            os.pwrite(descriptor, _FRAME.pack(len(payload), zlib.crc32(payload)) + payload, position.offset)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _frames(data: bytes) -> tuple[list[Change], int]:
    """The whole frames at the front of `data`, and how many bytes they take."""
    changes = []
    at = 0
    while at + _FRAME.size <= len(data):
        length, checksum = _FRAME.unpack_from(data, at)
        end = at + _FRAME.size + length
        payload = data[at + _FRAME.size : end]
        if length > MAX_FRAME or end > len(data) or zlib.crc32(payload) != checksum:
            break
        changes.append(_DECODER.decode(payload))
        at = end
    return changes, at
