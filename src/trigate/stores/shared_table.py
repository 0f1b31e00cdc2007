"""The shared table: a memory-mapped file in the state directory, by which the processes of a machine see each other.

It lives as long as its supervisor: `create` puts a fresh file in place of an old one (an older gateway that still
drains keeps its own), `open` maps the file that is there. Nothing in it must survive; the ledger and the spool do.

Layout, native byte order: a header page (magic, format, size, and a directory of sections by name, offset and length,
so that later sections find room), the section `children` and the section `workers`. There is no lock in it, and every
page has one writer:

- A gauge is one aligned word, written by one store and read by one load, so it is never torn.
- The children's rows are kept twice under one sequence number. The writer fills the half that is not shown, then
  turns the sequence over; a reader reads the half that is shown, and again if the sequence has moved meanwhile. A
  writer that is frozen at any point blocks nobody.

Above: app, control and the command line. Below: the files of the state directory.
"""

import mmap
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

import msgspec

from trigate.core.processes import ChildRow, Gauge

MAX_WORKERS: Final = 128

_MAGIC: Final = b"TRIGATE\x00"
_FORMAT: Final = 1
_WORD: Final = 8
_PAGE: Final = 4096

# The header: magic, format, size and number of sections, then the directory.
_FORMAT_AT: Final = 8
_SIZE_AT: Final = 16
_COUNT_AT: Final = 24
_DIRECTORY_AT: Final = 64
_ENTRY: Final = 32
_NAME: Final = 16

# A worker's page; a multiple of the cache line, so that no two writers share one.
_GAUGES: Final = 512

# The section `children`: its sequence, the supervisor's beat, then two halves of a length and that many bytes of rows.
_BEAT_AT: Final = 8
_HALVES_AT: Final = 64
_HALF: Final = 128 * 1024
_ATTEMPTS: Final = 100

_SECTIONS: Final = (("children", _HALVES_AT + 2 * _HALF), ("workers", 2 * MAX_WORKERS * _GAUGES))

_ROWS: Final = msgspec.msgpack.Decoder(tuple[ChildRow, ...])
_ENCODER: Final = msgspec.msgpack.Encoder()


class SharedTableError(Exception):
    """The file is no shared table of this format, or what is to be written does not fit."""


class WorkerGauges(msgspec.Struct, frozen=True):
    """One reading of a worker's page: a value per `Gauge`, in its order."""

    values: tuple[int, ...]

    def __getitem__(self, gauge: Gauge) -> int:
        return self.values[gauge]

    @property
    def revision(self) -> str:
        """The configuration served, as its 16 hex digits; empty if none is."""
        word = self.values[Gauge.REVISION]
        return f"{word & 0xFFFF_FFFF_FFFF_FFFF:016x}" if word else ""


class WorkerPage:
    """The gauges of one worker, written by that worker alone."""

    __slots__ = ("_words",)

    def __init__(self, words: memoryview) -> None:
        self._words = words

    def set(self, gauge: Gauge, value: int) -> None:
        """Write one gauge: a signed 64-bit integer."""
        self._words[gauge] = value

    def add(self, gauge: Gauge, change: int) -> None:
        """Change one gauge by `change`."""
        self._words[gauge] += change

    def set_revision(self, revision: str) -> None:
        """Write the configuration that is served now: 16 hex digits. Raises ValueError for anything else."""
        self._words[Gauge.REVISION] = int.from_bytes(bytes.fromhex(revision).rjust(8, b"\x00"), "big", signed=True)


