"""The spool's writing side: kill -9 loses nothing that was appended, and no failed sync is called a success."""

import asyncio
import errno
import os
import select
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path

import pytest

from tests.evidence.disks import ScriptedDisk
from tests.evidence.locks import is_locked
from tests.evidence.records import WALL, opened, settled
from tests.support.clock import ManualClock
from trigate.core.evidence import Checkpoint
from trigate.core.record import Record
from trigate.evidence.frames import HEADER_SIZE, MAX_PAYLOAD, Header, decode_frames, decode_header, decode_record
from trigate.evidence.segment_file import WINDOW
from trigate.evidence.segments import list_segments, read_chunk
from trigate.evidence.spool import MAX_AGE_NS, MAX_BYTES, Fsync, SpoolWriter

Make = Callable[..., SpoolWriter]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def disk() -> ScriptedDisk:
    return ScriptedDisk()


@pytest.fixture
def make(tmp_path: Path, clock: ManualClock, disk: ScriptedDisk) -> Iterator[Make]:
    writers: list[SpoolWriter] = []

    def build(fsync: Fsync = Fsync.GROUP, slot: int = 0) -> SpoolWriter:
        writers.append(SpoolWriter(tmp_path / "spool", slot, clock, fsync=fsync, disk=disk))
        return writers[-1]

    yield build
    disk.gate.set()
    disk.broken = False
    for writer in writers:
        try:
            writer.close()
        except OSError:
            assert writer.durable == writer.written


def segments(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "spool").glob("*.seg"))


def read(path: Path) -> tuple[Header, list[Record], bool]:
    data = path.read_bytes()
    header = decode_header(data)
    decoded = decode_frames(data[HEADER_SIZE:], header.first_sequence, final=True)
    assert not decoded.gaps
    return header, [decode_record(frame) for frame in decoded.frames], decoded.torn


def within(story: Coroutine[None, None, None]) -> None:
    asyncio.run(asyncio.wait_for(story, 20))


async def begun(disk: ScriptedDisk) -> None:
    """Until the disk has been asked for one more sync."""
    await asyncio.to_thread(disk.begun.acquire)


def test_what_is_appended_stands_in_the_file_at_once(make: Make, tmp_path: Path) -> None:
    spool = make(slot=3)
    assert [spool.append(opened("a")), spool.append(settled("a"))] == [1, 2]
    (path,) = segments(tmp_path)
    assert read(path) == (Header(3, spool.instance, WALL, 1), [opened("a"), settled("a")], False)
    assert (spool.written, spool.durable) == (2, 0)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_the_segment_is_locked_as_long_as_its_writer_lives(make: Make, tmp_path: Path) -> None:
    spool = make()
    (path,) = segments(tmp_path)
    assert is_locked(path)
    spool.close()
    assert not is_locked(path)
    assert list(path.parent.iterdir()) == [path]


def test_a_sync_starts_at_once_and_the_others_share_the_next(make: Make, disk: ScriptedDisk) -> None:
    async def story() -> None:
        spool = make()
        disk.gate.clear()
        async with asyncio.TaskGroup() as tasks:
            first = tasks.create_task(spool.synced(spool.append(opened("a"))))
            await begun(disk)
            others = [tasks.create_task(spool.synced(spool.append(opened(f"b{number}")))) for number in range(50)]
            covered = tasks.create_task(spool.synced(1))
            await asyncio.sleep(0)
            assert not any(task.done() for task in (first, covered, *others))
            disk.gate.set()
        assert len(disk.syncs) == 2
        assert spool.durable == 51
        await spool.synced(17)
        assert len(disk.syncs) == 2

    within(story())


def test_who_is_cancelled_does_not_take_the_others_along(make: Make, disk: ScriptedDisk) -> None:
    async def story() -> None:
        spool = make()
        disk.gate.clear()
        async with asyncio.TaskGroup() as tasks:
            first = tasks.create_task(spool.synced(spool.append(opened("a"))))
            await begun(disk)
            tasks.create_task(spool.synced(1))
            first.cancel()
            await asyncio.sleep(0)
            disk.gate.set()
        assert first.cancelled()

    within(story())


