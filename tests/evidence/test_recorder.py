"""The recorder, on a real spool and a real table: everything is counted, once, whoever is killed when."""

import random
import signal
import struct
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.evidence.records import SECOND, WALL, failed, mark, opened, settled
from tests.support.clock import ManualClock
from trigate.core.clock import SystemClock
from trigate.core.evidence import Batch
from trigate.evidence.frames import MAX_PAYLOAD
from trigate.evidence.recorder import EXPIRE_ROWS, KEEP_ROWS_NS, SWEEP_NS, Recorder, run
from trigate.evidence.segments import list_segments
from trigate.evidence.spool import MAX_AGE_NS, Fsync, SpoolWriter
from trigate.stores.usage_reader import UsageReader
from trigate.stores.usage_sqlite import UsageTable

ROOT = Path(__file__).resolve().parents[2]


class Bench:
    """A spool directory, its table and a clock; recorders and writers come and go."""

    def __init__(self, directory: Path) -> None:
        self.spool = directory / "spool"
        self.path = directory / "usage.sqlite3"
        self.clock = ManualClock()
        self.reader = UsageReader(self.path)
        self._writers: list[SpoolWriter] = []
        self._tables: list[UsageTable] = []

    def writer(self, slot: int = 0) -> SpoolWriter:
        self._writers.append(SpoolWriter(self.spool, slot, self.clock, fsync=Fsync.OFF))
        return self._writers[-1]

    def recorder(self, keep_segments_s: float = 3600) -> Recorder:
        self._tables.append(UsageTable(self.path))
        return Recorder(self.spool, self._tables[-1], self.clock, keep_segments_s=keep_segments_s)

    def record(self, keep_segments_s: float = 3600) -> None:
        """A recorder that is started, catches up and ends."""
        recorder = self.recorder(keep_segments_s)
        while recorder.step():
            pass

    def counted(self) -> dict[str, int]:
        """Exchanges by outcome."""
        counts: dict[str, int] = {}
        for series in self.reader.totals().series:
            counts[series.outcome] = counts.get(series.outcome, 0) + series.count
        return counts

    def close(self) -> None:
        for writer in self._writers:
            writer.close()
        for table in self._tables:
            table.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.close()


def test_settled_exchanges_stand_in_the_table(bench: Bench) -> None:
    writer = bench.writer()
    writer.append(opened("a"))
    writer.append(settled("a"))
    writer.append(settled("b", ended="refused"))
    bench.record()
    assert bench.reader.find("a", "acme", "support") == settled("a")
    assert [settle.id for settle in bench.reader.recent(10)] == ["b", "a"]
    assert bench.counted() == {"ok": 1, "refused": 1}
    assert bench.reader.totals().unsettled == 0


def test_an_open_exchange_outlives_its_recorder_and_is_settled_by_the_next(bench: Bench) -> None:
    writer = bench.writer()
    writer.append(opened("a"))
    bench.record()
    assert bench.reader.totals().unsettled == 1
    writer.append(failed("a"))
    writer.append(opened("a", attempt=2))
    writer.append(mark("a", at=5, output=10, cost=5))
    bench.record()
    assert bench.reader.totals().unsettled == 1
    writer.append(settled("a"))
    bench.record()
    assert bench.counted() == {"ok": 1}
    assert bench.reader.totals().unsettled == 0


def test_what_a_dead_worker_left_is_settled_once(bench: Bench) -> None:
    writer, other = bench.writer(0), bench.writer(1)
    writer.append(opened("a", reserved=500))
    writer.append(opened("b", reserved=9_000, price_output=1_000_000))
    writer.append(mark("b", at=10, output=100, cost=100))
    writer.append(opened("c", reserved=70))
    writer.append(settled("c"))
    other.append(opened("d"))
    bench.record()
    assert bench.counted() == {"ok": 1}
    writer.close()
    for _ in range(3):
        bench.record()
    assert bench.counted() == {"ok": 1, "orphaned": 2}
    totals = bench.reader.totals()
    assert totals.unsettled == 1
    assert sum(series.cost for series in totals.series if series.outcome == "orphaned") == 500 + 200
    orphan = bench.reader.find("b", "acme", "support")
    assert orphan is not None
    assert (orphan.outcome, orphan.code) == ("orphaned", "worker_lost")


def test_an_exchange_may_begin_in_one_segment_and_end_in_another(bench: Bench) -> None:
    writer = bench.writer()
    writer.append(opened("a"))
    bench.record()
    bench.clock.monotonic += MAX_AGE_NS
    writer.append(settled("a"))
    writer.close()
    bench.record()
    assert bench.counted() == {"ok": 1}


