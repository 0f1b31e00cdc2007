"""The seams: what one layer needs of another, as protocols. Implementations are handed in by `app.py`.

Client side: `Request` and `Responder`. Upstream side: `Fetcher` and `UpstreamReply`, which *pushes* its bytes into a
`Flow`. Vendors: `Dialect` (a wire shape) and `Provider` (an account). Rules: `Check`, `Guardrail`, `Selector`.
Evidence: `Spool`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal, Protocol

import msgspec

from trigate.core.chat import Chat, Delta, Reply
from trigate.core.envelope import Envelope
from trigate.core.errors import ErrorClass, Fault
from trigate.core.facts import Candidate, Facts
from trigate.core.part import Part
from trigate.core.principal import Principal
from trigate.core.record import Record
from trigate.core.usage import Usage

HeaderList = list[tuple[bytes, bytes]]

# --- client side ------------------------------------------------------------------------------------------------------


class Request(Protocol):
    """One request of a client. Header names are lower case; a repeated header is joined by `, ` (RFC 9110 5.3)."""

    @property
    def method(self) -> str:
        """Upper case."""
        ...

    @property
    def path(self) -> str:
        """Decoded once and unambiguous; without the query."""
        ...

    @property
    def query(self) -> str:
        """As it came; empty if there is none."""
        ...

    @property
    def headers(self) -> Mapping[bytes, bytes]:
        """All of them, save those that only a trusted proxy may set."""
        ...

    @property
    def peer(self) -> str:
        """The client's address, after trusted proxies were taken off."""
        ...

    @property
    def listener(self) -> str:
        """The name of the listener that it came in by."""
        ...

    @property
    def arrived_ns(self) -> int:
        """Monotonic time at which the head was complete."""
        ...

    async def body(self, limit: int) -> bytes:
        """The whole body. Raises `Refused` (413) beyond `limit` bytes, (408) when it is too slow."""
        ...

    def on_hang_up(self, callback: Callable[[], None]) -> None:
        """Call `callback` once, at the latest when the client is found gone; at once if it is gone already."""
        ...


class Responder(Protocol):
    """The reply to one request. `write` only queues; the bytes leave at the next `flush`, `drain` or `end`."""

    @property
    def paused(self) -> bool:
        """The client does not keep up; `drain` would wait."""
        ...

    def start(self, status: int, headers: HeaderList) -> None:
        """Set status and headers; once, before any `write`. A length is added where the whole body is known."""
        ...

    def write(self, data: bytes) -> None:
        """Queue body bytes."""
        ...

    def flush(self) -> None:
        """Hand over what is queued; `paused` tells afterwards whether the client keeps up."""
        ...

    async def drain(self) -> None:
        """Hand over what is queued, and wait while the client does not keep up."""
        ...

    async def end(self, data: bytes = b"") -> None:
        """Queue the last bytes, hand everything over and complete the reply."""
        ...

    async def abort(self) -> None:
        """Close the connection without completing the reply, so that the client sees it cut."""
        ...


# --- upstream side ----------------------------------------------------------------------------------------------------


class Call(msgspec.Struct):
    """One HTTP request to an upstream. Headers hold credentials: never shown, never recorded."""

    method: str
    url: str
    headers: list[tuple[str, str]]
    body: bytes

    def __repr__(self) -> str:
        return f"Call({self.method}, {len(self.body)} bytes)"


class Flow(Protocol):
    """Where an upstream's bytes are pushed to: `feed`, then `flush`; `drain` if that failed or `paused` is set.

    `feed` and `flush` wait for nothing, so that a transport's own callback may call them.
    """

    @property
    def paused(self) -> bool:
        """The reader downstream does not keep up: push no more until `drain` returns."""
        ...

    def feed(self, chunk: bytes) -> bool:
        """Take one chunk of body. False: enough, stop reading. Raises `AttemptFailed` to give the attempt up."""
        ...

    def flush(self) -> bool:
        """Hand over what was fed, now. False: that cannot be done without waiting, which `drain` does."""
        ...

    async def drain(self) -> None:
        """Hand over what was fed, and wait for whatever that takes."""
        ...


