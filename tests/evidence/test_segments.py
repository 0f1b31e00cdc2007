"""The spool's reading side, on files that a real writer made."""

import os
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.evidence.records import SECOND, WALL, opened, settled
from tests.support.clock import ManualClock
from trigate.core.evidence import Checkpoint, Damage
from trigate.core.record import Record
from trigate.evidence.frames import (
    HEADER_SIZE,
    MAX_PAYLOAD,
    Header,
    UnknownFormat,
    decode_record,
    encode_frame,
    encode_header,
)
from trigate.evidence.segments import (
    CHUNK,
    Chunk,
    Segment,
    SpoolState,
    delete_segments,
    delete_unnamed,
    list_segments,
    read_chunk,
    spool_state,
    writer_lives,
)
from trigate.evidence.spool import MAX_AGE_NS, Fsync, SpoolWriter


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def spool(tmp_path: Path, clock: ManualClock) -> Iterator[SpoolWriter]:
    writer = SpoolWriter(tmp_path, 0, clock, fsync=Fsync.OFF)
    yield writer
    writer.close()


def only(directory: Path) -> Segment:
    (segment,) = list_segments(directory)
    return segment


def records(chunk: Chunk) -> list[Record]:
    return [decode_record(frame) for frame in chunk.frames]


def write(path: Path, offset: int, data: bytes) -> None:
    """In place, as the file may be mapped."""
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(data)


def change(path: Path, offset: int) -> None:
    write(path, offset, bytes([path.read_bytes()[offset] ^ 0x10]))


def end(path: Path) -> int:
    """Where the last record ends."""
    return len(path.read_bytes().rstrip(b"\0"))


def test_there_may_be_no_spool_yet(tmp_path: Path) -> None:
    assert list_segments(tmp_path / "none") == []
    assert not writer_lives(tmp_path / "none", "0" * 16)
    assert spool_state(tmp_path / "none", {}, WALL) == SpoolState(0, 0, 0, 0)


def test_a_segment_is_read_as_it_grows(spool: SpoolWriter, tmp_path: Path) -> None:
    segment = only(tmp_path)
    assert segment.instance == f"{spool.instance:016x}"
    spool.append(opened("a"))
    first = read_chunk(segment, None, sealed=False)
    assert records(first) == [opened("a")]
    assert read_chunk(segment, first.checkpoint, sealed=False).frames == []
    spool.append(settled("a"))
    second = read_chunk(segment, first.checkpoint, sealed=False)
    assert records(second) == [settled("a")]
    assert second.checkpoint == Checkpoint(segment.name, end(segment.path), 3)
    assert not second.more
    spool.close()
    assert segment.path.stat().st_size == second.checkpoint.offset


def test_a_frame_of_which_only_a_part_is_seen_yet_is_waited_for(spool: SpoolWriter, tmp_path: Path) -> None:
    segment = only(tmp_path)
    head, rest = encode_frame(1, opened("a"))
    for part in (bytes(8) + rest, head + rest[:-3], head, head[:3]):
        write(segment.path, HEADER_SIZE, part + bytes(HEADER_SIZE + 600))
        chunk = read_chunk(segment, None, sealed=False)
        assert (chunk.frames, chunk.damages, chunk.more) == ([], [], False)
        assert chunk.checkpoint.offset == HEADER_SIZE
    spool.append(opened("a"))
    assert records(read_chunk(segment, None, sealed=False)) == [opened("a")]


def test_an_append_that_a_dead_writer_did_not_finish_was_none(spool: SpoolWriter, tmp_path: Path) -> None:
    spool.append(opened("a"))
    segment = only(tmp_path)
    write(segment.path, end(segment.path) + 8, encode_frame(2, opened("b"))[1])
    chunk = read_chunk(segment, None, sealed=True)
    assert records(chunk) == [opened("a")]
    assert (chunk.damages, chunk.more) == ([], False)


