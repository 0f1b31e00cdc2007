"""Vendors: a `Dialect` is a wire shape, a `Provider` an account that speaks one."""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import msgspec

from trigate.core.chat import Chat, Delta, Reply
from trigate.core.envelope import Envelope
from trigate.core.errors import ErrorClass, Fault
from trigate.core.part import Part
from trigate.core.ports.upstream import Call
from trigate.core.usage import Usage

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
    """What a vendor's error body says: `code` is its own word, `retry_after_ms` how long it asks us to wait there."""

    error_class: ErrorClass
    message: str
    code: str = ""
    retry_after_ms: int | None = None


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
        """Neutral parameter name -> this dialect's keys for it, the preferred one first; `a.b` is `b` in object `a`."""
        ...

    @property
    def count_key(self) -> str:
        """Where the number stands in the reply to `count_tokens`."""
        ...

    @property
    def renamed_keys(self) -> Mapping[str, str | None]:
        """Top-level keys of this dialect that the vendor knows by another name, or (None) refuses."""
        ...

    def envelope(self, body: bytes) -> Envelope:
        """The routing fields of a request's body. Raises `Refused`."""
        ...

    def forward_edits(self, envelope: Envelope, model: str) -> dict[str, bytes | None]:
        """Top-level edits for a body that goes to the same dialect: `model` where it stands there, usage asked for."""
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

    def call(self, operation: str, model: str, stream: bool, headers: Mapping[bytes, bytes], body: bytes) -> Call:
        """The HTTP request for one operation (`chat`, `count_tokens`). Raises `Refused` for one it does not have.

        `model` and `stream` are for vendors that have them in the URL; `body` is complete.
        """
        ...

    def classify(self, status: int, body: bytes) -> VendorError:
        """What an error reply means."""
        ...
