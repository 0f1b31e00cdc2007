"""Writes neutral deltas as a client's stream of `GenerateContentResponse` chunks.

Contract: `core.ports.StreamWriter`. A piece of text is a chunk of its own; a function call, which clients take only
whole, is one when it has stopped. Finish reasons wait for `Ended`, because usage may follow them and stands with them
on the last chunk. Source: ai.google.dev/api/generate-content#method:-models.streamgeneratecontent.
Above: the relay. Below: `reply`, `usage`, `error`.
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
    SignatureDelta,
    Started,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    ToolCall,
)
from trigate.core.errors import Fault
from trigate.core.usage import NO_USAGE
from trigate.dialects.gemini.error import stream_error
from trigate.dialects.gemini.reply import Json, signed, write_call, write_parts
from trigate.dialects.gemini.shapes import finish_reason
from trigate.dialects.gemini.usage import write_usage
from trigate.wire import sse

_JSON: Final = msgspec.json.Encoder()
_CHUNK: Final = b'data: {"candidates":[{"content":{"parts":[%b],"role":"model"},"index":%d}],%b}\n\n'
_TEXT: Final = b'{"text":%b}'
_THOUGHT: Final = b'{"text":%b,"thought":true}'


class GeminiStreamWriter:
    """One per reply."""

    __slots__ = ("_blocks", "_cut", "_finished", "_over", "_started", "_tail", "_usage")

    def __init__(self) -> None:
        self._tail = b""
        self._blocks: dict[tuple[int, int], _Block] = {}
        self._cut: list[tuple[int, _Block]] = []
        self._finished: dict[int, Finished] = {}
        self._usage = NO_USAGE
        self._started: Started | None = None
        self._over = False

    def write(self, deltas: Sequence[Delta]) -> bytes:
        """Events for `deltas`. Raises ValueError for deltas out of order."""
        return b"".join([self._one(delta) for delta in deltas])

    def fail(self, fault: Fault, request_id: str) -> bytes:
        """An error chunk; no finish reason came before it, so the reply never looks complete."""
        if self._over:
            return b""
        self._over = True
        return stream_error(fault, request_id)

    def _one(self, delta: Delta) -> bytes:
        match delta:
            case TextDelta(text=text):
                return self._text(self._find(delta), text)
            case ThinkingDelta(text=text):
                return self._text(self._find(delta), text)
            case ArgumentsDelta(fragment=fragment):
                self._find(delta).pieces.append(fragment)
            case SignatureDelta(signature=signature):
                self._find(delta).signature = signature
            case BlockStarted():
                return self._begin(delta)
            case BlockStopped():
                return self._stop(delta)
            case _:
                return self._turn(delta)
        return b""

    def _turn(self, delta: Delta) -> bytes:
        match delta:
            case Started(id=ident, model=model, usage=usage):
                self._started, self._usage = delta, usage
                self._tail = _JSON.encode({"modelVersion": model, "responseId": ident})[1:-1]
            case Finished(choice=choice):
                self._finished[choice] = delta
            case Metered(usage=usage):
                self._usage = self._usage.merged(usage)
            case Ended():
                return self._end()
            case Failed(fault=fault):
                return self.fail(fault, "")
        return b""

    # --- blocks -------------------------------------------------------------------------------------------------------

    def _begin(self, started: BlockStarted) -> bytes:
        if self._started is None or self._over or started.choice in self._finished:
            raise ValueError(f"block {started.index} starts out of order")
        block = _Block(started)
        self._blocks[started.choice, started.index] = block
        match started.block:
            case Text(text=text) | Thinking(text=text):
                return self._text(block, text)
            case ToolCall(arguments=arguments):
                block.pieces.append(arguments)
        return b""

    def _find(self, delta: TextDelta | ThinkingDelta | ArgumentsDelta | SignatureDelta | BlockStopped) -> "_Block":
        block = self._blocks.get((delta.choice, delta.index))
        if block is None:
            raise ValueError(f"block {delta.index} is not open")
        return block

    def _text(self, block: "_Block", text: str) -> bytes:
        if not text:
            return b""
        block.has_text = True
        shape = _THOUGHT if isinstance(block.started.block, Thinking) else _TEXT
        return _CHUNK % (shape % _JSON.encode(text), block.started.choice, self._tail)

    def _stop(self, delta: BlockStopped) -> bytes:
        block = self._find(delta)
        del self._blocks[delta.choice, delta.index]
        try:
            part = block.last_part()
        except ValueError:  # the arguments may have been cut, which the finish reason will tell
            self._cut.append((delta.choice, block))
            return b""
        return b"" if part is None else self._part(part, delta.choice)

    def _part(self, part: Json, choice: int) -> bytes:
        return _CHUNK % (_JSON.encode(part), choice, self._tail)

    def _cut_calls(self) -> bytes:
        """Calls whose arguments are no JSON object. Raises ValueError where their reply was not cut."""
        written = b""
        for choice, block in self._cut:
            call = block.started.block
            finished = self._finished.get(choice)
            if isinstance(call, ToolCall) and finished is not None:
                written += self._part(write_call(block.call(call), finished.stop), choice)
        return written

    # --- the end ------------------------------------------------------------------------------------------------------

    def _end(self) -> bytes:
        if self._over or self._started is None or not self._finished or self._blocks:
            raise ValueError("the stream ends before the reply has finished")
        self._over = True
        candidates = [
            {
                "content": {"parts": [{"text": ""}], "role": "model"},
                "finishReason": finish_reason(finished.stop),
                "index": choice,
            }
            for choice, finished in sorted(self._finished.items())
        ]
        chunk: Json = {
            "candidates": candidates,
            "usageMetadata": write_usage(self._usage),
            "modelVersion": self._started.model,
            "responseId": self._started.id,
        }
        return self._cut_calls() + sse.encode(_JSON.encode(chunk))


class _Block:
    """A block that has not stopped yet."""

    __slots__ = ("has_text", "pieces", "signature", "started")

    def __init__(self, started: BlockStarted) -> None:
        block = started.block
        self.started = started
        self.has_text = False
        self.pieces: list[str] = []
        self.signature = block.signature if isinstance(block, Thinking | ToolCall) else None

    def call(self, block: ToolCall) -> ToolCall:
        """The whole call."""
        return ToolCall(block.id, block.name, "".join(self.pieces), signature=self.signature)

    def last_part(self) -> Json | None:
        """What is left to say of it when it stops. Raises ValueError for arguments that are no object."""
        block = self.started.block
        match block:
            case ToolCall():
                return write_call(self.call(block), None)
            case Thinking() if self.has_text:
                seal = signed(self.signature)
                return {"text": "", "thought": True} | seal if seal else None
            case Thinking():
                parts = write_parts(Thinking("", self.signature), None)
            case Text():
                return None
            case _:
                parts = [] if self.has_text else write_parts(block, None)
        return parts[0] if parts else None
