"""The Anthropic Messages dialect: `core.ports.Dialect` for the shape that Claude Code and Anthropic's SDKs speak.

Same-dialect traffic is forwarded as it came, betas and server tools included, with its model replaced. Other traffic
goes through the neutral contract, in whose readers and writers the rules of translation stand.
Source: platform.claude.com/docs/en/api/messages. Above: surfaces and providers. Below: the modules of this package.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from trigate.core.chat import Chat, Reply
from trigate.core.envelope import Envelope
from trigate.core.errors import Fault
from trigate.core.ports import Meter, StreamReader, StreamWriter, VendorError
from trigate.dialects.anthropic_messages import error
from trigate.dialects.anthropic_messages.envelope import read_envelope
from trigate.dialects.anthropic_messages.meter import MessagesMeter
from trigate.dialects.anthropic_messages.reply import read_reply, write_reply
from trigate.dialects.anthropic_messages.request_reader import read_request
from trigate.dialects.anthropic_messages.request_writer import write_request
from trigate.dialects.anthropic_messages.stream_reader import MessagesStreamReader
from trigate.dialects.anthropic_messages.stream_writer import MessagesStreamWriter

_PARAM_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
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
    param_keys = _PARAM_KEYS

    def envelope(self, body: bytes) -> Envelope:
        return read_envelope(body)

    def forward_edits(self, envelope: Envelope, model: str) -> dict[str, bytes | None]:
        return {} if model == envelope.model else {"model": msgspec.json.encode(model)}

    def read_request(self, body: bytes) -> Chat:
        return read_request(body)

    def write_request(self, chat: Chat) -> bytes:
        return write_request(chat)

    def read_reply(self, body: bytes) -> Reply:
        return read_reply(body)

    def write_reply(self, reply: Reply) -> bytes:
        return write_reply(reply)

    def meter(self, envelope: Envelope) -> Meter:
        return MessagesMeter()

    def stream_reader(self) -> StreamReader:
        return MessagesStreamReader()

    def stream_writer(self, envelope: Envelope) -> StreamWriter:
        return MessagesStreamWriter()

    def read_error(self, status: int, body: bytes) -> VendorError:
        return error.read_error(status, body)

    def write_error(self, fault: Fault, request_id: str) -> bytes:
        return error.write_error(fault, request_id)

    def stream_error(self, fault: Fault, request_id: str) -> bytes:
        return error.stream_error(fault, request_id)
