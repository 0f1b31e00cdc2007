"""Reads an upstream's stream as neutral deltas.

Contract: `core.ports.StreamReader`. The vendor's grammar is held to: blocks count from 0 and do not overlap, a delta
fits its block. Events of a type that is not known are passed over, as the vendor asks of clients; content of a type
that is not known cannot have been asked for, and raises ValueError, as does anything malformed.
Source: platform.claude.com/docs/en/build-with-claude/streaming. Above: the relay. Below: `usage`, `stops`, `error`.
"""

from typing import Final

import msgspec

from trigate.core.chat import (
    ArgumentsDelta,
    BlockStarted,
    BlockStopped,
    Delta,
    Ended,
    Failed,
    Finished,
    Metered,
    RedactedThinking,
    SignatureDelta,
    Started,
    StopReason,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    ToolCall,
)
from trigate.dialects.anthropic_messages.error import read_event_error
from trigate.dialects.anthropic_messages.stops import read_stop
from trigate.dialects.anthropic_messages.usage import Tally, WireUsage

_NO_INPUT: Final = msgspec.Raw(b"{}")


class _Fragment(msgspec.Struct):
    type: str
    text: str = ""
    thinking: str = ""
    signature: str = ""
    partial_json: str = ""


class _BlockDelta(msgspec.Struct):
    index: int
    delta: _Fragment


class _Opening(msgspec.Struct):
    type: str
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    data: str | None = None
    id: str | None = None
    name: str | None = None
    input: msgspec.Raw = _NO_INPUT


class _BlockStart(msgspec.Struct):
    index: int
    content_block: _Opening


class _BlockStop(msgspec.Struct):
    index: int


class _Message(msgspec.Struct):
    id: str = ""
    model: str = ""
    usage: WireUsage | None = None


class _MessageStart(msgspec.Struct):
    message: _Message


class _Stop(msgspec.Struct):
    stop_reason: str | None = None
    stop_sequence: str | None = None


class _MessageDelta(msgspec.Struct):
    delta: _Stop = msgspec.field(default_factory=_Stop)
    usage: WireUsage | None = None


class _Typed(msgspec.Struct):
    type: str


_BLOCK_DELTA: Final = msgspec.json.Decoder(_BlockDelta)
_BLOCK_START: Final = msgspec.json.Decoder(_BlockStart)
_BLOCK_STOP: Final = msgspec.json.Decoder(_BlockStop)
_MESSAGE_START: Final = msgspec.json.Decoder(_MessageStart)
_MESSAGE_DELTA: Final = msgspec.json.Decoder(_MessageDelta)
_TYPED: Final = msgspec.json.Decoder(_Typed)

_NO_BLOCK: Final = ""