class SharedTable:
    """One mapping of the file. Close it, or use it in a `with`; the pages handed out die with it."""

    def __init__(self, mapping: mmap.mmap) -> None:
        self._mapping = mapping
        self._words = memoryview(mapping).cast("q")
        sections = self._directory()
        self._children = sections["children"]
        self._workers = sections["workers"]

    @classmethod
    def create(cls, path: Path) -> Self:
        """Put a fresh table at `path`, readable by its owner only. Raises OSError."""
        draft = path.with_name(path.name + ".new")
        size = _PAGE + sum(_whole_pages(length) for _, length in _SECTIONS)
        descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, size)  # a full disk shows here, not as SIGBUS in a worker
            with mmap.mmap(descriptor, size) as mapping:
                _write_header(mapping)
        finally:
            os.close(descriptor)
        os.replace(draft, path)
        return cls.open(path)

    @classmethod
    def resume(cls, path: Path) -> Self:
        """The table that is there, for a supervisor that was upgraded; a fresh one if it is of another format."""
        try:
            return cls.open(path)
        except (FileNotFoundError, SharedTableError):
            return cls.create(path)

    @classmethod
    def open(cls, path: Path, *, writable: bool = True) -> Self:
        """Map the table at `path`. Raises OSError, or `SharedTableError` for a file of another kind or format."""
        descriptor = os.open(path, (os.O_RDWR if writable else os.O_RDONLY) | os.O_CLOEXEC)
        try:
            size = os.fstat(descriptor).st_size
            _check_header(path, os.pread(descriptor, _DIRECTORY_AT, 0), size)
            protection = mmap.PROT_READ | (mmap.PROT_WRITE if writable else 0)
            return cls(mmap.mmap(descriptor, size, mmap.MAP_SHARED, protection))
        finally:
            os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Unmap. Raises BufferError while a page of it is still held."""
        self._words.release()
        self._mapping.close()

    # --- workers ---

    def claim(self, page: int, *, pid: int, wall_ns: int, now_ns: int) -> WorkerPage:
        """Take a page (`worker_page`) for the calling worker, its gauges at zero but for the first beat."""
        words = self._gauges(page)
        words[Gauge.PID] = 0
        for gauge in Gauge:
            words[gauge] = 0
        words[Gauge.STARTED_NS] = wall_ns
        words[Gauge.BEAT_NS] = now_ns
        words[Gauge.PID] = pid
        return WorkerPage(words)

    def gauges(self, page: int, pid: int) -> WorkerGauges | None:
        """What worker `pid` shows on its page; None if the page is not its own."""
        words = self._gauges(page)
        values = words[: len(Gauge)].tolist()
        owned = words[Gauge.PID] == values[Gauge.PID] == pid
        return WorkerGauges(tuple(values)) if owned else None

    def beat_ns(self, page: int, pid: int) -> int:
        """The last beat of worker `pid`, monotonic; 0 if it has not taken its page yet."""
        gauges = self.gauges(page, pid)
        return gauges[Gauge.BEAT_NS] if gauges else 0

    def _gauges(self, page: int) -> memoryview:
        if not 0 <= page < 2 * MAX_WORKERS:
            raise SharedTableError(f"there is no gauge page {page}: a machine has at most {MAX_WORKERS} workers")
        start = (self._workers + page * _GAUGES) // _WORD
        return self._words[start : start + _GAUGES // _WORD]

    # --- children ---

    def show(self, rows: Sequence[ChildRow], now_ns: int) -> None:
        """Replace all rows; `now_ns` is the supervisor's own beat, monotonic. For the supervisor alone."""
        data = _ENCODER.encode(rows)
        if len(data) > _HALF - _WORD:
            raise SharedTableError(f"{len(rows)} children do not fit the shared table")
        sequence = self._children // _WORD
        following = self._words[sequence] + 1
        start = self._half(following)
        self._words[start // _WORD] = len(data)
        self._mapping[start + _WORD : start + _WORD + len(data)] = data
        self._words[sequence] = following
        self._words[(self._children + _BEAT_AT) // _WORD] = now_ns

    def rows(self) -> tuple[ChildRow, ...]:
        """The supervisor's children, as it showed them last; none before the first time."""
        sequence = self._children // _WORD
        for _ in range(_ATTEMPTS):
            before = self._words[sequence]
            start = self._half(before)
            length = self._words[start // _WORD]
            data = self._mapping[start + _WORD : start + _WORD + min(max(length, 0), _HALF - _WORD)]
            if self._words[sequence] == before:
                return _ROWS.decode(data) if before else ()
        raise SharedTableError("the rows of the shared table change faster than they can be read")

    @property
    def supervisor_beat_ns(self) -> int:
        """When the supervisor last showed its rows, monotonic; 0 before the first time."""
        return self._words[(self._children + _BEAT_AT) // _WORD]

    def _half(self, sequence: int) -> int:
        return self._children + _HALVES_AT + (sequence & 1) * _HALF

    def _directory(self) -> dict[str, int]:
        entries = range(_DIRECTORY_AT, _DIRECTORY_AT + self._words[_COUNT_AT // _WORD] * _ENTRY, _ENTRY)
        return {
            self._mapping[at : at + _NAME].rstrip(b"\x00").decode(): self._words[(at + _NAME) // _WORD]
            for at in entries
        }


def _whole_pages(length: int) -> int:
    return -(-length // _PAGE) * _PAGE


def _write_header(mapping: mmap.mmap) -> None:
    with memoryview(mapping).cast("q") as words:
        offset = _PAGE
        for index, (name, length) in enumerate(_SECTIONS):
            at = _DIRECTORY_AT + index * _ENTRY
            mapping[at : at + _NAME] = name.encode().ljust(_NAME, b"\x00")
            words[(at + _NAME) // _WORD] = offset
            words[(at + _NAME) // _WORD + 1] = length
            offset += _whole_pages(length)
        words[_FORMAT_AT // _WORD] = _FORMAT
        words[_SIZE_AT // _WORD] = len(mapping)
        words[_COUNT_AT // _WORD] = len(_SECTIONS)
    mapping[: len(_MAGIC)] = _MAGIC


def _check_header(path: Path, header: bytes, size: int) -> None:
    if len(header) < _DIRECTORY_AT or not header.startswith(_MAGIC):
        raise SharedTableError(f"{path} is no shared table of Trigate; remove it, or choose another state.dir")
    words = memoryview(header).cast("q")
    found = words[_FORMAT_AT // _WORD]
    if found != _FORMAT:
        raise SharedTableError(f"{path} has format {found}, this version reads {_FORMAT}; restart the gateway")
    if words[_SIZE_AT // _WORD] != size:
        raise SharedTableError(f"{path} is {size} bytes long where its header says otherwise; restart the gateway")
