"""A report as people see it."""

import io
from pathlib import Path

import msgspec
import pytest

from tests.cli.status.gateways import SECOND, ManualClock, leave, worker
from trigate.cli.console import rich_console
from trigate.cli.status.report import Health, report
from trigate.cli.status.view import show, uptime
from trigate.control.status import ProcessStatus
from trigate.core.processes import ChildKind, ChildState


def test_everything_is_on_one_screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leave(tmp_path, worker())
    monkeypatch.setattr("trigate.cli.status.report.lives", lambda row: True)
    found = msgspec.structs.replace(report(tmp_path, ManualClock()), problems=("the \x1b[2J disk",))
    stream = io.StringIO()
    show(found, rich_console(stream), ManualClock().wall_ns())
    lines = stream.getvalue().splitlines()
    (row,) = [line.split() for line in lines if line.startswith("worker-0")]
    assert row[2:6] == ["ready", "1m", "5s", "0"]
    assert row[-4:] == ["7", "0", "0.0", "50"]
    assert any("\\x1b[2J" in line for line in lines)
    assert any("all closed" in line for line in lines)
    assert "\x1b" not in stream.getvalue()


def test_a_gateway_that_does_not_run_is_one_line_and_its_reason(tmp_path: Path) -> None:
    found = report(tmp_path, ManualClock())
    assert found.health is Health.NOT_RUNNING
    stream = io.StringIO()
    show(found, rich_console(stream), 0)
    assert len(stream.getvalue().splitlines()) == 2


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0s"), (59, "59s"), (65, "1m 5s"), (3600, "1h"), (90_000, "1d 1h"), (-5, "0s")],
)
def test_uptime_in_its_two_largest_units(seconds: int, shown: str) -> None:
    process = ProcessStatus("a", ChildKind.WORKER, ChildState.READY, 1, "1970-01-01T00:00:00Z", 0)
    assert uptime(process, seconds * SECOND) == shown
    assert uptime(msgspec.structs.replace(process, pid=0), SECOND) == "-"
