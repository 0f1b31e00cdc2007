"""Time as a port. All durations come from `monotonic_ns`; the wall clock is for people and prices only."""

import time
from typing import Protocol


class Clock(Protocol):
    """Where time comes from; a test hands in its own."""

    def monotonic_ns(self) -> int:
        """Nanoseconds since an arbitrary point; never goes back."""
        ...

    def wall_ns(self) -> int:
        """Nanoseconds since the Unix epoch; may jump either way."""
        ...


class SystemClock:
    """The machine's own clocks."""

    monotonic_ns = staticmethod(time.monotonic_ns)
    wall_ns = staticmethod(time.time_ns)