def test_always_syncs_each_append_and_off_none(make: Make, disk: ScriptedDisk) -> None:
    async def story() -> None:
        spool = make(Fsync.ALWAYS)
        for _ in range(3):
            await spool.synced(spool.append(opened("a")))
        assert len(disk.syncs) == 3
        spool.close()
        spool = make(Fsync.OFF)
        disk.syncs.clear()
        await spool.synced(spool.append(opened("a")))
        assert not disk.syncs

    within(story())


@pytest.mark.parametrize("fsync", list(Fsync))
def test_close_syncs_whatever_the_setting(make: Make, disk: ScriptedDisk, fsync: Fsync) -> None:
    spool = make(fsync)
    spool.append(opened("a"))
    disk.syncs.clear()
    spool.close()
    spool.close()
    assert len(disk.syncs) == 1


def test_close_says_so_when_the_rest_could_not_be_synced(make: Make, disk: ScriptedDisk) -> None:
    spool = make()
    spool.append(opened("a"))
    disk.broken = True
    with pytest.raises(OSError, match="Input/output error"):
        spool.close()


@pytest.mark.parametrize("fsync", list(Fsync))
def test_a_segment_ends_with_its_hour(make: Make, clock: ManualClock, tmp_path: Path, fsync: Fsync) -> None:
    spool = make(fsync)
    spool.append(opened("a"))
    clock.monotonic = MAX_AGE_NS - 1
    spool.append(opened("b"))
    clock.monotonic += 1
    clock.wall -= 10**12  # it jumped back: names still sort
    spool.append(opened("c"))
    spool.close()
    old, new = segments(tmp_path)
    assert read(old)[1] == [opened("a"), opened("b")]
    assert read(new) == (Header(0, spool.instance, WALL + 1, 3), [opened("c")], False)


def test_a_segment_ends_when_it_is_full(make: Make, tmp_path: Path) -> None:
    spool = make(Fsync.OFF)
    large = settled("x" * (MAX_PAYLOAD - 1000))
    count = MAX_BYTES // MAX_PAYLOAD + 1
    for _ in range(count):
        spool.append(large)
    old, new = segments(tmp_path)
    spool.close()
    for path in (old, new):
        assert path.stat().st_size == len(path.read_bytes().rstrip(b"\0")) <= MAX_BYTES
    assert len(read(old)[1]) + len(read(new)[1]) == count


def test_a_group_waits_for_the_segment_before_it_too(make: Make, clock: ManualClock, disk: ScriptedDisk) -> None:
    async def story() -> None:
        spool = make()
        spool.append(opened("a"))
        clock.monotonic = MAX_AGE_NS
        await spool.synced(spool.append(opened("b")))
        assert len(set(disk.syncs)) == 2
        assert spool.durable == 2

    within(story())


def test_a_record_that_is_too_large_is_an_error_of_that_record(make: Make) -> None:
    spool = make()
    with pytest.raises(OSError, match="over the limit"):
        spool.append(settled("x" * MAX_PAYLOAD))
    assert spool.append(opened("a")) == 1