def test_segments_are_deleted_when_they_were_kept_long_enough(bench: Bench) -> None:
    writer = bench.writer()
    writer.append(settled("a"))
    bench.clock.monotonic += MAX_AGE_NS
    writer.append(settled("b"))
    recorder = bench.recorder(keep_segments_s=100)
    while recorder.step():
        pass
    assert len(list_segments(bench.spool)) == 2
    bench.clock.wall += 100 * SECOND
    bench.clock.monotonic += SWEEP_NS
    recorder.step()
    (left,) = list_segments(bench.spool)
    assert set(bench.reader.checkpoints()) == {left.name}
    bench.record()
    assert bench.counted() == {"ok": 2}


def test_checkpoints_of_segments_that_somebody_deleted_are_forgotten(bench: Bench) -> None:
    writer = bench.writer()
    writer.append(opened("a"))
    bench.record()
    writer.close()
    for segment in list_segments(bench.spool):
        segment.path.unlink()
    bench.record()
    assert bench.reader.checkpoints() == {}
    assert bench.counted() == {"orphaned": 1}


def test_old_exchanges_are_deleted_a_few_at_a_time(bench: Bench) -> None:
    writer = bench.writer()
    for number in range(EXPIRE_ROWS + 5):
        writer.append(settled(f"x{number}", at=0))
    bench.record()
    writer.append(settled("new", at=1_000))
    bench.clock.wall = WALL + KEEP_ROWS_NS + SECOND
    recorder = bench.recorder()
    left = []
    for _ in range(3):
        recorder.step()
        left.append(len(bench.reader.recent(5_000)))
    assert left == [6, 1, 1]
    assert bench.counted() == {"ok": EXPIRE_ROWS + 6}


def test_damage_is_counted_and_what_it_hid_costs_the_reservation(bench: Bench) -> None:
    writer = bench.writer()
    for name in ("a", "b"):
        writer.append(opened(name, reserved=800))
        writer.append(settled(name))
    writer.close()
    (segment,) = list_segments(bench.spool)
    data = bytearray(segment.path.read_bytes())
    data[data.index(b'"id":"a"', data.index(b'"type":"settle"'))] ^= 1
    segment.path.write_bytes(data)
    bench.record()
    assert bench.counted() == {"ok": 1, "orphaned": 1}
    assert bench.reader.totals().damages == 1
    assert bench.reader.damages(5)[0].segment == segment.name


def test_records_of_another_version_are_counted_and_passed_over(bench: Bench) -> None:
    writer = bench.writer()
    writer.append(settled("a"))
    (segment,) = list_segments(bench.spool)
    payload, version, sequence = b'{"type":"novel","id":"b"}', 2, 2
    crc = zlib.crc32(struct.pack(">BQ", version, sequence) + payload, len(payload))
    writer.close()
    with segment.path.open("ab") as file:
        file.write(struct.pack(">IIBQ", len(payload), crc, version, sequence) + payload)
    bench.record()
    assert bench.counted() == {"ok": 1}
    assert bench.reader.totals().unknown == 1
    assert bench.reader.totals().damages == 0