class UpstreamReply(Protocol):
    """An upstream's reply whose head has arrived."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    def header(self, name: str) -> str | None:
        """The first header of that name, whatever its case."""
        ...

    async def pump(self, flow: Flow) -> None:
        """Push the whole body into `flow`, in order, until it ends or `flow` has enough.

        Raises `AttemptFailed` when the connection breaks. Cancelling it closes the connection.
        """
        ...

    async def read(self, limit: int) -> bytes:
        """The whole body, for one that is wanted whole. Raises `AttemptFailed` beyond `limit` bytes."""
        ...

    async def close(self) -> None:
        """Give the connection back, or close it if the body was not read to its end. Idempotent."""
        ...


class Fetcher(Protocol):
    """A pool of connections to upstreams. Redirects are never followed; bodies are never decompressed."""

    async def open(self, call: Call) -> UpstreamReply:
        """Send `call` and wait for the head of its reply. Raises `AttemptFailed` (connect, timeout, unavailable)."""
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...


# --- vendors ----------------------------------------------------------------------------------------------------------

SILENT: Final = 0
CONTENT: Final = 1
ENDED: Final = 2
FAILED: Final = 3
HIDDEN: Final = 4
"""What a `Meter` makes of one event: nothing of note; content for the client (the commit point); the stream's own
end; an in-band error; an event that only the gateway asked for and the client must not see."""


class Meter(Protocol):
    """Reads, off the byte path, only what evidence needs. One per reply.

    After `event` or `whole` the attributes hold what is known so far. `stop` is a `StopReason`, empty until every
    choice has one. `output_chars` counts content characters, for an estimate when the vendor's own count never comes.
    `fault` is set when an event was FAILED.
    """

    usage: Usage | None
    model: str
    stop: str
    output_chars: int
    fault: Fault | None

    def event(self, name: str, data: bytes) -> int:
        """Judge one stream event: SILENT, CONTENT, ENDED, FAILED or HIDDEN. Raises ValueError on malformed data."""
        ...

    def whole(self, body: bytes) -> None:
        """Read a whole reply. Raises ValueError when it is not a reply of this dialect."""
        ...


class StreamReader(Protocol):
    """A vendor's stream as neutral deltas. One per reply."""

    def read(self, name: str, data: bytes) -> list[Delta]:
        """The deltas of one event. Raises ValueError on malformed data."""
        ...


class StreamWriter(Protocol):
    """Neutral deltas as the client's own stream. One per reply; its output passes the dialect's grammar."""

    def write(self, deltas: Sequence[Delta]) -> bytes:
        """Events for `deltas`; may be empty. `Ended` writes the dialect's own end."""
        ...

    def fail(self, fault: Fault, request_id: str) -> bytes:
        """An in-band error, after which the stream must not look complete."""
        ...


class VendorError(msgspec.Struct, frozen=True):
    """What a vendor's error body says. `code` is the vendor's own word."""

    error_class: ErrorClass
    message: str
    code: str = ""