def test_a_full_disk_leaves_no_torn_frame_and_is_got_over(make: Make, disk: ScriptedDisk, tmp_path: Path) -> None:
    spool = make()
    large = settled("x" * (WINDOW // 4))
    disk.full = True
    taken = 0
    for _ in range(9):
        try:
            taken = spool.append(large)
        except OSError as error:
            assert error.errno == errno.ENOSPC
    assert taken == 3
    small = spool.append(opened("small"))  # what is reserved can still be used
    disk.full = False
    assert [small, spool.append(large), spool.append(opened("c"))] == [4, 5, 6]
    (path,) = segments(tmp_path)
    assert read(path)[1:] == ([large, large, large, opened("small"), large, opened("c")], False)


def test_a_full_disk_at_rotation_keeps_the_old_segment(
    make: Make, clock: ManualClock, disk: ScriptedDisk, tmp_path: Path
) -> None:
    spool = make()
    clock.monotonic = MAX_AGE_NS
    disk.full = True
    with pytest.raises(OSError, match="No space left"):
        spool.append(opened("a"))
    (old,) = segments(tmp_path)
    assert is_locked(old)
    assert list(old.parent.iterdir()) == [old]
    disk.full = False
    assert spool.append(opened("a")) == 1


def test_a_failed_sync_poisons_the_segment(make: Make, disk: ScriptedDisk, tmp_path: Path) -> None:
    async def story() -> None:
        spool = make()
        await spool.synced(spool.append(opened("kept")))
        disk.gate.clear()
        disk.broken = True
        waiting = [asyncio.create_task(spool.synced(spool.append(opened("a"))))]
        await begun(disk)
        await begun(disk)
        unheard = spool.append(opened("b"))
        waiting.append(asyncio.create_task(spool.synced(spool.append(opened("c")))))
        await asyncio.sleep(0)
        disk.gate.set()
        for ended in await asyncio.gather(*waiting, return_exceptions=True):
            assert isinstance(ended, OSError)
            assert ended.errno == errno.EIO
        disk.broken = False
        fresh = spool.append(opened("d"))
        await spool.synced(fresh)
        await spool.synced(1)
        with pytest.raises(OSError, match="could not be made durable"):
            await spool.synced(unheard)
        old, new = segments(tmp_path)
        assert read(new)[1] == [opened("d")]
        assert not is_locked(old)
        assert disk.syncs.count(old.stat().st_ino) == 2

    within(story())


def test_a_failed_sync_of_a_full_segment_is_told_to_the_next_group(
    make: Make, clock: ManualClock, disk: ScriptedDisk
) -> None:
    async def story() -> None:
        spool = make()
        first = spool.append(opened("a"))
        clock.monotonic = MAX_AGE_NS
        disk.broken = True
        spool.append(opened("b"))
        await begun(disk)
        disk.broken = False
        for _ in range(2):
            with pytest.raises(OSError, match="could not be made durable"):
                await spool.synced(first)
        await spool.synced(spool.append(opened("c")))

    within(story())


def test_always_raises_at_the_append_whose_sync_failed(make: Make, disk: ScriptedDisk, tmp_path: Path) -> None:
    spool = make(Fsync.ALWAYS)
    disk.broken = True
    with pytest.raises(OSError, match="Input/output error"):
        spool.append(opened("a"))
    disk.broken = False
    spool.append(opened("b"))
    assert [read(path)[1] for path in segments(tmp_path)][-1] == [opened("b")]


CHILD = """
import resource, sys
from pathlib import Path
from tests.evidence.records import opened
from trigate.core.clock import SystemClock
from trigate.evidence.spool import SpoolWriter
spool = SpoolWriter(Path(sys.argv[1]), 0, SystemClock())
if sys.argv[2] == "full":
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
number = 0
while True:
    try:
        spool.append(opened(f"x{number}"))
    except OSError as error:
        print("refused", number, flush=True)
        break
    print(number, flush=True)
    number += 1
"""


def child(directory: Path, how: str) -> subprocess.Popen[str]:
    root = Path(__file__).resolve().parents[2]
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(directory), how], cwd=root, stdout=subprocess.PIPE, text=True
    )


def test_kill_9_loses_nothing_that_was_appended(tmp_path: Path) -> None:
    with child(tmp_path / "spool", "kill") as process:
        assert process.stdout is not None
        told = [next(process.stdout) for _ in range(500)]
        process.kill()
        told += process.stdout.readlines()
    (path,) = segments(tmp_path)
    _, records, torn = read(path)
    assert not torn
    assert [record.id for record in records][: len(told)] == [f"x{number.strip()}" for number in told]
    assert len(records) >= len(told) >= 500
    assert not is_locked(path)


def test_who_reads_beside_a_running_writer_sees_each_record_once_and_no_damage(tmp_path: Path) -> None:
    with child(tmp_path / "spool", "kill") as process:
        assert process.stdout is not None
        process.stdout.readline()
        (segment,) = list_segments(tmp_path / "spool")
        checkpoint: Checkpoint | None = None
        seen: list[int] = []
        while len(seen) < 2_000:
            chunk = read_chunk(segment, checkpoint, sealed=False)
            assert not chunk.damages
            checkpoint = chunk.checkpoint
            seen += [frame.sequence for frame in chunk.frames]
            while select.select([process.stdout], [], [], 0)[0]:
                os.read(process.stdout.fileno(), 65_536)
        process.kill()
    assert seen == list(range(1, len(seen) + 1))


def test_a_file_that_may_not_grow_ends_with_a_whole_frame(tmp_path: Path) -> None:
    with child(tmp_path / "spool", "full") as process:
        assert process.stdout is not None
        told = process.stdout.read().split("\n")
    (path,) = segments(tmp_path)
    _, records, torn = read(path)
    assert told[-2] == f"refused {len(records)}"
    assert len(records) > 500
    assert not torn
