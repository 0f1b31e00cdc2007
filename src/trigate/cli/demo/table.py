"""What became of each call, as a table: one row per record of the usage table."""

from collections.abc import Mapping, Sequence
from typing import Final

from rich import box
from rich.table import Table
from rich.text import Text

from trigate.cli.console import escaped
from trigate.core.money import format_nanos
from trigate.core.record import Settle

YOURS: Final = "yours"


def table(settled: Sequence[Settle], titles: Mapping[str, str]) -> Table:
    """Oldest first. `titles` names the sample calls by their exchange's id."""
    shown = Table(title="What happened", title_justify="left", padding=(0, 1), box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("call", "model asked", "target"):
        shown.add_column(column, overflow="fold")
    for column in ("in/out", "cost USD", "added ms"):
        shown.add_column(column, justify="right", no_wrap=True)
    shown.add_column("outcome and decisions", overflow="fold")
    for record in settled:
        shown.add_row(*row(record, titles.get(record.id, YOURS)))
    return shown


def row(record: Settle, title: str) -> tuple[str | Text, ...]:
    """The cells of one exchange."""
    usage, paid, target = record.usage, record.charge, record.target
    return (
        title,
        escaped(record.model or "-"),
        escaped(f"{target.provider}/{target.model}") if target else "-",
        f"{usage.total_input}/{usage.total_output}" if usage and target else "-",
        format_nanos(paid.total) if paid and target else "-",
        f"{added_ms(record):.1f}",
        Text(story(record), style="green" if record.outcome == "ok" else "yellow"),
    )


def added_ms(record: Settle) -> float:
    """The time that was the gateway's own: all of it, save what its attempts took."""
    if record.timing is None:
        return 0.0
    upstream = sum(attempt.ended_ns - attempt.started_ns for attempt in record.attempts)
    return max(0, record.timing.total_ns - upstream) / 1e6


def story(record: Settle) -> str:
    """How it ended, and what was decided on the way."""
    failed = [
        f"{attempt.target.provider} failed ({attempt.error_class})"
        for attempt in record.attempts
        if attempt.error_class
    ]
    decided = [f"{decision.verdict} by {decision.rule}" for decision in record.decisions]
    lost = [f"not passed on: {', '.join(record.lost)}"] if record.lost else []
    end = (
        record.outcome if record.outcome == "ok" else f"{record.outcome}, {record.status} {record.code or ''}".rstrip()
    )
    return escaped("; ".join([*failed, *decided, *lost, end]))
