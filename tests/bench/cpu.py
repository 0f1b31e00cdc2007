"""CPU time of processes, and how three measurements become one number."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass


def cpu_ns(pid: int) -> int:
    """CPU time of a process since its start, in ns: all its threads, those that have ended included.

    The clock of another process, as clock_getcpuclockid(3) names it on Linux.
    """
    return time.clock_gettime_ns((~pid << 3) | 2)


class Meter:
    """CPU time that a process uses from here on."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._begun = cpu_ns(pid)

    @property
    def microseconds(self) -> float:
        return (cpu_ns(self._pid) - self._begun) / 1000


@dataclass(frozen=True, slots=True)
class Rounds:
    """The same cost, measured once in each round; microseconds."""

    costs: Sequence[float]

    @property
    def median(self) -> float:
        return statistics.median(self.costs)

    @property
    def spread(self) -> float:
        """The noise: the distance between the largest and the smallest, as a share of the median."""
        return (max(self.costs) - min(self.costs)) / self.median
