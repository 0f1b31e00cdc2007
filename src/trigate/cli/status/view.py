"""A report for people: the processes in a table, the rest in lines."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from trigate.cli.console import escaped
from trigate.cli.status.report import Health, Report
from trigate.control.status import ProcessStatus, Status
from trigate.core.processes import ChildState

MEBI: Final = 1024 * 1024
STYLES: Final = {Health.HEALTHY: "green", Health.DEGRADED: "yellow", Health.NOT_RUNNING: "red"}


def show(report: Report, console: Console, wall_ns: int) -> None:
    """Print all of it. `wall_ns` is now."""
    style = STYLES[report.health]
    console.print(
        Text.assemble(("●", style), " ", report.health.replace("_", " "), f"  {report.state}"), soft_wrap=True
    )
    for problem in report.problems:
        console.print(Text.assemble(("  ! ", style), escaped(problem)), soft_wrap=True)
    if report.status is None:
        return
    console.print(_processes(report.status, wall_ns))
    for name, text in _lines(report, report.status):
        console.print(Text(f"{name:<14}{escaped(text)}"), soft_wrap=True)


def _processes(status: Status, wall_ns: int) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("process", "pid", "state", "up", "restarts"):
        table.add_column(title, no_wrap=True)
    table.add_column("revision", no_wrap=True)
    for title in ("in flight", "connections", "lag ms", "MiB"):
        table.add_column(title, justify="right", no_wrap=True)
    for process in status.processes:
        ready = process.state is ChildState.READY
        table.add_row(*_row(process, wall_ns), style="" if ready else "yellow")
    return table


def _row(process: ProcessStatus, wall_ns: int) -> Iterator[str]:
    yield process.name
    yield str(process.pid or "-")
    yield process.state
    yield uptime(process, wall_ns)
    yield str(process.restarts)
    worker = process.worker
    if worker is None:
        yield from ("-",) * 5
        return
    yield worker.revision[:8] or "-"
    yield str(worker.in_flight)
    yield str(worker.connections)
    yield f"{worker.loop_lag_ms:.1f}"
    yield f"{worker.rss_bytes / MEBI:.0f}"


def _lines(report: Report, status: Status) -> Iterator[tuple[str, str]]:
    yield "configuration", f"revision {report.published or 'none'} is published"
    if status.config.restart_needed_for:
        yield "", f"restart to bring into force: {', '.join(status.config.restart_needed_for)}"
    if status.config.failed_at:
        yield "", f"last failed reload at {status.config.failed_at}"
    breakers = [f"{row.provider}/{row.model} {row.state} ({row.worker})" for row in status.breakers]
    yield "breakers", ", ".join(breakers) or "all closed"
    spool = status.spool
    size = f"{spool.segments} segments, {spool.bytes / MEBI:.1f} MiB"
    yield "spool", f"{size}, {spool.unread_bytes} bytes unread, lag {spool.lag_seconds:.1f} s"
    if spool.damages:
        yield "", f"{len(spool.damages)} damaged places, last in {spool.damages[0].segment}"


def uptime(process: ProcessStatus, wall_ns: int) -> str:
    """`2d 3h`, `4m 5s`: the two largest units; `-` for what does not run."""
    if not process.pid or process.started_at is None:
        return "-"
    seconds = max(0, wall_ns // 10**9 - int(datetime.fromisoformat(process.started_at).timestamp()))
    parts = [(seconds // 86400, "d"), (seconds // 3600 % 24, "h"), (seconds // 60 % 60, "m"), (seconds % 60, "s")]
    shown = [(number, unit) for number, unit in parts if number][:2] or [(0, "s")]
    return " ".join(f"{number}{unit}" for number, unit in shown)
