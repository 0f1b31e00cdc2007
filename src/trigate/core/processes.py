"""What is known of the gateway's own processes: the vocabulary of the shared table, the supervisor and the status.

Types only. Written by the supervisor (rows) and by each worker (gauges), read by control and the command line.
"""

from collections.abc import Sequence
from enum import IntEnum, StrEnum
from typing import Protocol

import msgspec


class ChildKind(StrEnum):
    """What a child of the supervisor does."""

    WORKER = "worker"
    RECORDER = "recorder"
    CONTROL = "control"


class ChildState(StrEnum):
    """Where a child is in its life. `waiting` has no process: it died, and is started again when its pause is over."""

    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"
    WAITING = "waiting"


class ChildRow(msgspec.Struct, frozen=True):
    """The supervisor's view of one child.

    `page` is the gauge page of a worker (`worker_page`), -1 of others. `started_ns` is wall time. `restarts` counts
    unplanned ones. `last_exit` is an exit status, negative for a signal, None if no process of it has ended yet.
    """

    name: str
    kind: ChildKind
    state: ChildState
    pid: int
    page: int
    started_ns: int
    restarts: int
    last_exit: int | None


class Gauge(IntEnum):
    """The live numbers of a worker: each one word of its page."""

    PID = 0
    """The owner of the page; 0 while it is not in use. Written last on a claim."""
    STARTED_NS = 1
    """Wall time."""
    BEAT_NS = 2
    """Monotonic time of the event loop's last sign of life."""
    LAG_US = 3
    """How late that one was."""
    LAG_MAX_US = 4
    """The latest one since the start."""
    RSS_BYTES = 5
    CONNECTIONS = 6
    """Open client connections."""
    IN_FLIGHT = 7
    """Exchanges under way."""
    EXCHANGES = 8
    """Exchanges begun since the start."""
    STREAMS = 9
    """Streamed replies under way."""
    REVISION = 10
    """The configuration served: the 64 bits of its 16 hex digits."""
    PRINCIPALS_REVISION = 11
    SPOOL_WRITTEN = 12
    """The newest record's sequence."""
    SPOOL_SYNCED = 13
    """The newest durable record's sequence."""
    DRAINING = 14
    """1 from the moment at which the worker takes no new connection."""


class BreakerRow(msgspec.Struct, frozen=True):
    """A target in trouble, as one worker sees it. `state` is `open` or `half_open`."""

    worker: str
    provider: str
    model: str
    state: str


class GaugePage(Protocol):
    """A worker's own page. Cheap enough for every exchange."""

    def set(self, gauge: Gauge, value: int) -> None:
        """Write one gauge: a signed 64-bit integer."""
        ...

    def add(self, gauge: Gauge, change: int) -> None:
        """Change one gauge by `change`."""
        ...


class ProcessBoard(Protocol):
    """Where the supervisor shows its children, and sees its workers' hearts beat."""

    def show(self, rows: Sequence[ChildRow], now_ns: int) -> None:
        """Replace all rows; `now_ns` is the supervisor's own beat, monotonic."""
        ...

    def beat_ns(self, page: int, pid: int) -> int:
        """The last beat of worker `pid`, monotonic; 0 if it has not taken its page yet."""
        ...


def worker_page(slot: int, half: int) -> int:
    """The index of a gauge page. A slot has two halves, because a successor starts before its predecessor ends."""
    return slot * 2 + half
