"""The exchange: one client request and all that happened to it. The only mutable thing on the path; one per request."""

from collections.abc import Mapping

import msgspec

from trigate.config.snapshot import Model, Snapshot
from trigate.core.decision import Decision
from trigate.core.envelope import Envelope
from trigate.core.facts import Facts
from trigate.core.money import FREE, Charge, Price
from trigate.core.ports import Dialect, Request, Responder
from trigate.core.principal import Principal
from trigate.core.record import AttemptOutcome, TargetRef
from trigate.core.usage import NO_USAGE, Usage
from trigate.pipeline.deadline import Deadline
from trigate.wire.json import Body


class Exchange(msgspec.Struct, kw_only=True):
    """Filled in step by step by `run`. Times are monotonic nanoseconds.

    `outcome` is what the record will say: `ok`, `refused`, `failed`, `cut` (after the commit point) or `cancelled`.
    """

    id: str
    request: Request
    responder: Responder
    deadline: Deadline
    snapshot: Snapshot
    dialect: Dialect
    surface: str
    operation: str
    trace: str
    span: str
    arrived_ns: int
    wall_ns: int

    run: str | None = None
    use_case: str | None = None
    principal: Principal | None = None
    model: Model | None = None
    model_asked: str | None = None
    stream_asked: bool | None = None
    """Where the path says whether to stream; else the body does."""
    body: Body | None = None
    envelope: Envelope | None = None
    facts: Facts | None = None
    decisions: list[Decision] = []
    attempts: list[AttemptOutcome] = []
    lost: list[str] = []

    target: TargetRef | None = None
    price: Price | None = None
    served_model: str | None = None
    vendor_request_id: str | None = None
    usage: Usage = NO_USAGE
    charge: Charge = FREE
    stop: str | None = None
    status: int = 0
    code: str | None = None
    outcome: str = "failed"

    started_ns: int = 0
    sent_ns: int | None = None
    first_byte_ns: int | None = None
    first_token_ns: int | None = None
    begun: bool = False
    """The client has been promised a reply: no other target may be tried, no status changed."""
    settled: bool = False
    hung_up: bool = False

    @property
    def streamed(self) -> bool:
        """Whether the reply is a stream; a count never is, whatever its body says."""
        return self.envelope is not None and self.envelope.stream and self.operation == "chat"

    @property
    def traceparent(self) -> str:
        """For the upstream: the caller's trace, our span (W3C Trace Context)."""
        return f"00-{self.trace}-{self.span}-01"

    @property
    def input_estimate(self) -> int:
        """Input tokens as estimated at admission."""
        return self.facts.estimate.input_tokens if self.facts else 0

    @property
    def headers(self) -> Mapping[bytes, bytes]:
        """The client's request headers."""
        return self.request.headers