class MessagesStreamReader:
    """One per reply."""

    __slots__ = ("_arguments", "_finished", "_index", "_kind", "_over", "_started", "_tally")

    def __init__(self) -> None:
        self._tally = Tally()
        self._started = self._finished = self._over = False
        self._index = -1  # of the block that started last
        self._kind = _NO_BLOCK  # of the block that is open
        self._arguments = ""  # of an open tool call, as its start gave them; stand if no fragment follows

    def read(self, name: str, data: bytes) -> list[Delta]:
        """The deltas of one event. Raises ValueError."""
        try:
            name = name or _TYPED.decode(data).type
            if name == "content_block_delta":
                return self._block_delta(_BLOCK_DELTA.decode(data))
            return self._seldom(name, data)
        except RecursionError:
            raise ValueError("an event is nested too deep") from None

    def _seldom(self, name: str, data: bytes) -> list[Delta]:
        match name:
            case "content_block_start":
                return self._block_start(_BLOCK_START.decode(data))
            case "content_block_stop":
                return self._block_stop(_BLOCK_STOP.decode(data).index)
            case "message_start":
                return self._message_start(_MESSAGE_START.decode(data).message)
            case "message_delta":
                return self._message_delta(_MESSAGE_DELTA.decode(data))
            case "message_stop":
                return self._message_stop()
            case "error":
                self._over = True
                return [Failed(read_event_error(data))]
        return []

    def _message_start(self, message: _Message) -> list[Delta]:
        if self._started:
            raise ValueError("a second message_start")
        self._started = True
        if message.usage is not None:
            self._tally.begin(message.usage)
        return [Started(message.id, message.model, self._tally.usage())]

    # --- blocks -------------------------------------------------------------------------------------------------------

    def _block_start(self, event: _BlockStart) -> list[Delta]:
        if not self._started or self._finished or self._kind or event.index != self._index + 1:
            raise ValueError(f"content_block_start of block {event.index} out of order")
        index, block = event.index, event.content_block
        match block.type:
            case "text":
                deltas: list[Delta] = [BlockStarted(index, Text(""))]
            case "thinking":
                deltas = [BlockStarted(index, Thinking(""))]
            case "redacted_thinking":
                deltas = [BlockStarted(index, RedactedThinking(block.data or ""))]
            case "tool_use" if block.id and block.name:
                deltas = [BlockStarted(index, ToolCall(block.id, block.name))]
                self._arguments = bytes(block.input).decode()
            case kind:
                raise ValueError(f"content of type {kind} was not asked for, or is incomplete")
        self._index, self._kind = index, block.type
        if block.text:
            deltas.append(TextDelta(index, block.text))
        if block.thinking:
            deltas.append(ThinkingDelta(index, block.thinking))
        if block.signature:
            deltas.append(SignatureDelta(index, block.signature))
        return deltas

    def _block_delta(self, event: _BlockDelta) -> list[Delta]:
        index, fragment = event.index, event.delta
        if index != self._index or not self._kind:
            raise ValueError(f"a delta of block {index}, which is not open")
        match fragment.type, self._kind:
            case "text_delta", "text":
                return [TextDelta(index, fragment.text)] if fragment.text else []
            case "input_json_delta", "tool_use":
                if not fragment.partial_json:
                    return []
                self._arguments = ""
                return [ArgumentsDelta(index, fragment.partial_json)]
            case "thinking_delta", "thinking":
                return [ThinkingDelta(index, fragment.thinking)] if fragment.thinking else []
            case "signature_delta", "thinking":
                return [SignatureDelta(index, fragment.signature)] if fragment.signature else []
        raise ValueError(f"a {fragment.type} in a block of type {self._kind}")

    def _block_stop(self, index: int) -> list[Delta]:
        if index != self._index or not self._kind:
            raise ValueError(f"content_block_stop of block {index}, which is not open")
        self._kind = _NO_BLOCK
        arguments, self._arguments = self._arguments, ""
        if arguments:
            return [ArgumentsDelta(index, arguments), BlockStopped(index)]
        return [BlockStopped(index)]

    # --- the end ------------------------------------------------------------------------------------------------------

    def _message_delta(self, event: _MessageDelta) -> list[Delta]:
        if not self._started or self._over:
            raise ValueError("a message_delta out of order")
        deltas: list[Delta] = []
        if event.delta.stop_reason is not None:
            deltas += self._finish(read_stop(event.delta.stop_reason), event.delta.stop_sequence)
        if event.usage is not None:
            self._tally.add(event.usage)
            deltas.append(Metered(self._tally.usage()))
        return deltas

    def _message_stop(self) -> list[Delta]:
        if not self._started or self._over:
            raise ValueError("a message_stop out of order")
        deltas = self._finish(StopReason.END, None)
        self._over = True
        deltas.append(Ended())
        return deltas

    def _finish(self, stop: StopReason, sequence: str | None) -> list[Delta]:
        """The reply is complete, once; a message_stop without a stop reason is a plain end."""
        if self._kind:
            raise ValueError(f"the message ends with block {self._index} open")
        if self._finished:
            return []
        self._finished = True
        return [Finished(stop, sequence)]
