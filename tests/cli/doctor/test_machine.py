"""The machine's clock, disk and limits."""

import os
import resource
from pathlib import Path

import pytest

from trigate.cli.doctor import machine
from trigate.cli.doctor.findings import Grade
from trigate.core.clock import SystemClock


class SteppedClock:
    """Its wall clock is set by so much between two readings."""

    def __init__(self, step_ns: int) -> None:
        self._clock = SystemClock()
        self._step_ns = step_ns
        self._steps = 0

    def monotonic_ns(self) -> int:
        return self._clock.monotonic_ns()

    def wall_ns(self) -> int:
        self._steps += 1
        return self._clock.wall_ns() + self._steps * self._step_ns


def test_a_good_clock() -> None:
    (found,) = machine.clock(SystemClock(), [Path(__file__)])
    assert found.grade is Grade.OK


def test_a_clock_behind_the_files(tmp_path: Path) -> None:
    path = tmp_path / "later"
    path.touch()
    later = SystemClock().wall_ns() + 3600 * machine.SECOND
    os.utime(path, ns=(later, later))
    (found,) = machine.clock(SystemClock(), [path, tmp_path / "gone"])
    assert found.grade is Grade.FAIL
    assert "NTP" in found.remedy


@pytest.mark.parametrize("step_ms", [-100, 100])
def test_a_clock_that_is_stepped(step_ms: int) -> None:
    (found,) = machine.clock(SteppedClock(step_ms * 1_000_000), [])
    assert found.grade is Grade.WARN


def test_a_good_disk(tmp_path: Path) -> None:
    found = list(machine.disk(tmp_path / "not" / "yet", 1, SystemClock()))
    assert [each.check for each in found] == ["state", "space", "fsync"]
    assert {each.grade for each in found} <= {Grade.OK, Grade.WARN}
    assert "can be made" in found[0].message
    assert not list(tmp_path.iterdir())


def test_a_full_disk(tmp_path: Path) -> None:
    found = {each.check: each for each in machine.disk(tmp_path, 1 << 60, SystemClock())}
    assert found["space"].grade is Grade.FAIL
    assert "min_free" in found["space"].message


def test_a_disk_that_is_nearly_full(tmp_path: Path) -> None:
    status = os.statvfs(tmp_path)
    found = {
        each.check: each for each in machine.disk(tmp_path, status.f_bavail * status.f_frsize * 3 // 4, SystemClock())
    }
    assert found["space"].grade is Grade.WARN


def test_a_file_in_the_place_of_the_state_directory(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    (found,) = machine.disk(path, 1, SystemClock())
    assert found.grade is Grade.FAIL


def test_the_file_system_of_a_folder(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"root / ext4 rw 0 0\nserver:/x {tmp_path} nfs4 rw 0 0\nodd\n")
    assert machine.filesystem(tmp_path / "state", mounts) == "nfs4"
    assert machine.filesystem(Path("/"), mounts) == "ext4"
    assert machine.filesystem(Path("/"), tmp_path / "none") == ""


def test_the_limit_of_open_files(monkeypatch: pytest.MonkeyPatch) -> None:
    grades = {}
    for most in (512, 4096, 65_536, resource.RLIM_INFINITY):
        monkeypatch.setattr(resource, "getrlimit", lambda _, most=most: (256, most))
        (grades[most],) = (found.grade for found in machine.descriptors())
    assert list(grades.values()) == [Grade.FAIL, Grade.WARN, Grade.OK, Grade.OK]
