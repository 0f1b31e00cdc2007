"""The prompt prefixes that were seen: Anthropic's prompt cache, without expiry and without its least size.

Contract: one per simulator; bounded, the oldest prefix goes first. Above: `anthropic`. Below: nothing.
"""

from typing import Final

import msgspec

_CAPACITY: Final = 10_000


class Breakpoint(msgspec.Struct, frozen=True):
    """A place marked with `cache_control`: hash of all before it, tokens before it, and how long it asks to be kept."""

    digest: str
    tokens: int
    ttl: str


class CacheUse(msgspec.Struct, frozen=True):
    """Input tokens by class; the classes are disjoint."""

    read: int = 0
    written_5m: int = 0
    written_1h: int = 0

    @property
    def total(self) -> int:
        return self.read + self.written_5m + self.written_1h


class Prefixes:
    def __init__(self) -> None:
        self._seen: dict[str, None] = {}

    def use(self, breakpoints: list[Breakpoint]) -> CacheUse:
        """Reads the longest prefix that was seen before, writes the ones after it."""
        known = max((i for i, point in enumerate(breakpoints) if point.digest in self._seen), default=-1)
        read = before = breakpoints[known].tokens if known >= 0 else 0
        written = {"5m": 0, "1h": 0}
        for point in breakpoints[known + 1 :]:
            written[point.ttl] += point.tokens - before
            before = point.tokens
            self._remember(point.digest)
        return CacheUse(read, written["5m"], written["1h"])

    def _remember(self, digest: str) -> None:
        if len(self._seen) >= _CAPACITY:
            del self._seen[next(iter(self._seen))]
        self._seen[digest] = None
