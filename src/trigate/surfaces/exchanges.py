"""`GET /v1/trigate/exchanges/{id}`: what could not stand in the head of a stream, for the caller who made it."""

import msgspec

from trigate.core.money import format_nanos
from trigate.core.record import Settle, TargetRef
from trigate.core.usage import Usage


class Shown(msgspec.Struct, omit_defaults=True):
    """An exchange as its caller sees it: no facts, no other principal, no vendor internals. Times in milliseconds."""

    id: str
    outcome: str
    status: int
    model: str | None
    target: TargetRef | None
    served_model: str | None
    usage: Usage | None
    cost: str
    currency: str
    price_version: str | None
    duration_ms: float | None
    first_token_ms: float | None
    attempts: int
    stop: str | None
    code: str | None
    lost: tuple[str, ...]
    run: str | None
    trace: str | None


def write(settled: Settle, currency: str) -> bytes:
    """The JSON body."""
    timing, paid = settled.timing, settled.charge
    return msgspec.json.encode(
        Shown(
            id=settled.id,
            outcome=settled.outcome,
            status=settled.status,
            model=settled.model,
            target=settled.target,
            served_model=settled.served_model,
            usage=settled.usage,
            cost=format_nanos(paid.total if paid else 0),
            currency=currency,
            price_version=paid.version if paid else None,
            duration_ms=timing.total_ns / 1e6 if timing else None,
            first_token_ms=timing.first_token_ns / 1e6 if timing and timing.first_token_ns else None,
            attempts=len(settled.attempts),
            stop=settled.stop,
            code=settled.code,
            lost=settled.lost,
            run=settled.run,
            trace=settled.trace,
        )
    )
