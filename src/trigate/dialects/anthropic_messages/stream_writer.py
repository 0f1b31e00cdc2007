"""Writes neutral deltas as a client's stream of Messages events.

Contract: `core.ports.StreamWriter`. `message_start` first, then blocks that count from 0 and never overlap, then one
`message_delta` and `message_stop`. Neutral blocks may overlap (tool calls that another dialect interleaves): what
comes for a later block is held back until the blocks before it have stopped; that is bounded by the relay's cap on a
reply. A block of text opens with its first character, so that an empty one is never seen: clients would send it back,
and the API refuses it. `message_delta` waits for `Ended`, because usage may follow the stop reason.
Deltas out of order raise ValueError. Budget: 5 us a delta.
Source: platform.claude.com/docs/en/build-with-claude/streaming. Above: the relay. Below: `stops`, `usage`, `error`.
"""

from collections.abc import Sequence
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
    Refusal,
    SignatureDelta,
    Started,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    ToolCall,
)
from trigate.core.errors import Fault
from trigate.core.usage import Usage
from trigate.dialects.anthropic_messages.blocks import Json
from trigate.dialects.anthropic_messages.error import stream_error
from trigate.dialects.anthropic_messages.stops import write_stop
from trigate.dialects.anthropic_messages.usage import write_usage
from trigate.wire import sse

_Fragment = TextDelta | ThinkingDelta | ArgumentsDelta

