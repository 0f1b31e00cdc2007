"""What the simulator counts, and shows at `GET /simulator/stats`.

Contract: mutable counters of one simulator, bounded in size. Above: `connection`, `endpoints`. Below: nothing.
"""

from typing import Final

import msgspec

_NAMES: Final = 1_000


class Stats(msgspec.Struct, kw_only=True):
    """`open_*` are gauges; the rest only grow. A cancelled call or stream is one whose client went before its end."""

    requests: int = 0
    by_path: dict[str, int] = msgspec.field(default_factory=dict)
    by_model: dict[str, int] = msgspec.field(default_factory=dict)
    open_connections: int = 0
    open_calls: int = 0
    open_streams: int = 0
    cancelled_calls: int = 0
    cancelled_streams: int = 0
    tokens: int = 0

    def called(self, path: str, model: str) -> None:
        """Counts a request; beyond a thousand names, new ones are counted together."""
        self.requests += 1
        _add(self.by_path, path)
        if model:
            _add(self.by_model, model)


def _add(counts: dict[str, int], name: str) -> None:
    if name not in counts and len(counts) >= _NAMES:
        name = "(others)"
    counts[name] = counts.get(name, 0) + 1
