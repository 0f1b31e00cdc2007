"""Google's Gemini API (ai.google.dev/api/generate-content), both halves: `Gemini` is the dialect.

The model and whether to stream stand in the URL, a stream has no end of its own, and parameters stand in an object of
their own, `generationConfig`. Same-dialect traffic is forwarded as it came. One module for each thing that is read or
written. Above: surfaces and providers.
"""

from collections.abc import Mapping
from types import MappingProxyType

from trigate.core.chat import Chat, Reply
from trigate.core.envelope import Envelope
from trigate.core.errors import Fault
from trigate.core.part import Part
from trigate.core.ports import Meter, StreamReader, StreamWriter, VendorError
from trigate.dialects.gemini.envelope import PARAM_KEYS, read_envelope
from trigate.dialects.gemini.error import read_error, stream_error, write_error
from trigate.dialects.gemini.meter import GeminiMeter
from trigate.dialects.gemini.parts import parts
from trigate.dialects.gemini.reply import read_reply, write_reply
from trigate.dialects.gemini.request_reader import read_request
from trigate.dialects.gemini.request_writer import write_request
from trigate.dialects.gemini.stream_reader import GeminiStreamReader
from trigate.dialects.gemini.stream_writer import GeminiStreamWriter

__all__ = ["Gemini"]


class Gemini:
    """`core.ports.Dialect`. Stateless: one instance serves every exchange."""

    name = "gemini"
    param_keys: Mapping[str, tuple[str, ...]] = PARAM_KEYS
    implied_end: bytes | None = b""
    """A stream ends when it ends; finish reasons tell whether it was complete."""
    count_key = "totalTokens"
    renamed_keys: Mapping[str, str | None] = MappingProxyType({})

    def envelope(self, body: bytes) -> Envelope:
        """The routing fields of a request's body. Raises `Refused`."""
        return read_envelope(body)

    def forward_edits(self, envelope: Envelope, model: str) -> dict[str, bytes | None]:
        """The model stands in the URL: a second one in the body is taken out."""
        return {"model": None}

    def read_request(self, body: bytes) -> Chat:
        """A client's request. Raises `Refused`."""
        return read_request(body)

    def parts(self, body: bytes) -> list[Part]:
        """Every text in a request, for guardrails. Raises `Refused`."""
        return parts(body)

    def write_request(self, chat: Chat) -> bytes:
        """The body for an upstream. Adds to `chat.lost`; raises `Refused`."""
        return write_request(chat)

    def read_reply(self, body: bytes) -> Reply:
        """An upstream's whole reply. Raises ValueError."""
        return read_reply(body)

    def write_reply(self, reply: Reply) -> bytes:
        """A whole reply for a client. Raises ValueError."""
        return write_reply(reply)

    def meter(self, envelope: Envelope) -> Meter:
        """A fresh meter for a forwarded reply."""
        return GeminiMeter(envelope)

    def stream_reader(self) -> StreamReader:
        """A fresh reader for an upstream's stream."""
        return GeminiStreamReader()

    def stream_writer(self, envelope: Envelope) -> StreamWriter:
        """A fresh writer for a client's stream."""
        return GeminiStreamWriter()

    def read_error(self, status: int, body: bytes) -> VendorError:
        """An upstream's error reply, whatever its body."""
        return read_error(status, body)

    def write_error(self, fault: Fault, request_id: str) -> bytes:
        """A fault as Google's error body."""
        return write_error(fault, request_id)

    def stream_error(self, fault: Fault, request_id: str) -> bytes:
        """A fault as a chunk of a forwarded stream."""
        return stream_error(fault, request_id)
