"""The recorder: carries records from the spool's segments into the usage table, at least once, and counts them once.

One step reads a chunk of each segment that has something new and commits it together with its checkpoint. A segment
is finished when its writer has gone on to another one or is gone, and its end was reached. When all segments of a
writer are finished, what it left unsettled is settled by the rule of `orphans`. Segments are deleted some time after
they were finished, once the table is as durable as they are.

It may be killed or frozen at any moment, for any time: nothing here is known to this process only. Below: `segments`,
`orphans`, a `UsageStore`. Above: app.py, which starts it as a process of its own.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

import msgspec

from trigate.core.clock import Clock
from trigate.core.evidence import Batch, Checkpoint, Settled, UsageStore
from trigate.core.record import Record, Settle
from trigate.evidence.frames import Frame, UnknownFormat, decode_record
from trigate.evidence.orphans import follow, settle_orphan
from trigate.evidence.segments import (
    Chunk,
    Segment,
    delete_segments,
    delete_unnamed,
    list_segments,
    read_chunk,
    writer_lives,
)

POLL_S: Final = 0.1
PAUSE_S: Final = 1.0
LAST_NS: Final = 5_000_000_000
SWEEP_NS: Final = 60_000_000_000
KEEP_ROWS_NS: Final = 30 * 86_400 * 1_000_000_000
EXPIRE_ROWS: Final = 1_000
ORPHANS: Final = 500

_LOG: Final = logging.getLogger(__name__)
_ENCODE: Final = msgspec.json.Encoder().encode


class Stop(Protocol):
    """The end of the process, as `threading.Event` says it."""

    def is_set(self) -> bool:
        """Whether to end."""
        ...

    def wait(self, timeout: float) -> bool:
        """Wait for the end, at most `timeout` seconds."""
        ...


class Recorder:
    """Reads the spool in `directory` into `table`; segments are kept `keep_segments_s` seconds after their end."""

    def __init__(self, directory: Path, table: UsageStore, clock: Clock, *, keep_segments_s: float) -> None:
        self._directory = directory
        self._table = table
        self._clock = clock
        self._keep_segments_ns = int(keep_segments_s * 1e9)
        self._checkpoints = table.checkpoints()
        self._foreign: set[str] = set()
        self._seek_orphans = True
        self._expiring = False
        self._next_sweep_ns = 0

    def step(self) -> bool:
        """Read on, settle orphans, and clear away; whether there may be more to do at once. Raises OSError."""
        moved = self._drain()
        if self._seek_orphans:
            self._settle_orphans()
        self._sweep()
        return moved

    # --- reading ---

    def _drain(self) -> bool:
        moved = False
        segments = [segment for segment in list_segments(self._directory) if not self._is_finished(segment)]
        waiting: set[str] = set()
        for segment in segments:
            if segment.instance in waiting:
                continue  # a writer's segments are read one after the other, in its order
            superseded = any(other.instance == segment.instance and other > segment for other in segments)
            moved |= self._read(segment, sealed=superseded or not writer_lives(self._directory, segment.instance))
            if not self._is_finished(segment):
                waiting.add(segment.instance)
        return moved

    def _read(self, segment: Segment, *, sealed: bool) -> bool:
        """One chunk of a segment. `sealed` was found out before, so that its end is the end."""
        try:
            chunk = read_chunk(segment, self._checkpoints.get(segment.name), sealed=sealed)
        except UnknownFormat as error:
            if segment.name not in self._foreign:
                self._foreign.add(segment.name)
                _LOG.error("spool segment %s is left alone: %s", segment.name, error)
            return False
        checkpoint = chunk.checkpoint
        if sealed and not chunk.more:
            checkpoint = msgspec.structs.replace(checkpoint, finished_ns=self._clock.wall_ns())
            self._seek_orphans = True
        elif not chunk.frames and not chunk.damages:
            return False
        self._table.commit(self._fold(segment, chunk, checkpoint))
        self._checkpoints[segment.name] = checkpoint
        for damage in chunk.damages:
            _LOG.error("spool segment %s, offset %d: %s", damage.segment, damage.offset, damage.reason)
        return True

    def _fold(self, segment: Segment, chunk: Chunk, checkpoint: Checkpoint) -> Batch:
        """A chunk's records as what is settled now and what is still open."""
        records, unknown = _readable(chunk.frames)
        unsettled = self._table.unsettled([record.id for record, _ in records if not isinstance(record, Settle)])
        settled: list[Settled] = []
        for record, payload in records:
            if isinstance(record, Settle):
                unsettled.pop(record.id, None)
                settled.append(Settled(record, payload))
            elif (after := follow(unsettled.get(record.id), record)) is not None:
                unsettled[record.id] = after
        return Batch(segment.instance, list(unsettled.values()), settled, checkpoint, chunk.damages, unknown)

    def _is_finished(self, segment: Segment) -> bool:
        checkpoint = self._checkpoints.get(segment.name)
        return checkpoint is not None and checkpoint.finished_ns > 0

    # --- orphans ---

    def _settle_orphans(self) -> None:
        """Settle what writers left behind whose segments have all been read to the end."""
        writing = {segment.instance for segment in list_segments(self._directory) if not self._is_finished(segment)}
        for instance in self._table.instances():
            if instance in writing:
                continue
            while orphans := self._table.unsettled_of(instance, ORPHANS):
                ends = [settle_orphan(orphan) for orphan in orphans]
                settled = [Settled(settle, _ENCODE(settle)) for settle in ends]
                self._table.commit(Batch(instance, settled=settled))
                _LOG.warning("settled %d exchanges of a worker that is gone (%s)", len(settled), instance)
        self._seek_orphans = False

    # --- clearing away ---

    def _sweep(self) -> None:
        wall_ns = self._clock.wall_ns()
        if self._clock.monotonic_ns() >= self._next_sweep_ns:
            self._next_sweep_ns = self._clock.monotonic_ns() + SWEEP_NS
            self._delete_segments(wall_ns - self._keep_segments_ns)
            self._expiring = True
        if self._expiring:
            self._expiring = self._table.expire(wall_ns - KEEP_ROWS_NS, EXPIRE_ROWS) == EXPIRE_ROWS

    def _delete_segments(self, before_ns: int) -> None:
        segments = list_segments(self._directory)
        old = [segment for segment in segments if 0 < self._finished_ns(segment) <= before_ns]
        if old:
            self._table.harden()
            delete_segments(old)
        delete_unnamed(self._directory, before_ns)
        left = {segment.name for segment in segments} - {segment.name for segment in old}
        if gone := [name for name in self._checkpoints if name not in left]:
            self._table.forget(gone)
            for name in gone:
                del self._checkpoints[name]

    def _finished_ns(self, segment: Segment) -> int:
        checkpoint = self._checkpoints.get(segment.name)
        return checkpoint.finished_ns if checkpoint else 0