def test_a_segment_of_another_format_is_left_alone_and_said_once(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    writer = bench.writer()
    writer.append(settled("a"))
    header = struct.pack(">8sHHQQQ", b"TRIGATES", 2, 0, 1, WALL, 1)
    (bench.spool / f"{WALL - 1:019d}-000-{1:016x}.seg").write_bytes(header + zlib.crc32(header).to_bytes(4, "big"))
    recorder = bench.recorder(keep_segments_s=0)
    while recorder.step():
        pass
    assert bench.counted() == {"ok": 1}
    assert len(list_segments(bench.spool)) == 2
    assert caplog.text.count("is left alone") == 1


def test_a_backlog_larger_than_a_chunk_is_read_in_steps(bench: Bench) -> None:
    writer = bench.writer()
    for number in range(5):
        writer.append(settled(str(number).ljust(MAX_PAYLOAD - 1000, "x")))
    recorder = bench.recorder()
    assert recorder.step()
    assert bench.counted() == {"ok": 2}
    while recorder.step():
        pass
    assert bench.counted() == {"ok": 5}


class BrokenTable(UsageTable):
    """A table whose disk is full for a while."""

    failures = 2

    def commit(self, batch: Batch) -> None:
        if self.failures:
            self.failures -= 1
            raise OSError("database or disk is full")
        super().commit(batch)


class CountedStop:
    """Ends the recorder after so many pauses, without any waiting."""

    def __init__(self, pauses: int) -> None:
        self.left = pauses

    def is_set(self) -> bool:
        return self.left <= 0

    def wait(self, timeout: float) -> bool:
        self.left -= 1
        return self.is_set()


def test_a_table_that_fails_is_waited_for_and_nothing_is_lost(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    writer = bench.writer()
    writer.append(settled("a"))
    table = BrokenTable(bench.path)
    run(bench.spool, table, bench.clock, keep_segments_s=60, stop=CountedStop(3))
    table.close()
    assert bench.counted() == {"ok": 1}
    assert caplog.text.count("nothing is lost: database or disk is full") == 2


def test_what_is_there_when_it_is_stopped_is_recorded_still(bench: Bench) -> None:
    writer = bench.writer()
    for number in range(5):
        writer.append(settled(str(number).ljust(MAX_PAYLOAD - 1000, "x")))
    table = UsageTable(bench.path)
    run(bench.spool, table, bench.clock, keep_segments_s=60, stop=CountedStop(0))
    table.close()
    assert bench.counted() == {"ok": 5}


WRITER = """
import itertools, sys, time
from pathlib import Path
import msgspec
from tests.evidence.records import opened, settled
from trigate.core.clock import SystemClock
from trigate.evidence.spool import SpoolWriter
spool = SpoolWriter(Path(sys.argv[1]), 0, SystemClock())
print("begun", flush=True)
for number in itertools.count():
    name = f"{sys.argv[2]}-{number}"
    now = time.time_ns()
    spool.append(msgspec.structs.replace(opened(name, reserved=7), at_ns=now))
    if number % 10:
        spool.append(msgspec.structs.replace(settled(name, cost=3), at_ns=now))
    time.sleep(0.0002)
"""
RECORDER = """
import sys, threading
from pathlib import Path
from trigate.core.clock import SystemClock
from trigate.evidence.recorder import run
from trigate.stores.usage_sqlite import UsageTable
print("begun", flush=True)
run(Path(sys.argv[1]), UsageTable(Path(sys.argv[2])), SystemClock(), keep_segments_s=60, stop=threading.Event())
"""


def start(program: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", program, *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    return process


def kill(process: subprocess.Popen[str]) -> None:
    with process:
        process.send_signal(signal.SIGKILL)


def test_kill_9_of_workers_and_recorders_at_random_moments_counts_everything_once(bench: Bench) -> None:
    chance = random.Random(seed := random.randrange(10**6))
    print("seed", seed)
    for round_ in range(3):
        writers = [start(WRITER, str(bench.spool), f"{round_}-{number}") for number in range(2)]
        for _ in range(3):
            recorder = start(RECORDER, str(bench.spool), str(bench.path))
            time.sleep(chance.uniform(0, 0.3))
            kill(recorder)
        for writer in writers:
            kill(writer)
    bench.record()
    totals = bench.reader.totals()
    written = [settle.id for settle in bench.reader.recent(100_000)]
    by_outcome = bench.counted()
    assert len(written) == len(set(written)) == sum(by_outcome.values())
    assert totals.unsettled == totals.duplicates == totals.damages == totals.unknown == 0
    for name in ("0-0", "2-1"):
        numbers = sorted(int(one.rpartition("-")[2]) for one in written if one.startswith(name))
        assert numbers == list(range(len(numbers)))
        assert len(numbers) > 100
    costs = {series.outcome: series.cost for series in totals.series}
    assert costs["ok"] == 3 * by_outcome["ok"]
    assert costs["orphaned"] == 7 * by_outcome["orphaned"]
    assert by_outcome["orphaned"] >= sum(by_outcome.values()) // 10


def test_a_frozen_recorder_holds_up_no_writer(bench: Bench) -> None:
    recorder = start(RECORDER, str(bench.spool), str(bench.path))
    writer = SpoolWriter(bench.spool, 0, bench.clock, fsync=Fsync.OFF)
    try:
        recorder.send_signal(signal.SIGSTOP)
        for number in range(20):
            bench.clock.monotonic += MAX_AGE_NS
            writer.append(settled(f"x{number}"))
        assert len(list_segments(bench.spool)) == 21
        recorder.send_signal(signal.SIGCONT)
        deadline = time.monotonic() + 20
        while sum(bench.counted().values()) < 20 and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        kill(recorder)
        writer.close()
    assert bench.counted() == {"ok": 20}


def test_the_process_ends_when_it_is_asked_to(bench: Bench) -> None:
    stop = threading.Event()

    def record() -> None:
        table = UsageTable(bench.path)
        run(bench.spool, table, SystemClock(), keep_segments_s=60, stop=stop)
        table.close()

    thread = threading.Thread(target=record)
    thread.start()
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