class Dialect(Protocol):
    """One API wire shape, both halves. Stateless: one instance serves every exchange.

    Readers raise `Refused` on a client's bad body and ValueError on an upstream's.
    """

    @property
    def name(self) -> str:
        """As in configuration and records."""
        ...

    @property
    def implied_end(self) -> bytes | None:
        """What a client gets when a forwarded stream named its stop reason but not its own end; None: it was cut."""
        ...

    @property
    def param_keys(self) -> Mapping[str, tuple[str, ...]]:
        """Neutral parameter name -> this dialect's top-level keys for it, the preferred one first."""
        ...

    def envelope(self, body: bytes) -> Envelope:
        """The routing fields of a request's body. Raises `Refused`."""
        ...

    def forward_edits(self, envelope: Envelope, model: str) -> dict[str, bytes | None]:
        """Top-level edits, beside `model`, for a body that is forwarded to the same dialect: usage asked for."""
        ...

    def read_request(self, body: bytes) -> Chat:
        """A client's request. Raises `Refused`."""
        ...

    def parts(self, body: bytes) -> list[Part]:
        """Every text in a request, in order, also in blocks that the neutral contract cannot say. Raises `Refused`."""
        ...

    def write_request(self, chat: Chat) -> bytes:
        """The body for an upstream, usage asked for. Adds to `chat.lost`; raises `Refused` for what it cannot say."""
        ...

    def read_reply(self, body: bytes) -> Reply:
        """An upstream's whole reply. Raises ValueError."""
        ...

    def write_reply(self, reply: Reply) -> bytes:
        """A whole reply for a client."""
        ...

    def meter(self, envelope: Envelope) -> Meter:
        """A fresh meter for a forwarded reply."""
        ...

    def stream_reader(self) -> StreamReader:
        """A fresh reader for an upstream's stream."""
        ...

    def stream_writer(self, envelope: Envelope) -> StreamWriter:
        """A fresh writer for a client's stream."""
        ...

    def read_error(self, status: int, body: bytes) -> VendorError:
        """An upstream's error reply, whatever its body; never raises."""
        ...

    def write_error(self, fault: Fault, request_id: str) -> bytes:
        """A fault as the client's own kind of error body (JSON)."""
        ...

    def stream_error(self, fault: Fault, request_id: str) -> bytes:
        """A fault as an in-band event of a forwarded stream."""
        ...


class Provider(Protocol):
    """A vendor account, compiled: where its calls go and with what credentials."""

    @property
    def name(self) -> str:
        """As in the configuration."""
        ...

    @property
    def kind(self) -> str:
        """The module of this kind of account."""
        ...

    @property
    def region(self) -> str | None:
        """Where it serves; None is outside every geography."""
        ...

    @property
    def dialect(self) -> Dialect:
        """What it speaks."""
        ...

    def has(self, operation: str) -> bool:
        """Whether the vendor has this operation (`chat`, `count_tokens`)."""
        ...

    def call(self, operation: str, headers: Mapping[bytes, bytes], body: bytes) -> Call:
        """The HTTP request for one operation (`chat`, `count_tokens`). Raises `Refused` for one it does not have."""
        ...

    def classify(self, status: int, body: bytes) -> VendorError:
        """What an error reply means."""
        ...


# --- rules ------------------------------------------------------------------------------------------------------------


class AdmissionInput(msgspec.Struct, frozen=True):
    """What an admission check may look at: who calls, from where, with which head; never the content."""

    principal: Principal
    peer: str
    headers: Mapping[bytes, bytes]
    envelope: Envelope
    operation: str


class Check(Protocol):
    """An admission check: a plain function of the caller and the facts. `rule` names it in decisions."""

    @property
    def rule(self) -> str:
        """Its name in decisions."""
        ...

    def check(self, asked: AdmissionInput, facts: Facts) -> Fault | None:
        """None to let pass, or what the caller is refused with."""
        ...


Side = Literal["request", "reply"]


class Guardrail(Protocol):
    """A check on content. `inspect` is a plain function of one part, in time linear in its text."""

    @property
    def name(self) -> str:
        """As configured; stands in decisions."""
        ...

    @property
    def on(self) -> frozenset[Side]:
        """What it looks at."""
        ...

    @property
    def reach(self) -> int | None:
        """Characters around a point that must be seen to judge it; None: the whole part."""
        ...

    def inspect(self, part: Part) -> str | None:
        """Why the part must not pass, for people and without any of its content; None to let it pass."""
        ...


class Selector(Protocol):
    """A routing strategy, pure: orders the candidates, best first. The same facts give the same order."""

    def order(self, candidates: Sequence[Candidate], draw: float) -> Sequence[int]:
        """The indexes of `candidates`, each once. `draw` is in [0, 1)."""
        ...


# --- evidence ---------------------------------------------------------------------------------------------------------


class Spool(Protocol):
    """A worker's durable log."""

    def append(self, record: Record) -> int:
        """Write one record to the log; survives the process. Returns its sequence. Raises OSError when it cannot."""
        ...

    def sync_soon(self, sequence: int) -> None:
        """Begin to make the record durable, beside the upstream call; returns at once."""
        ...

    async def synced(self, sequence: int) -> None:
        """Wait until the record is as durable as the `fsync` setting says. Raises OSError when that failed."""
        ...