def _readable(frames: Sequence[Frame]) -> tuple[list[tuple[Record, bytes]], int]:
    """The records that this version can read, with their bytes, and how many it cannot."""
    records: list[tuple[Record, bytes]] = []
    for frame in frames:
        try:
            records.append((decode_record(frame), frame.payload))
        except ValueError as error:
            _LOG.error("record %d cannot be read: %s", frame.sequence, error)
    return records, len(frames) - len(records)


def run(directory: Path, table: UsageStore, clock: Clock, *, keep_segments_s: float, stop: Stop) -> None:
    """The process: record until `stop`, then what is there, for 5 s at most. A disk that fails is waited for."""
    recorder: Recorder | None = None
    end_ns: int | None = None
    while end_ns is None or clock.monotonic_ns() < end_ns:
        if end_ns is None and stop.is_set():
            end_ns = clock.monotonic_ns() + LAST_NS
        try:
            if recorder is None:
                recorder = Recorder(directory, table, clock, keep_segments_s=keep_segments_s)
            moved = recorder.step()
        except OSError as error:
            _LOG.error("the records wait in the spool, nothing is lost: %s", error)
            recorder = None  # what it remembers may be ahead of the table
            moved = False
        if not moved:
            if end_ns is not None:
                return
            stop.wait(POLL_S if recorder else PAUSE_S)
