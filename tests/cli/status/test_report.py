"""What a state directory says, and what of it is a problem."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.cli.status.gateways import SECOND, ManualClock, leave, worker
from tests.support.waiting import wait_for
from trigate.cli.status.report import Health, Report, lives, report
from trigate.control.reload import ReloadState
from trigate.core.processes import BreakerRow, ChildState
from trigate.stores.breaker_board import BreakerBoard


@pytest.fixture(scope="module")
def pid() -> Iterator[int]:
    """A process that looks like one of a gateway."""
    process = subprocess.Popen([sys.executable, "-c", "input()", "trigate"], stdin=subprocess.PIPE)
    wait_for(lambda: lives(worker(process.pid)), "the process to have its arguments")
    yield process.pid
    process.communicate(b"\n")


def look(folder: Path) -> Report:
    return report(folder, ManualClock())


def test_all_is_well(tmp_path: Path, pid: int) -> None:
    leave(tmp_path, worker(pid))
    found = look(tmp_path)
    assert (found.health, found.problems) == (Health.HEALTHY, ())
    assert found.status is not None
    assert found.status.processes[0].worker is not None


def test_nothing_has_run(tmp_path: Path) -> None:
    assert look(tmp_path).health is Health.NOT_RUNNING


def test_rows_of_processes_that_are_gone_are_no_gateway(tmp_path: Path) -> None:
    leave(tmp_path, worker(2**22 + 1))
    found = look(tmp_path)
    assert (found.health, found.status) == (Health.NOT_RUNNING, None)


def test_a_pid_that_was_given_to_another_program_is_no_gateway(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        assert not lives(worker(other.pid))
        other.kill()


@pytest.mark.parametrize(
    ("state", "beat_s", "supervisor_s", "says"),
    [
        (ChildState.READY, 10, 4, "the supervisor has been silent for 6 s"),
        (ChildState.READY, 3, 10, "worker-0 hangs: its event loop last turned 7 s ago"),
        (ChildState.STARTING, 10, 10, "worker-0 is still starting"),
        (ChildState.WAITING, 10, 10, "worker-0 has ended with status -9"),
        (ChildState.STARTING, 10, 10, "no worker takes calls"),
    ],
)
def test_trouble_with_a_process(
    tmp_path: Path, pid: int, state: ChildState, beat_s: int, supervisor_s: int, says: str
) -> None:
    row = worker(pid, state, -9)
    leave(tmp_path, row, beat_ns=beat_s * SECOND, supervisor_ns=supervisor_s * SECOND)
    found = look(tmp_path)
    assert found.health is Health.DEGRADED
    assert any(says in problem for problem in found.problems), found.problems


def test_an_open_breaker(tmp_path: Path, pid: int) -> None:
    layout = leave(tmp_path, worker(pid))
    BreakerBoard(layout.breakers).show(0, (BreakerRow("worker-0", "main", "gpt-4.1", "open"),))
    assert "breaker open for main/gpt-4.1" in look(tmp_path).problems[0]


def test_a_failed_reload(tmp_path: Path, pid: int) -> None:
    layout = leave(tmp_path, worker(pid))
    layout.reload.write_bytes(msgspec.json.encode(ReloadState(failure="it has 2 errors", failed_ns=SECOND)))
    assert "the last reload failed: it has 2 errors" in look(tmp_path).problems[0]


def test_what_control_left_half_written_counts_as_nothing(tmp_path: Path, pid: int) -> None:
    leave(tmp_path, worker(pid)).reload.write_bytes(b'{"revi')
    assert look(tmp_path).health is Health.HEALTHY