_JSON: Final = msgspec.json.Encoder()
_BLOCK_START: Final = (
    b'event: content_block_start\ndata: {"type":"content_block_start","index":%d,"content_block":%b}\n\n'
)
_BLOCK_DELTA: Final = b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,"delta":{"type":%b'
_BLOCK_STOP: Final = b'event: content_block_stop\ndata: {"type":"content_block_stop","index":%d}\n\n'
_DELTA_END: Final = b"}}\n\n"
_MESSAGE_STOP: Final = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
_TEXT: Final = b'"text_delta","text":'
_THINKING: Final = b'"thinking_delta","thinking":'
_SIGNATURE: Final = b'"signature_delta","signature":'
_ARGUMENTS: Final = b'"input_json_delta","partial_json":'


class _Block:
    """One block that has not been closed in the output yet."""

    __slots__ = ("accepts", "delta", "head", "held", "index", "is_lazy", "opening", "seal", "signature", "stopped")

    def __init__(self, started: BlockStarted) -> None:
        self.index = started.index
        self.stopped = False
        self.signature = ""
        self.seal = ""  # of a call, which has no place for it: thinking without text in front of it has
        self.is_lazy = False
        self.head = b""  # of each of its deltas, once it is open
        self.accepts: type[_Fragment] | None = None
        self.delta = b""
        text = ""
        match started.block:
            case Text(text=text) | Refusal(text=text):
                self.opening: Json = {"type": "text", "text": ""}
                self.accepts, self.delta, self.is_lazy = TextDelta, _TEXT, True
            case Thinking(text=text, signature=signature):
                self.opening = {"type": "thinking", "thinking": "", "signature": ""}
                self.accepts, self.delta, self.signature = ThinkingDelta, _THINKING, signature or ""
            case ToolCall(id=call_id, name=name, arguments=text, signature=seal):
                self.opening = {"type": "tool_use", "id": call_id, "name": name, "input": {}}
                self.seal = seal or ""
                self.accepts, self.delta = ArgumentsDelta, _ARGUMENTS
            case RedactedThinking(data=data):
                self.opening = {"type": "redacted_thinking", "data": data}
        self.held = [text] if text else []


class MessagesStreamWriter:
    """One per reply."""

    __slots__ = ("_blocks", "_called", "_current", "_finished", "_opened", "_over", "_refused", "_started", "_usage")

    def __init__(self) -> None:
        self._started: Started | None = None
        self._finished: Finished | None = None
        self._over = False
        self._usage = Usage()
        self._blocks: dict[int, _Block] = {}  # not closed yet, in order; the first is the current one
        self._current: _Block | None = None
        self._opened = 0  # blocks opened in the output
        self._called = self._refused = False

    def write(self, deltas: Sequence[Delta]) -> bytes:
        """Events for `deltas`. Raises ValueError for deltas out of order."""
        return b"".join([self._one(delta) for delta in deltas])

    def fail(self, fault: Fault, request_id: str) -> bytes:
        """An `error` event; nothing follows it, so the message never looks complete."""
        if self._over:
            return b""
        self._over, self._current = True, None
        return stream_error(fault, request_id)

    def _one(self, delta: Delta) -> bytes:
        if isinstance(delta, TextDelta | ArgumentsDelta | ThinkingDelta):
            text = delta.fragment if isinstance(delta, ArgumentsDelta) else delta.text
            block = self._current
            if block is not None and block.head and block.index == delta.index and type(delta) is block.accepts:
                if delta.choice:
                    raise _stray(delta.choice)
                return block.head + _JSON.encode(text) + _DELTA_END if text else b""
            return self._hold(delta, text)
        return self._seldom(delta)

    def _seldom(self, delta: Delta) -> bytes:
        is_early = self._started is None and not isinstance(delta, Started | Failed)
        is_late = self._started is not None and isinstance(delta, Started)
        if self._over or is_early or is_late:
            raise ValueError(f"{type(delta).__name__} out of order")
        match delta:
            case Started():
                return self._start(delta)
            case BlockStarted():
                return self._block_started(delta)
            case SignatureDelta():
                return self._sign(delta)
            case BlockStopped():
                return self._block_stopped(delta)
            case Finished():
                self._finish(delta)
            case Metered(usage=usage):
                self._usage = self._usage.merged(usage)
            case Ended():
                return self._end()
            case Failed(fault=fault):
                return self.fail(fault, "")
        return b""

    def _start(self, started: Started) -> bytes:
        self._started = started
        self._usage = started.usage
        message: Json = {
            "id": started.id,
            "type": "message",
            "role": "assistant",
            "model": started.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {**write_usage(started.usage), "output_tokens": 1},
        }
        return _event("message_start", {"message": message})

    # --- blocks -------------------------------------------------------------------------------------------------------

    def _block_started(self, started: BlockStarted) -> bytes:
        block = _Block(started)
        if started.choice:
            raise _stray(started.choice)
        if self._finished is not None or block.index in self._blocks:
            raise ValueError(f"block {block.index} starts out of order")
        self._called |= isinstance(started.block, ToolCall)
        self._refused |= isinstance(started.block, Refusal)
        self._blocks[block.index] = block
        return self._advance() if self._current is None else b""

    def _hold(self, delta: _Fragment, text: str) -> bytes:
        """A fragment of a block that is not open in the output."""
        block = self._find(delta.index, delta.choice)
        if type(delta) is not block.accepts:
            raise ValueError(f"a {type(delta).__name__} in block {delta.index}, which is of another kind")
        if text:
            block.held.append(text)
        return self._flush(block) if block is self._current else b""

    def _sign(self, delta: SignatureDelta) -> bytes:
        block = self._find(delta.index, delta.choice)
        if block.accepts is not ThinkingDelta:
            raise ValueError(f"a signature in block {delta.index}, which is no thinking")
        block.signature = delta.signature
        return self._flush(block) if block is self._current else b""

    def _block_stopped(self, delta: BlockStopped) -> bytes:
        block = self._find(delta.index, delta.choice)
        block.stopped = True
        return self._advance() if block is self._current else b""

    def _find(self, index: int, choice: int) -> _Block:
        if choice:
            raise _stray(choice)
        block = self._blocks.get(index)
        if block is None or block.stopped or self._over:
            raise ValueError(f"block {index} is not open")
        return block

    def _advance(self) -> bytes:
        """Close the current block if it has stopped, then go on with those that waited for it."""
        events: list[bytes] = []
        while self._blocks:
            block = self._current = next(iter(self._blocks.values()))
            events.append(self._flush(block))
            if not block.stopped:
                return b"".join(events)
            if block.head:
                events.append(_BLOCK_STOP % (self._opened - 1))
            del self._blocks[block.index]
        self._current = None
        return b"".join(events)

    def _flush(self, block: _Block) -> bytes:
        """Open the current block, if there is something to show, and write what was held back of it."""
        events: list[bytes] = []
        if block.seal:
            events += self._sealed(block.seal)
            block.seal = ""
        if not block.head and (block.held or not block.is_lazy):
            block.head = _BLOCK_DELTA % (self._opened, block.delta)
            events.append(_BLOCK_START % (self._opened, _JSON.encode(block.opening)))
            self._opened += 1
        if block.held:
            events += (block.head, _JSON.encode("".join(block.held)), _DELTA_END)
            block.held.clear()
        if block.signature:
            events += (_BLOCK_DELTA % (self._opened - 1, _SIGNATURE), _JSON.encode(block.signature), _DELTA_END)
            block.signature = ""
        return b"".join(events)

    def _sealed(self, signature: str) -> tuple[bytes, ...]:
        """A block of thinking that is nothing but its signature."""
        index, self._opened = self._opened, self._opened + 1
        opening = _JSON.encode({"type": "thinking", "thinking": "", "signature": ""})
        head = _BLOCK_DELTA % (index, _SIGNATURE)
        return (_BLOCK_START % (index, opening), head, _JSON.encode(signature), _DELTA_END, _BLOCK_STOP % index)

    # --- the end ------------------------------------------------------------------------------------------------------

    def _finish(self, finished: Finished) -> None:
        if finished.choice:
            raise _stray(finished.choice)
        if self._blocks or self._finished is not None:
            raise ValueError("the reply finishes twice, or with an open block")
        self._finished = finished

    def _end(self) -> bytes:
        if self._finished is None:
            raise ValueError("the stream ends before the reply has finished")
        self._over = True
        stop = write_stop(self._finished.stop, called=self._called, refused=self._refused)
        delta = {"stop_reason": stop, "stop_sequence": self._finished.stop_sequence}
        return _event("message_delta", {"delta": delta, "usage": write_usage(self._usage)}) + _MESSAGE_STOP


def _event(name: str, fields: Json) -> bytes:
    return sse.encode(_JSON.encode({"type": name, **fields}), name)


def _stray(choice: int) -> ValueError:
    return ValueError(f"choice {choice}: a message is one choice")
