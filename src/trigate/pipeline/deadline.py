"""Deadlines of one exchange: one timer, moved along as the exchange passes from phase to phase.

Phases are `connect` and `first_byte` (to the upstream's head), `first_token` (to the commit point), `idle` (between
chunks), and `total` over everything. When the nearest one passes, the exchange's task is cancelled and `expired` says
which it was; whoever catches the cancellation asks `expired` first.
"""

import asyncio


class Deadline:
    """Cancels `task` when the current phase, or the whole, takes too long. Moving it forward costs one attribute."""

    __slots__ = ("_handle", "_loop", "_phase", "_phase_at", "_scheduled_at", "_task", "_total_at", "expired")

    def __init__(self, task: "asyncio.Task[None]") -> None:
        """Nothing is armed yet."""
        self._loop = task.get_loop()
        self._task = task
        self._total_at = float("inf")
        self._phase = "total"
        self._phase_at = self._total_at
        self._handle: asyncio.TimerHandle | None = None
        self._scheduled_at = float("inf")
        self.expired: str | None = None

    def limit(self, total: float) -> None:
        """Everything from now on must end within `total` seconds."""
        self._total_at = self._loop.time() + total

    def arm(self, phase: str, seconds: float) -> None:
        """Begin a phase that may last so long; it replaces the one before."""
        self._phase = phase
        self._phase_at = min(self._loop.time() + seconds, self._total_at)
        if self._phase_at < self._scheduled_at:
            self._schedule()

    def remaining(self) -> float:
        """Seconds until the total deadline; negative when it is past."""
        return self._total_at - self._loop.time()

    def acknowledge(self) -> None:
        """The cancellation was ours and has been caught: the task may go on."""
        self.expired = None
        self._task.uncancel()

    def close(self) -> None:
        """No more cancellations."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _schedule(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._scheduled_at = self._phase_at
        self._handle = self._loop.call_at(self._phase_at, self._fire)

    def _fire(self) -> None:
        if self._loop.time() < self._phase_at:
            self._schedule()
            return
        self._handle = None
        self._scheduled_at = float("inf")
        self.expired = "total" if self._phase_at >= self._total_at else self._phase
        self._task.cancel()
