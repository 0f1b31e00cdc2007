"""Records: frozen lines of evidence, as workers append them to the spool.

Every exchange that reaches an upstream has an `Open` before its first byte leaves, and exactly one `Settle`, from the
worker or, if that died, from the recorder. Exchanges refused at the gate have a `Settle` alone. All carry `id`, the
exchange's id. Times are nanoseconds: `at_ns` of the wall clock, durations of the monotonic clock.
"""

import msgspec

from trigate.core.decision import Decision
from trigate.core.facts import Facts
from trigate.core.money import Charge
from trigate.core.usage import Usage


class TargetRef(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where an attempt went."""

    provider: str
    model: str
    region: str | None = None


class Caller(msgspec.Struct, frozen=True, omit_defaults=True):
    """The principal as evidence shows it."""

    tenant: str
    app: str
    key_id: str
    user: str | None = None


class AttemptOutcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """One finished attempt. `error_class` is None for one that succeeded; `status` is the vendor's HTTP status or 0.

    `cost` is nanos: what a failed attempt may still cost is kept. Times count from the arrival of the request.
    """

    target: TargetRef
    started_ns: int
    ended_ns: int
    status: int = 0
    error_class: str | None = None
    code: str | None = None
    first_byte_ns: int | None = None
    cost: int = 0
    vendor_request_id: str | None = None


class Open(msgspec.Struct, frozen=True, omit_defaults=True, tag="open"):
    """Written before the upstream call: money may be spent from here on. `reserved` is nanos, an upper bound."""

    id: str
    at_ns: int
    caller: Caller
    surface: str
    operation: str
    model: str
    target: TargetRef
    attempt: int
    reserved: int
    price_version: str | None
    revision: str
    run: str | None = None
    trace: str | None = None
    use_case: str | None = None
    input_tokens: int = 0
    price_output: int = 0


class Attempt(msgspec.Struct, frozen=True, omit_defaults=True, tag="attempt"):
    """Written when an attempt failed and another target is tried."""

    id: str
    at_ns: int
    number: int
    outcome: AttemptOutcome


class Mark(msgspec.Struct, frozen=True, omit_defaults=True, tag="mark"):
    """Written every 5 s of a long stream: what is known to be used so far, and its cost in nanos."""

    id: str
    at_ns: int
    usage: Usage
    cost: int


class Timing(msgspec.Struct, frozen=True, omit_defaults=True):
    """Durations in nanoseconds from the arrival of the request's head; None where the point was not reached."""

    total_ns: int
    queue_ns: int = 0
    upstream_ns: int | None = None
    first_byte_ns: int | None = None
    first_token_ns: int | None = None
    per_output_token_ns: int | None = None


class Settle(msgspec.Struct, frozen=True, omit_defaults=True, tag="settle"):
    """The end of the exchange. `outcome` is `ok`, `refused`, `failed`, `cut`, `cancelled` or `orphaned`."""

    id: str
    at_ns: int
    outcome: str
    surface: str
    operation: str
    status: int
    caller: Caller | None = None
    run: str | None = None
    trace: str | None = None
    use_case: str | None = None
    model: str | None = None
    target: TargetRef | None = None
    served_model: str | None = None
    params: dict[str, msgspec.Raw] = {}
    stream: bool = False
    attempts: tuple[AttemptOutcome, ...] = ()
    usage: Usage | None = None
    charge: Charge | None = None
    timing: Timing | None = None
    facts: Facts | None = None
    decisions: tuple[Decision, ...] = ()
    lost: tuple[str, ...] = ()
    stop: str | None = None
    code: str | None = None
    revision: str | None = None
    vendor_request_id: str | None = None


Record = Open | Attempt | Mark | Settle
