"""Circuit breakers: what a worker has learnt of each target, so that a dead one is not asked again and again.

A breaker is closed until `threshold` attempts in a row fail; then it is open for `open_seconds`, during which the
target is only tried when nothing else is left; then one call at a time probes it: success closes it, failure opens it
anew. Failures that say nothing about the target's health (a rejected request, a content filter, a caller who hung
up) do not count. State outlives a reload of the configuration. No clock here: the caller brings the time.
"""

from typing import Final

import msgspec

from trigate.core.errors import ErrorClass

KEPT: Final = 4096
UNHEALTHY: Final = frozenset(
    {ErrorClass.CONNECT, ErrorClass.TIMEOUT, ErrorClass.UNAVAILABLE, ErrorClass.MALFORMED, ErrorClass.TRUNCATED}
)


class Breaker(msgspec.Struct):
    """One target as this worker sees it. Times are monotonic nanoseconds; latency is a moving average to the head."""

    threshold: int = 5
    open_ns: int = 10_000_000_000
    failures: int = 0
    opened_at_ns: int | None = None
    probing: bool = False
    in_flight: int = 0
    latency_ns: int = 0

    @property
    def at_rest(self) -> bool:
        """Closed, with nothing under way: only its latency would be forgotten."""
        return not self.in_flight and not self.failures and self.opened_at_ns is None

    def is_open(self, now_ns: int) -> bool:
        """Whether the target should be tried only as the last resort."""
        if self.opened_at_ns is None:
            return False
        return self.probing or now_ns - self.opened_at_ns < self.open_ns

    def started(self) -> None:
        """An attempt begins; when the breaker is not closed it is the probe."""
        self.in_flight += 1
        self.probing = self.opened_at_ns is not None

    def succeeded(self, latency_ns: int) -> None:
        """The attempt brought a usable reply after `latency_ns` to its head."""
        self._ended()
        self.failures = 0
        self.opened_at_ns = None
        self.latency_ns = latency_ns if not self.latency_ns else (self.latency_ns * 7 + latency_ns) // 8

    def failed(self, error_class: ErrorClass, now_ns: int) -> None:
        """The attempt failed."""
        self._ended()
        if error_class not in UNHEALTHY:
            return
        self.failures += 1
        if self.failures >= self.threshold:
            self.opened_at_ns = now_ns

    def abandoned(self) -> None:
        """The attempt ended for a reason that has nothing to do with the target."""
        self._ended()

    def state(self, now_ns: int) -> str:
        """`closed`, `open` or `half_open`, for people."""
        if self.opened_at_ns is None:
            return "closed"
        return "open" if now_ns - self.opened_at_ns < self.open_ns else "half_open"

    def _ended(self) -> None:
        self.in_flight -= 1
        self.probing = False


class Breakers:
    """The breakers of one worker, by provider and model.

    Callers may invent models (`account/model`): only targets that were tried have a breaker, and of many those at rest
    are forgotten.
    """

    def __init__(self) -> None:
        self._breakers: dict[tuple[str, str], Breaker] = {}
        self._untried: Final = Breaker()

    def __len__(self) -> int:
        return len(self._breakers)

    def seen(self, provider: str, model: str) -> Breaker:
        """To look at only: the breaker of one target, or that of any target which has not been tried."""
        return self._breakers.get((provider, model)) or self._untried

    def of(self, provider: str, model: str) -> Breaker:
        """The breaker of one target, made on first use."""
        breaker = self._breakers.get((provider, model))
        if breaker is None:
            if len(self._breakers) >= KEPT:
                self._breakers = {key: each for key, each in self._breakers.items() if not each.at_rest}
            breaker = self._breakers[provider, model] = Breaker()
        return breaker

    def not_closed(self, now_ns: int) -> list[tuple[str, str, str]]:
        """(provider, model, state) of every target that is in trouble."""
        return [
            (provider, model, breaker.state(now_ns))
            for (provider, model), breaker in self._breakers.items()
            if breaker.opened_at_ns is not None
        ]
