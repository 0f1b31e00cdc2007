"""The principals table: who calls, by the SHA-256 of the key, in one file that all workers map into memory.

    header   64 bytes: magic, format, log2 of the slots, count, size of the file, revision
    slots    2^n of 48 bytes: digest (32), offset (8) and length (4) of the record, 4 unused; an empty slot has length 0
    records  JSON of `core.principal.Principal`, one after the other

Open addressing with linear probing from the digest's first eight bytes; at most half of the slots are taken. Opening
costs nothing per key, and pages are shared between workers. Integers are little-endian. The file never changes once it
has its name: a new table is a new file.
"""

import hashlib
import mmap
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from trigate.core.principal import Principal

MAGIC: Final = b"TGPRINC\n"
FORMAT: Final = 1
CACHED: Final = 1024

_HEADER: Final = struct.Struct("<8sIIQQ16s16x")
_SLOT: Final = struct.Struct("<32sQI4x")
_ENTRY: Final = struct.Struct("<QI")
_DIGEST_BYTES: Final = 32
_DECODER: Final = msgspec.json.Decoder(Principal)
_ENCODER: Final = msgspec.json.Encoder()


class CompiledPrincipals(msgspec.Struct, frozen=True):
    """A table as bytes. `revision` is 16 hex digits over its content."""

    revision: str
    count: int
    data: bytes


def compile_table(entries: Iterable[tuple[bytes, Principal]]) -> CompiledPrincipals:
    """Entries by digest, each digest once, in any order: the same entries give the same bytes."""
    encode = _ENCODER.encode
    records = sorted((digest, encode(principal)) for digest, principal in entries)
    bits = max(4, (2 * len(records) - 1).bit_length())
    start = _HEADER.size + (_SLOT.size << bits)
    slots = bytearray(_SLOT.size << bits)
    mask = (1 << bits) - 1
    offset = start
    pack, size = _SLOT.pack_into, _SLOT.size
    taken = bytearray(1 << bits)
    for digest, record in records:
        slot = int.from_bytes(digest[:8], "little") & mask
        while taken[slot]:
            slot = (slot + 1) & mask
        taken[slot] = 1
        pack(slots, slot * size, digest, offset, len(record))
        offset += len(record)
    body = bytes(slots) + b"".join(record for _, record in records)
    revision = hashlib.sha256(body).hexdigest()[:16]
    header = _HEADER.pack(MAGIC, FORMAT, bits, len(records), offset, revision.encode())
    return CompiledPrincipals(revision, len(records), header + body)


class PrincipalsTable:
    """A compiled table, open for look-ups."""

    def __init__(self, data: mmap.mmap) -> None:
        """Raises ValueError for what is no whole table of this format."""
        if len(data) < _HEADER.size:
            raise ValueError("the principals table is cut short")
        magic, version, bits, count, size, revision = _HEADER.unpack_from(data)
        if magic != MAGIC or version != FORMAT:
            raise ValueError(f"the principals table has format {version}; this version reads {FORMAT}")
        if size != len(data):
            raise ValueError(f"the principals table has {len(data)} bytes and should have {size}")
        self.revision: Final = str(revision, "ascii")
        self.count: Final[int] = count
        self._data: Final = data
        self._mask: Final[int] = (1 << bits) - 1
        self._cache: Final[dict[bytes, Principal]] = {}

    @classmethod
    def open(cls, path: str) -> "PrincipalsTable":
        """Map a table. Raises OSError, and ValueError for what is no table."""
        with Path(path).open("rb") as file:
            if not file.seek(0, 2):
                raise ValueError("the principals table is empty")
            return cls(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))

    def find(self, digest: bytes) -> Principal | None:
        """The principal whose key has this SHA-256 (32 bytes), or None."""
        found = self._cache.get(digest)
        return found if found is not None else self._look_up(digest)

    def close(self) -> None:
        """Unmap it; look-ups after this raise ValueError."""
        self._cache.clear()
        self._data.close()

    def _look_up(self, digest: bytes) -> Principal | None:
        data = self._data
        slot = int.from_bytes(digest[:8], "little") & self._mask
        while True:
            at = _HEADER.size + slot * _SLOT.size
            offset, length = _ENTRY.unpack_from(data, at + _DIGEST_BYTES)
            if not length:
                return None
            if data[at : at + _DIGEST_BYTES] == digest:
                return self._remembered(digest, _DECODER.decode(data[offset : offset + length]))
            slot = (slot + 1) & self._mask

    def _remembered(self, digest: bytes, principal: Principal) -> Principal:
        """Keep what was decoded last; the oldest makes room."""
        if len(self._cache) >= CACHED:
            del self._cache[next(iter(self._cache))]
        self._cache[digest] = principal
        return principal
