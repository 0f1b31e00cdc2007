"""The machine's clocks fit the port."""

import time

from trigate.core.clock import Clock, SystemClock


def test_the_machines_clocks() -> None:
    clock: Clock = SystemClock()
    first, second = clock.monotonic_ns(), clock.monotonic_ns()
    assert first <= second <= time.monotonic_ns()
    before = time.time_ns()
    assert before - 10**9 < clock.wall_ns() < before + 60 * 10**9
