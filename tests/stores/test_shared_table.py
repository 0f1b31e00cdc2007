"""The shared table: what one process writes, another reads, whatever becomes of the writer."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.waiting import wait_for
from trigate.core.processes import ChildKind, ChildRow, ChildState, Gauge, worker_page
from trigate.stores.shared_table import MAX_WORKERS, SharedTable, SharedTableError


def row(name: str, pid: int = 7) -> ChildRow:
    return ChildRow(name, ChildKind.WORKER, ChildState.READY, pid, 0, 1_700_000_000, 3, -9)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "table"


@pytest.fixture
def table(path: Path) -> Iterator[SharedTable]:
    with SharedTable.create(path) as made:
        yield made


def test_gauges_are_seen_through_another_mapping(table: SharedTable, path: Path) -> None:
    page = table.claim(worker_page(2, 1), pid=11, wall_ns=5, now_ns=6)
    page.set(Gauge.RSS_BYTES, 123_456_789_012)
    page.add(Gauge.IN_FLIGHT, 3)
    page.add(Gauge.IN_FLIGHT, -4)
    with SharedTable.open(path, writable=False) as other:
        gauges = other.gauges(worker_page(2, 1), 11)
        assert gauges is not None
        assert gauges[Gauge.RSS_BYTES] == 123_456_789_012
        assert gauges[Gauge.IN_FLIGHT] == -1
        assert gauges[Gauge.STARTED_NS] == 5
        assert other.beat_ns(worker_page(2, 1), 11) == 6


@pytest.mark.parametrize("revision", ["0123456789abcdef", "ffffffffffffffff", "8000000000000000", "0000000000000001"])
def test_a_revision_is_shown_whole(table: SharedTable, revision: str) -> None:
    page = table.claim(0, pid=11, wall_ns=5, now_ns=6)
    assert shown_revision(table) == ""
    page.set_revision(revision)
    assert shown_revision(table) == revision


def shown_revision(table: SharedTable) -> str:
    gauges = table.gauges(0, 11)
    assert gauges is not None
    return gauges.revision


def test_a_page_is_read_for_its_owner_only(table: SharedTable) -> None:
    assert table.gauges(0, 11) is None
    assert table.beat_ns(0, 11) == 0
    table.claim(0, pid=11, wall_ns=1, now_ns=2).set(Gauge.EXCHANGES, 9)
    table.claim(0, pid=12, wall_ns=1, now_ns=3)
    assert table.gauges(0, 11) is None
    gauges = table.gauges(0, 12)
    assert gauges is not None
    assert gauges[Gauge.EXCHANGES] == 0


@pytest.mark.parametrize("page", [-1, 2 * MAX_WORKERS])
def test_there_are_no_other_pages(table: SharedTable, page: int) -> None:
    with pytest.raises(SharedTableError, match="at most"):
        table.claim(page, pid=1, wall_ns=1, now_ns=1)


def test_pages_do_not_overlap_each_other_or_the_rows(table: SharedTable) -> None:
    rows = [row(f"worker-{slot}") for slot in range(MAX_WORKERS)] * 2
    table.show(rows, 1)
    table.show(rows, 2)
    for page in range(2 * MAX_WORKERS):
        claimed = table.claim(page, pid=page + 1, wall_ns=1, now_ns=1)
        for gauge in Gauge:
            if gauge is not Gauge.PID:
                claimed.set(gauge, page)
    for page in range(2 * MAX_WORKERS):
        gauges = table.gauges(page, page + 1)
        assert gauges is not None
        assert set(gauges.values[1:]) == {page}
    assert list(table.rows()) == rows


def test_rows_are_replaced_whole(table: SharedTable) -> None:
    assert table.rows() == ()
    assert table.supervisor_beat_ns == 0
    table.show([row("worker-0"), row("worker-1")], 5)
    table.show([row("recorder")], 6)
    assert table.rows() == (row("recorder"),)
    assert table.supervisor_beat_ns == 6
    table.show([], 7)
    assert table.rows() == ()


def test_rows_that_do_not_fit_are_refused_and_the_old_ones_stay(table: SharedTable) -> None:
    table.show([row("worker-0")], 5)
    with pytest.raises(SharedTableError, match="do not fit"):
        table.show([row("x" * 1000)] * 1000, 6)
    assert table.rows() == (row("worker-0"),)


WRITER = """
import sys
from pathlib import Path
from trigate.core.processes import ChildKind, ChildRow, ChildState
from trigate.stores.shared_table import SharedTable

table = SharedTable.open(Path(sys.argv[1]))
number = 0
while True:
    number += 1
    same = ChildRow(str(number), ChildKind.WORKER, ChildState.READY, number, number, number, number, number)
    table.show([same] * (1 + number % 40), number)
"""


def test_rows_are_never_torn_and_a_frozen_writer_blocks_nobody(table: SharedTable, path: Path) -> None:
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)])
    try:
        wait_for(table.rows, "the writer")
        for _ in range(100):
            for _ in range(50):
                consistent(table.rows())
            # Frozen at whatever instruction it is at; a reader that had to wait for it would wait for ever.
            os.kill(writer.pid, signal.SIGSTOP)
            consistent(table.rows())
            os.kill(writer.pid, signal.SIGCONT)
    finally:
        writer.kill()
        writer.wait()


def consistent(rows: tuple[ChildRow, ...]) -> None:
    number = rows[0].pid
    assert set(rows) == {ChildRow(str(number), ChildKind.WORKER, ChildState.READY, *[number] * 5)}
    assert len(rows) == 1 + number % 40


def test_a_fresh_table_leaves_an_older_gateway_its_own(table: SharedTable, path: Path) -> None:
    page = table.claim(0, pid=11, wall_ns=1, now_ns=2)
    with SharedTable.create(path) as fresh:
        page.set(Gauge.EXCHANGES, 5)
        assert fresh.gauges(0, 11) is None
        assert table.gauges(0, 11) is not None


def test_an_upgraded_supervisor_goes_on_with_the_table_that_is_there(table: SharedTable, path: Path) -> None:
    table.claim(0, pid=11, wall_ns=1, now_ns=2)
    with SharedTable.resume(path) as resumed:
        assert resumed.beat_ns(0, 11) == 2


def test_an_upgraded_supervisor_replaces_a_table_of_another_format(path: Path) -> None:
    path.write_bytes(b"something else")
    with SharedTable.resume(path) as resumed:
        assert resumed.rows() == ()


def test_only_the_owner_may_read_it(table: SharedTable, path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["table"]


def test_a_reader_cannot_write(table: SharedTable, path: Path) -> None:
    with SharedTable.open(path, writable=False) as reader, pytest.raises(TypeError, match="read-only"):
        reader.show([], 1)


@pytest.mark.parametrize(
    ("position", "data", "words"),
    [
        (0, b"X", "no shared table"),
        (8, b"\x09", "has format 9"),
        (16, b"\x01", "its header says otherwise"),
    ],
)
def test_a_foreign_file_is_refused(table: SharedTable, path: Path, position: int, data: bytes, words: str) -> None:
    content = bytearray(path.read_bytes())
    content[position : position + len(data)] = data
    path.write_bytes(content)
    with pytest.raises(SharedTableError, match=words):
        SharedTable.open(path)


@pytest.mark.parametrize("content", [b"", b"TRIGATE\x00"])
def test_a_file_too_short_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(SharedTableError, match="no shared table"):
        SharedTable.open(path)
