"""Reads, beside the byte path, what evidence needs of a forwarded reply: usage, model, stop reason, size of content.

Contract: `core.ports.Meter`. An event is judged by its SSE name, or by its `type` where the name is missing, and
decoded only as far as it is needed. Nothing is HIDDEN: the API reports usage unasked. Budget: 1.5 us a delta.
Source: platform.claude.com/docs/en/build-with-claude/streaming. Above: the relay. Below: `usage`, `error`.
"""

from typing import Final

import msgspec

from trigate.core.errors import Fault
from trigate.core.ports import CONTENT, ENDED, FAILED, SILENT
from trigate.core.usage import Usage
from trigate.dialects.anthropic_messages.error import read_event_error
from trigate.dialects.anthropic_messages.stops import read_stop
from trigate.dialects.anthropic_messages.usage import Tally, WireUsage

_NOTHING: Final = msgspec.Raw(b"")


class _Fragment(msgspec.Struct):
    """A delta, or a block as it starts: only one of these has characters."""

    type: str = ""
    text: str | None = None
    thinking: str | None = None
    partial_json: str | None = None
    name: str | None = None


class _Delta(msgspec.Struct):
    delta: _Fragment


class _Start(msgspec.Struct):
    content_block: _Fragment


class _Message(msgspec.Struct):
    model: str = ""
    usage: WireUsage | None = None


class _MessageStart(msgspec.Struct):
    message: _Message


class _Stop(msgspec.Struct):
    stop_reason: str | None = None


class _MessageDelta(msgspec.Struct):
    delta: _Stop = msgspec.field(default_factory=_Stop)
    usage: WireUsage | None = None


class _WholeBlock(msgspec.Struct):
    text: str | None = None
    thinking: str | None = None
    name: str | None = None
    input: msgspec.Raw = _NOTHING


class _Whole(msgspec.Struct, tag_field="type", tag="message"):
    content: list[_WholeBlock]
    model: str = ""
    stop_reason: str | None = None
    usage: WireUsage | None = None


class _Typed(msgspec.Struct):
    type: str


_DELTA: Final = msgspec.json.Decoder(_Delta)
_START: Final = msgspec.json.Decoder(_Start)
_MESSAGE_START: Final = msgspec.json.Decoder(_MessageStart)
_MESSAGE_DELTA: Final = msgspec.json.Decoder(_MessageDelta)
_WHOLE: Final = msgspec.json.Decoder(_Whole)
_TYPED: Final = msgspec.json.Decoder(_Typed)


class MessagesMeter:
    """One per reply. `stop` is a `StopReason` once it is known."""

    __slots__ = ("_tally", "fault", "model", "output_chars", "stop", "usage")

    def __init__(self) -> None:
        self.usage: Usage | None = None
        self.model = ""
        self.stop = ""
        self.output_chars = 0
        self.fault: Fault | None = None
        self._tally = Tally()

    def event(self, name: str, data: bytes) -> int:
        """Judge one event. Raises ValueError on malformed data."""
        try:
            if name == "content_block_delta":
                fragment = _DELTA.decode(data).delta
                characters = len(fragment.text or fragment.partial_json or fragment.thinking or "")
                self.output_chars += characters
                return CONTENT if characters else SILENT
            return self._seldom(name, data) if name else self._unnamed(data)
        except RecursionError:
            raise ValueError("an event is nested too deep") from None

    def whole(self, body: bytes) -> None:
        """Read a whole message. Raises ValueError when it is none."""
        try:
            message = _WHOLE.decode(body)
        except RecursionError:
            raise ValueError("the message is nested too deep") from None
        self.model = message.model
        self.stop = read_stop(message.stop_reason) if message.stop_reason else ""
        for block in message.content:
            self.output_chars += len(block.text or block.thinking or block.name or "")
            self.output_chars += len(bytes(block.input))
        if message.usage is not None:
            self._tally.add(message.usage)
            self.usage = self._tally.usage()

    def _unnamed(self, data: bytes) -> int:
        name = _TYPED.decode(data).type
        return self.event(name, data) if name else SILENT

    def _seldom(self, name: str, data: bytes) -> int:
        match name:
            case "content_block_start":
                return self._block_start(_START.decode(data).content_block)
            case "message_start":
                self._message_start(_MESSAGE_START.decode(data).message)
            case "message_delta":
                self._message_delta(_MESSAGE_DELTA.decode(data))
            case "message_stop":
                return ENDED
            case "error":
                self.fault = read_event_error(data)
                return FAILED
        return SILENT

    def _block_start(self, block: _Fragment) -> int:
        characters = len(block.text or block.thinking or block.name or "")
        self.output_chars += characters
        return CONTENT if characters or block.type not in ("text", "thinking") else SILENT

    def _message_start(self, message: _Message) -> None:
        self.model = message.model
        if message.usage is not None:
            self._tally.begin(message.usage)
            self.usage = self._tally.usage()

    def _message_delta(self, event: _MessageDelta) -> None:
        if event.delta.stop_reason:
            self.stop = read_stop(event.delta.stop_reason)
        if event.usage is not None:
            self._tally.add(event.usage)
            self.usage = self._tally.usage()
