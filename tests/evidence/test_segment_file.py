"""The mapped file: what was written stands in it at once, what is reserved is zeros, a full disk is an OSError."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.evidence.locks import is_locked
from trigate.evidence.segment_file import WINDOW, SegmentFile, SystemDisk

HEADER = b"header"


class SmallDisk(SystemDisk):
    """A disk on which a file has so many bytes of room."""

    def __init__(self, room: int) -> None:
        self.room = room

    def reserve(self, descriptor: int, offset: int, length: int, /) -> None:
        """As `os.posix_fallocate`."""
        if offset + length > self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        os.posix_fallocate(descriptor, offset, length)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file"


@pytest.fixture
def file(path: Path) -> Iterator[SegmentFile]:
    file = SegmentFile(path, SystemDisk(), 0, HEADER)
    yield file
    file.close()


def test_what_was_written_is_read_at_once_and_zeros_follow(file: SegmentFile, path: Path) -> None:
    file.write(b"head", b"rest")
    written = HEADER + b"headrest"
    assert file.size == len(written)
    assert path.read_bytes() == written.ljust(WINDOW, b"\0")
    file.sync()


def test_closing_cuts_off_the_reserve_and_frees_the_lock(path: Path) -> None:
    file = SegmentFile(path, SystemDisk(), 0, HEADER)
    file.write(b"head", b"rest")
    assert is_locked(path)
    file.close()
    assert path.read_bytes() == HEADER + b"headrest"
    assert not is_locked(path)


@given(st.lists(st.one_of(st.integers(1, 300), st.integers(WINDOW - 300, 3 * WINDOW)), max_size=8))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pieces_of_any_size_follow_each_other_without_a_gap(path: Path, sizes: list[int]) -> None:
    path.unlink(missing_ok=True)
    file = SegmentFile(path, SystemDisk(), 0, HEADER)
    written = HEADER
    for number, size in enumerate(sizes, 1):
        file.write(b"headhead", bytes([number]) * size)
        written += b"headhead" + bytes([number]) * size
    live = path.read_bytes()
    file.close()
    assert live[: len(written)] == written
    assert not any(live[len(written) :])
    assert len(live) < len(written) + 2 * WINDOW
    assert path.read_bytes() == written


def test_a_full_disk_changes_nothing_and_may_get_room_again(path: Path) -> None:
    disk = SmallDisk(WINDOW)
    file = SegmentFile(path, disk, 0, HEADER)
    before = path.read_bytes()
    with pytest.raises(OSError, match="No space left"):
        file.write(b"head", b"x" * WINDOW)
    assert path.read_bytes() == before
    file.write(b"head", b"small")
    disk.room = 3 * WINDOW
    file.write(b"head", b"x" * WINDOW)
    file.close()
    assert path.read_bytes() == HEADER + b"headsmall" + b"head" + b"x" * WINDOW


def test_no_file_is_left_behind_that_could_not_be_begun(path: Path) -> None:
    with pytest.raises(OSError, match="No space left"):
        SegmentFile(path, SmallDisk(0), 0, HEADER)
    assert not path.exists()


def test_a_file_that_is_there_is_not_touched(path: Path) -> None:
    path.write_bytes(b"precious")
    with pytest.raises(FileExistsError):
        SegmentFile(path, SystemDisk(), 0, HEADER)
    assert path.read_bytes() == b"precious"
