"""Facts: the frozen inputs that decisions were made on. What is not here cannot be replayed."""

import msgspec


class Candidate(msgspec.Struct, frozen=True, omit_defaults=True):
    """One target as it stood when the order was decided. `index` is its place in the model's compiled targets."""

    index: int
    breaker_open: bool = False
    in_flight: int = 0
    latency_ns: int = 0


class Estimate(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the request may use at the most, before it is sent. Tokens, and nanos at the first target's price."""

    input_tokens: int = 0
    output_tokens: int = 0


class Facts(msgspec.Struct, frozen=True, omit_defaults=True):
    """`wall_ns` is the clock as read once at admission; `draw` is the one random number in [0, 1) of the exchange."""

    wall_ns: int
    draw: float
    revision: str
    principals_revision: str
    candidates: tuple[Candidate, ...] = ()
    estimate: Estimate = Estimate()