def test_a_reader_that_polls_reads_no_further_than_it_must(
    spool: SpoolWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(100):
        spool.append(opened(str(number)))
    segment = only(tmp_path)
    taken: list[int] = []
    pread = os.pread

    def counted(descriptor: int, length: int, offset: int) -> bytes:
        data = pread(descriptor, length, offset)
        taken.append(len(data))
        return data

    monkeypatch.setattr(os, "pread", counted)
    chunk = read_chunk(segment, None, sealed=False)
    assert len(chunk.frames) == 100
    assert sum(taken) < 3 * chunk.checkpoint.offset
    taken.clear()
    assert not read_chunk(segment, chunk.checkpoint, sealed=False).frames
    assert sum(taken) <= 4096
    assert segment.path.stat().st_size >= 200_000


def test_a_torn_tail_of_a_sealed_segment_is_told(spool: SpoolWriter, tmp_path: Path) -> None:
    spool.append(opened("a"))
    segment = only(tmp_path)
    size = end(segment.path)
    write(segment.path, size, b"\0\0\2")
    chunk = read_chunk(segment, None, sealed=True)
    assert records(chunk) == [opened("a")]
    assert [(damage.offset, damage.missing) for damage in chunk.damages] == [(size, 1)]
    assert "torn" in chunk.damages[0].reason


def test_damage_is_told_and_the_rest_is_read(spool: SpoolWriter, tmp_path: Path) -> None:
    for name in "abc":
        spool.append(opened(name))
    segment = only(tmp_path)
    change(segment.path, HEADER_SIZE + 60)
    chunk = read_chunk(segment, None, sealed=False)
    assert records(chunk) == [opened("b"), opened("c")]
    assert chunk.damages == [Damage(segment.name, HEADER_SIZE, 1, "frames were changed or are missing")]
    assert chunk.checkpoint.next_sequence == 4


def test_a_damaged_header_costs_no_record(spool: SpoolWriter, tmp_path: Path) -> None:
    spool.append(opened("a"))
    segment = only(tmp_path)
    change(segment.path, 12)
    chunk = read_chunk(segment, None, sealed=False)
    assert records(chunk) == [opened("a")]
    assert chunk.damages[0].offset == 0
    assert "header was damaged" in chunk.damages[0].reason


def test_a_segment_of_another_format_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / f"{WALL:019d}-000-{1:016x}.seg"
    header = encode_header(Header(0, 1, WALL, 1))[:-4].replace(b"TRIGATES\x00\x01", b"TRIGATES\x00\x02")
    path.write_bytes(header + zlib.crc32(header).to_bytes(4, "big") + b"whatever")
    with pytest.raises(UnknownFormat, match="format 2; this version reads 1"):
        read_chunk(only(tmp_path), None, sealed=True)


def test_a_large_segment_comes_in_chunks_also_past_large_damage(spool: SpoolWriter, tmp_path: Path) -> None:
    large = settled("x" * (MAX_PAYLOAD - 1000))
    for _ in range(9):
        spool.append(large)
    segment = only(tmp_path)
    sizes: list[int] = []
    checkpoint: Checkpoint | None = None
    more = True
    while more:
        chunk = read_chunk(segment, checkpoint, sealed=True)
        checkpoint, more = chunk.checkpoint, chunk.more
        sizes.append(len(chunk.frames))
    assert sum(sizes) == 9
    assert max(sizes) == 2
    write(segment.path, HEADER_SIZE, bytes(2 * CHUNK))
    chunk = read_chunk(segment, None, sealed=True)
    assert [frame.sequence for frame in chunk.frames] == [6, 7, 8, 9]
    assert [damage.missing for damage in chunk.damages] == [5]


def test_a_writer_lives_until_it_lets_go(spool: SpoolWriter, tmp_path: Path, clock: ManualClock) -> None:
    instance = f"{spool.instance:016x}"
    assert writer_lives(tmp_path, instance)
    spool.append(opened("a"))
    clock.monotonic = MAX_AGE_NS
    spool.append(opened("b"))
    assert len(list_segments(tmp_path)) == 2
    assert writer_lives(tmp_path, instance)
    spool.close()
    assert not writer_lives(tmp_path, instance)
    assert not writer_lives(tmp_path, "0" * 16)


def test_the_state_tells_how_far_the_reader_is_behind(spool: SpoolWriter, tmp_path: Path) -> None:
    segment = only(tmp_path)
    size = segment.path.stat().st_size
    assert spool_state(tmp_path, {}, WALL) == SpoolState(1, size, 0, 0)
    spool.append(opened("a", at=1))
    first = read_chunk(segment, None, sealed=False).checkpoint
    spool.append(opened("b", at=4))
    last = end(segment.path)
    now = WALL + 10 * SECOND
    assert spool_state(tmp_path, {}, now) == SpoolState(1, size, last - HEADER_SIZE, 9 * SECOND)
    assert spool_state(tmp_path, {segment.name: first}, now) == SpoolState(1, size, last - first.offset, 6 * SECOND)
    both = read_chunk(segment, first, sealed=False).checkpoint
    assert spool_state(tmp_path, {segment.name: both}, now) == SpoolState(1, size, 0, 0)
    finished = Checkpoint(segment.name, first.offset, 2, WALL)
    assert spool_state(tmp_path, {segment.name: finished}, now) == SpoolState(1, size, 0, 0)


def test_segments_are_deleted_and_left_over_drafts_too(spool: SpoolWriter, tmp_path: Path) -> None:
    segment = only(tmp_path)
    drafts = [tmp_path / f"{WALL + age:019d}-000-{1:016x}.new" for age in (0, 5)]
    for draft in drafts:
        draft.touch()
    delete_unnamed(tmp_path, WALL + 5)
    delete_segments([segment, segment])
    assert list(tmp_path.iterdir()) == drafts[1:]
