"""What a number of settled exchanges add to the totals: counts, tokens, money, latencies, failures. Pure.

Totals are by tenant, app, model, provider, operation and outcome; latencies by model, provider and operation only,
because each of theirs is a whole histogram. A model's name is a label only where the exchange had a target, since a
refused one may ask for anything. Above: `usage_sqlite`, which adds them up.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Final, TypeVar

from trigate.core.record import Settle, TargetRef
from trigate.core.usage import NO_USAGE, Usage

LARGEST: Final = 2**53
"""No number of one exchange counts for more: a vendor may claim anything, and sums must stay within 64 bits."""

SUCCEEDED: Final = "ok"

TotalKey = tuple[str, str, str, str, str, str]
"""Tenant, app, model, provider, operation, outcome."""
LatencyKey = tuple[str, str, str, str, int]
"""Measure, model, provider, operation, bucket."""
AttemptKey = tuple[str, str, str]
"""Provider, model, error class or `ok`."""
ErrorKey = tuple[str, str, str]
"""Surface, operation, code."""


class Measure(StrEnum):
    """A time that is kept as a histogram."""

    DURATION = "duration"
    FIRST_TOKEN = "first_token"
    PER_OUTPUT_TOKEN = "per_output_token"


# Seconds; as OpenTelemetry's semantic conventions for generative AI advise for each of the three.
BOUNDS: Final = {
    Measure.DURATION: (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92),
    Measure.FIRST_TOKEN: (
        0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
    ),
    Measure.PER_OUTPUT_TOKEN: (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5),
}  # fmt: skip
_BOUNDS_NS: Final = {measure: tuple(int(bound * 1e9) for bound in bounds) for measure, bounds in BOUNDS.items()}

TOKEN_CLASSES: Final = (
    "input",
    "cache_read",
    "cache_write",
    "cache_write_1h",
    "audio_input",
    "output",
    "reasoning",
    "audio_output",
)

NOWHERE: Final = TargetRef("", "")

_Key = TypeVar("_Key")


class Tally:
    """Sums over some exchanges, by key."""

    __slots__ = ("attempts", "errors", "latencies", "totals")

    def __init__(self, settles: Iterable[Settle]) -> None:
        self.totals: dict[TotalKey, list[int]] = {}
        """Count, tokens in the order of `TOKEN_CLASSES`, cost in nanos."""
        self.latencies: dict[LatencyKey, list[int]] = {}
        """Count, sum in ns."""
        self.attempts: dict[AttemptKey, list[int]] = {}
        self.errors: dict[ErrorKey, list[int]] = {}
        for settle in settles:
            self._add(settle)

    def _add(self, settle: Settle) -> None:
        cost = settle.charge.total if settle.charge else 0
        _add(self.totals, total_key(settle), [1, *token_classes(settle.usage or NO_USAGE), bounded(cost)])
        for measure, value in _latencies(settle):
            bucket = bisect_left(_BOUNDS_NS[measure], value)
            place = settle.target or NOWHERE
            _add(self.latencies, (measure, model_of(settle), place.provider, settle.operation, bucket), [1, value])
        for attempt in settle.attempts:
            target = attempt.target
            _add(self.attempts, (target.provider, target.model, attempt.error_class or SUCCEEDED), [1])
        if settle.outcome != SUCCEEDED:
            _add(self.errors, (settle.surface, settle.operation, settle.code or settle.outcome), [1])


def _add(sums: dict[_Key, list[int]], key: _Key, values: list[int]) -> None:
    before = sums.get(key)
    sums[key] = values if before is None else [old + new for old, new in zip(before, values, strict=True)]


def _latencies(settle: Settle) -> Iterator[tuple[Measure, int]]:
    timing = settle.timing
    if timing is None or settle.target is None:
        return
    yield Measure.DURATION, bounded(timing.total_ns)
    if timing.first_token_ns is not None:
        yield Measure.FIRST_TOKEN, bounded(timing.first_token_ns)
    if timing.per_output_token_ns is not None:
        yield Measure.PER_OUTPUT_TOKEN, bounded(timing.per_output_token_ns)


def total_key(settle: Settle) -> TotalKey:
    """The labels that an exchange is counted under."""
    caller, target = settle.caller, settle.target or NOWHERE
    tenant, app = (caller.tenant, caller.app) if caller else ("", "")
    return tenant, app, model_of(settle), target.provider, settle.operation, settle.outcome


def model_of(settle: Settle) -> str:
    """The name asked for, where it led somewhere."""
    return settle.model or "" if settle.target else ""


def token_classes(usage: Usage) -> list[int]:
    """The tokens of each class, in the order of `TOKEN_CLASSES`."""
    classes = (
        usage.input,
        usage.cache_read,
        usage.cache_write,
        usage.cache_write_1h,
        usage.audio_input,
        usage.output,
        usage.reasoning,
        usage.audio_output,
    )
    return [bounded(tokens) for tokens in classes]


def bounded(value: int) -> int:
    """A number that may be summed."""
    return max(0, min(value, LARGEST))
