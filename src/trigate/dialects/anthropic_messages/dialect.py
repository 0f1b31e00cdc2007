"""The Anthropic Messages dialect: `core.ports.Dialect` for the shape that Claude Code and Anthropic's SDKs speak.

Same-dialect traffic is forwarded as it came, betas and server tools included, with its model replaced. Other traffic
goes through the neutral contract, in whose readers and writers the rules of translation stand.
Source: platform.claude.com/docs/en/api/messages. Above: surfaces and providers. Below: the modules of this package.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from trigate.core.chat import Chat, Reply
from trigate.core.envelope import Envelope
from trigate.core.errors import Fault
from trigate.core.part import Part
from trigate.core.ports import Meter, StreamReader, StreamWriter, VendorError
from trigate.dialects.anthropic_messages import error
from trigate.dialects.anthropic_messages.envelope import read_envelope
from trigate.dialects.anthropic_messages.meter import MessagesMeter
from trigate.dialects.anthropic_messages.parts import parts
from trigate.dialects.anthropic_messages.reply import read_reply, write_reply
from trigate.dialects.anthropic_messages.request_reader import read_request
from trigate.dialects.anthropic_messages.request_writer import write_request
from trigate.dialects.anthropic_messages.stream_reader import MessagesStreamReader
from trigate.dialects.anthropic_messages.stream_writer import MessagesStreamWriter

_PARAM_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "model": ("model",),
    "max_tokens": ("max_tokens",),
    "temperature": ("temperature",),
    "top_p": ("top_p",),
    "top_k": ("top_k",),
    "stop": ("stop_sequences",),
    "service_tier": ("service_tier",),
}


class AnthropicMessages:
    """One instance serves every exchange."""

    name = "anthropic_messages"
    implied_end: bytes | None = None
    param_keys = _PARAM_KEYS
    count_key = "input_tokens"
    renamed_keys: Mapping[str, str | None] = MappingProxyType({})

    def envelope(self, body: bytes) -> Envelope:
        """The routing fields of a request's body. Raises `Refused`."""
        return read_envelope(body)

    def forward_edits(self, envelope: Envelope, model: str) -> dict[str, bytes | None]:
        """Top-level edits for a body that is forwarded to the same dialect: the model."""
        return {"model": msgspec.json.encode(model)}

    def read_request(self, body: bytes) -> Chat:
        """A client's request. Raises `Refused`."""
        return read_request(body)

    def parts(self, body: bytes) -> list[Part]:
        return parts(body)

    def write_request(self, chat: Chat) -> bytes:
        """The body for an upstream. Adds to `chat.lost`; raises `Refused`."""
        return write_request(chat)

    def read_reply(self, body: bytes) -> Reply:
        """An upstream's message. Raises ValueError."""
        return read_reply(body)

    def write_reply(self, reply: Reply) -> bytes:
        """A message for a client. Raises ValueError for what a message cannot say."""
        return write_reply(reply)

    def meter(self, envelope: Envelope) -> Meter:
        """A fresh meter for a forwarded reply."""
        return MessagesMeter()

    def stream_reader(self) -> StreamReader:
        """A fresh reader for an upstream's stream."""
        return MessagesStreamReader()

    def stream_writer(self, envelope: Envelope) -> StreamWriter:
        """A fresh writer for a client's stream."""
        return MessagesStreamWriter()

    def read_error(self, status: int, body: bytes) -> VendorError:
        """An upstream's error reply, whatever its body."""
        return error.read_error(status, body)

    def write_error(self, fault: Fault, request_id: str) -> bytes:
        """A fault as Anthropic's error body."""
        return error.write_error(fault, request_id)

    def stream_error(self, fault: Fault, request_id: str) -> bytes:
        """A fault as an event of a forwarded stream."""
        return error.stream_error(fault, request_id)
