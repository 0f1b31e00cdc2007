"""A clock that stands still until it is moved."""

from tests.evidence.records import WALL


class ManualClock:
    """Implements `core.clock.Clock`. `wall` and `monotonic` are ns, moved by the test."""

    def __init__(self) -> None:
        self.wall = WALL
        self.monotonic = 0

    def wall_ns(self) -> int:
        """The wall clock."""
        return self.wall

    def monotonic_ns(self) -> int:
        """The monotonic clock."""
        return self.monotonic
