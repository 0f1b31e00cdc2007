"""The plant: what one worker has for all of its exchanges, handed in by `app.py`."""

from collections.abc import Callable
from typing import Protocol

import msgspec

from trigate.core.clock import Clock
from trigate.core.ports import Spool
from trigate.core.principal import Principal
from trigate.upstream.breaker import Breakers


class Principals(Protocol):
    """The principals table."""

    @property
    def revision(self) -> str:
        """Of the table as a whole."""
        ...

    def find(self, digest: bytes) -> Principal | None:
        """The principal whose key has this SHA-256 digest (32 bytes)."""
        ...


class Gauges(msgspec.Struct):
    """Counters of this worker, shown in the shared table. Plain integers: one thread writes them."""

    in_flight: int = 0
    streams: int = 0
    exchanges: int = 0
    unauthenticated: int = 0
    evidence_failures: int = 0


class Plant(msgspec.Struct, frozen=True):
    """Long-lived parts of a worker. `principals` is a function: the table is swapped while exchanges run."""

    clock: Clock
    spool: Spool
    breakers: Breakers
    principals: Callable[[], Principals]
    draw: Callable[[], float]
    gauges: Gauges
