"""Records to write, read and count."""

from trigate.core.money import Charge, ChargeLine
from trigate.core.record import Attempt, AttemptOutcome, Caller, Mark, Open, Settle, TargetRef, Timing
from trigate.core.usage import Usage

SECOND = 1_000_000_000
WALL = 1_790_000_000 * SECOND

CALLER = Caller("acme", "support", "support-1")
TARGET = TargetRef("openai-main", "gpt-4.1", "eu-1")
USAGE = Usage(input=100, cache_read=20, output=50)
TIMING = Timing(total_ns=2 * SECOND, first_token_ns=SECOND // 4, per_output_token_ns=SECOND // 50)


def opened(name: str, *, at: int = 0, attempt: int = 1, reserved: int = 1_000_000, price_output: int = 0) -> Open:
    """An `Open` for the exchange `name`, `at` seconds after `WALL`."""
    return Open(
        name,
        WALL + at * SECOND,
        CALLER,
        "openai",
        "chat",
        "support-chat",
        TARGET,
        attempt,
        reserved,
        "2026-11",
        "abcdef0123456789",
        input_tokens=100,
        price_output=price_output,
    )


def outcome(error_class: str | None = None, cost: int = 0) -> AttemptOutcome:
    """One finished attempt."""
    return AttemptOutcome(TARGET, WALL, WALL + SECOND, 200 if error_class is None else 503, error_class, cost=cost)


def failed(name: str, *, number: int = 1, at: int = 0, cost: int = 0) -> Attempt:
    """The attempt `number` of `name` failed, and is kept at `cost`."""
    return Attempt(name, WALL + at * SECOND, number, outcome("unavailable", cost))


def mark(name: str, *, at: int, output: int, cost: int) -> Mark:
    """What `name` has used by then."""
    return Mark(name, WALL + at * SECOND, Usage(input=100, output=output), cost)


def settled(name: str, *, at: int = 2, cost: int = 1_000, ended: str = "ok") -> Settle:
    """The end of `name`; a `refused` one went nowhere."""
    if ended == "refused":
        return Settle(name, WALL + at * SECOND, ended, "openai", "chat", 403, CALLER, model="nope", code="model_denied")
    return Settle(
        name,
        WALL + at * SECOND,
        ended,
        "openai",
        "chat",
        200,
        CALLER,
        model="support-chat",
        target=TARGET,
        served_model="gpt-4.1-2025-04-14",
        stream=True,
        attempts=(outcome(),),
        usage=USAGE,
        charge=Charge(cost, "2026-11", (ChargeLine("output", 50, cost * 20_000, cost),)),
        timing=TIMING,
        revision="abcdef0123456789",
    )
