"""OpenAI chat completions, both halves: `OpenAIChat` is the dialect, one module for each thing it reads or writes.

Spoken by OpenAI and its many imitators; what these leave out, set to null or name otherwise is understood when reading
and never written. Source: platform.openai.com/docs/api-reference/chat.
"""

from collections.abc import Mapping
from typing import Final

from trigate.core.chat import Chat, Reply
from trigate.core.envelope import Envelope
from trigate.core.errors import Fault
from trigate.core.part import Part
from trigate.core.ports import VendorError
from trigate.dialects.openai_chat.envelope import PARAM_KEYS, forward_edits, read_envelope
from trigate.dialects.openai_chat.error import read_error, stream_error, write_error
from trigate.dialects.openai_chat.meter import Meter
from trigate.dialects.openai_chat.parts import parts
from trigate.dialects.openai_chat.reply import read_reply, write_reply
from trigate.dialects.openai_chat.request_reader import read_request
from trigate.dialects.openai_chat.request_writer import write_request
from trigate.dialects.openai_chat.stream_reader import StreamReader
from trigate.dialects.openai_chat.stream_writer import DONE_EVENT, StreamWriter
from trigate.dialects.openai_chat.think_tags import UntaggedChunks
from trigate.dialects.openai_chat.traits import OPENAI, Traits
from trigate.dialects.openai_chat.usage_places import CHUNK_READERS

__all__ = ["OpenAIChat", "Traits"]


class OpenAIChat:
    """`core.ports.Dialect`, of OpenAI or of one imitator. Stateless: one instance serves every exchange."""

    name = "openai_chat"
    param_keys: Mapping[str, tuple[str, ...]] = PARAM_KEYS
    implied_end: bytes | None = DONE_EVENT
    """Many imitators leave `[DONE]` out; clients wait for it."""
    count_key = "input_tokens"

    def __init__(self, traits: Traits = OPENAI) -> None:
        self._traits: Final = traits
        self._read_chunk: Final = CHUNK_READERS[traits.usage_in]
        self.renamed_keys: Final = traits.renames

    def envelope(self, body: bytes) -> Envelope:
        """The routing fields of a request's body. Raises `Refused`."""
        return read_envelope(body)

    def forward_edits(self, envelope: Envelope, model: str) -> dict[str, bytes | None]:
        """Top-level edits for a body that is forwarded to the same dialect."""
        return forward_edits(envelope, model, ask_usage=self._traits.asks_usage)

    def read_request(self, body: bytes) -> Chat:
        """A client's request. Raises `Refused`."""
        return read_request(body)

    def parts(self, body: bytes) -> list[Part]:
        """Every text in a request, for guardrails. Raises `Refused`."""
        return parts(body)

    def write_request(self, chat: Chat) -> bytes:
        """The body for an upstream, usage asked for. Adds to `chat.lost`."""
        return write_request(chat, self._traits)

    def read_reply(self, body: bytes) -> Reply:
        """An upstream's whole reply. Raises ValueError."""
        return read_reply(body, think_tags=self._traits.think_tags)

    def write_reply(self, reply: Reply) -> bytes:
        """A whole reply for a client."""
        return write_reply(reply)

    def meter(self, envelope: Envelope) -> Meter:
        """A fresh meter for a forwarded reply."""
        return Meter(envelope, self._read_chunk)

    def stream_reader(self) -> StreamReader:
        """A fresh reader for an upstream's stream."""
        return StreamReader(UntaggedChunks(self._read_chunk) if self._traits.think_tags else self._read_chunk)

    def stream_writer(self, envelope: Envelope) -> StreamWriter:
        """A fresh writer for a client's stream."""
        return StreamWriter(envelope.wants_usage)

    def read_error(self, status: int, body: bytes) -> VendorError:
        """An upstream's error reply, whatever its body."""
        return read_error(status, body)

    def write_error(self, fault: Fault, request_id: str) -> bytes:
        """A fault as OpenAI's error body."""
        return write_error(fault, request_id)

    def stream_error(self, fault: Fault, request_id: str) -> bytes:
        """A fault as an event of a forwarded stream."""
        return stream_error(fault, request_id)
