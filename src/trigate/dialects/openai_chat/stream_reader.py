"""An upstream's stream of chunks as neutral deltas.

Per choice at most one block of prose (thinking, text, refusal) is open; another kind, or a tool call, stops it. Tool
calls stay open until the choice finishes, since fragments of several may interleave. Which call a fragment belongs to
is told by its `index`; where an imitator leaves that out, or gives every call the same one, by `id` and `name`.
A stream that says `[DONE]` without a finish reason is taken as finished; content after a finish reason is malformed.
"""

from collections.abc import Callable
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
    Refusal,
    Started,
    StopReason,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    ToolCall,
)
from trigate.dialects.openai_chat.error import read_error
from trigate.dialects.openai_chat.reply import CallIds
from trigate.dialects.openai_chat.shapes import (
    DONE,
    NOTHING,
    CallFunction,
    CallShape,
    Chunk,
    ChunkChoice,
    Said,
    decode_chunk,
    signature_of,
    stop_reason,
)
from trigate.dialects.openai_chat.usage import read_usage
from trigate.dialects.parts import says_something, upstream_fault

Prose = Thinking | Text | Refusal

_NO_FUNCTION: Final = CallFunction()


def in_band_error(name: str, data: bytes, chunk: Chunk) -> Failed | None:
    """The error that an event reports, in any of the ways vendors do, or None. OpenRouter's stands beside choices."""
    if chunk.error is NOTHING and chunk.choices is not None:
        return None
    if says_something(chunk.error) or (chunk.choices is None and (name == "error" or chunk.object == "error")):
        return Failed(upstream_fault(read_error(0, data)))
    return None


class StreamReader:
    """One reply's state. `read` takes the events in order; an event without data says nothing."""

    __slots__ = ("_choices", "_over", "_read", "_reply_id", "_started")

    def __init__(self, read: Callable[[bytes], Chunk] = decode_chunk) -> None:
        """`read` makes a chunk of an event's data."""
        self._read = read
        self._choices: dict[int, _ChoiceReader] = {}
        self._started = False
        self._over = False
        self._reply_id = ""

    def read(self, name: str, data: bytes) -> list[Delta]:
        """The deltas of one event. Raises ValueError on malformed data."""
        if self._over or not data:
            return []
        if data.strip() == DONE:
            return self._end()
        chunk = self._read(data)
        failed = in_band_error(name, data, chunk)
        if failed is not None:
            self._over = True
            return [failed]
        deltas: list[Delta] = []
        if not self._started and (chunk.choices or chunk.usage is not None):
            self._start(chunk, deltas)
        for shape in chunk.choices or ():
            self._choice(shape.index).read(shape, deltas)
        if chunk.usage is not None:
            deltas.append(Metered(read_usage(chunk.usage)))
        return deltas

    def _start(self, chunk: Chunk, deltas: list[Delta]) -> None:
        """The first chunk with something in it; Azure sends one before it that has no id and no model."""
        self._started = True
        self._reply_id = chunk.id or ""
        deltas.append(Started(self._reply_id, chunk.model or "", created=int(chunk.created or 0)))

    def _choice(self, index: int) -> "_ChoiceReader":
        choice = self._choices.get(index)
        if choice is None:
            choice = self._choices[index] = _ChoiceReader(index, self._reply_id)
        return choice

    def _end(self) -> list[Delta]:
        if not self._choices:
            raise ValueError("a stream that ends without a choice")
        self._over = True
        deltas: list[Delta] = []
        for choice in self._choices.values():
            choice.finish(None, None, deltas)
        deltas.append(Ended())
        return deltas


class _OpenCall(msgspec.Struct):
    """A tool call whose fragments are coming: its block, the vendor's id and its name."""

    block: int
    vendor_id: str
    name: str


class _ChoiceReader:
    """The blocks of one choice."""

    __slots__ = ("_blocks", "_by_index", "_calls", "_finished", "_ids", "_index", "_prose", "_prose_kind", "_refused")

    def __init__(self, index: int, reply_id: str) -> None:
        self._index = index
        self._blocks = 0
        self._prose = -1
        self._prose_kind: type[Prose] = Text
        self._calls: list[_OpenCall] = []
        self._by_index: dict[int, _OpenCall] = {}
        self._ids = CallIds(reply_id, index)
        self._refused = False
        self._finished = False

    def read(self, shape: ChunkChoice, deltas: list[Delta]) -> None:
        if shape.delta is not None:
            self._said(shape.delta, deltas)
        if shape.finish_reason:
            self.finish(shape.finish_reason, shape.stop_reason, deltas)

    def _said(self, delta: Said, deltas: list[Delta]) -> None:
        if thinking := delta.reasoning_content or delta.reasoning:
            self._say(Thinking, thinking, deltas)
        if delta.content:
            self._say(Text, delta.content, deltas)
        if delta.refusal:
            self._refused = True
            self._say(Refusal, delta.refusal, deltas)
        if delta.tool_calls:
            self._stop_prose(deltas)
            for fragment in delta.tool_calls:
                self._call(fragment, deltas)

    def _say(self, kind: type[Prose], text: str, deltas: list[Delta]) -> None:
        if self._prose < 0 or self._prose_kind is not kind:
            self._stop_prose(deltas)
            self._prose, self._prose_kind = self._open(kind(""), deltas), kind
        if kind is Thinking:
            deltas.append(ThinkingDelta(self._prose, text, self._index))
        else:
            deltas.append(TextDelta(self._prose, text, self._index))

    def _open(self, block: Prose | ToolCall, deltas: list[Delta]) -> int:
        if self._finished:
            raise ValueError("content after a finish reason")
        index = self._blocks
        self._blocks += 1
        deltas.append(BlockStarted(index, block, self._index))
        return index

    def _stop_prose(self, deltas: list[Delta]) -> None:
        if self._prose >= 0:
            deltas.append(BlockStopped(self._prose, self._index))
            self._prose = -1

    def _call(self, fragment: CallShape, deltas: list[Delta]) -> None:
        function = fragment.function or _NO_FUNCTION
        call = self._known(fragment.index, fragment.id or "", function.name or "")
        if call is None:
            call = self._new_call(fragment, function.name or "", deltas)
        if function.arguments:
            if self._finished:
                raise ValueError("content after a finish reason")
            deltas.append(ArgumentsDelta(call.block, function.arguments, self._index))

    def _new_call(self, fragment: CallShape, name: str, deltas: list[Delta]) -> _OpenCall:
        if not name:
            raise ValueError("a tool call without a name")
        signature = signature_of(fragment.extra_content)
        block = self._open(ToolCall(self._ids.unique(fragment.id), name, signature=signature), deltas)
        call = _OpenCall(block, fragment.id or "", name)
        self._calls.append(call)
        if fragment.index is not None:
            self._by_index[fragment.index] = call
        return call

    def _known(self, index: int | None, vendor_id: str, name: str) -> _OpenCall | None:
        """The call that a fragment continues, or None when it opens one.

        A fragment with both an id and a name that are not the known call's opens another one, whatever its index.
        """
        if index is not None:
            call = self._by_index.get(index)
            renewed = call is not None and vendor_id and name and vendor_id != call.vendor_id
            return None if renewed else call
        if vendor_id:
            same = (call for call in self._calls if call.vendor_id == vendor_id and name in ("", call.name))
            return next(same, None) if name else self._last_with(vendor_id)
        return None if name or not self._calls else self._calls[-1]

    def _last_with(self, vendor_id: str) -> _OpenCall | None:
        return next((call for call in reversed(self._calls) if call.vendor_id == vendor_id), None)

    def finish(self, reason: str | None, matched: int | str | None, deltas: list[Delta]) -> None:
        """Stop what is open and say why the choice ended; once."""
        if self._finished:
            return
        self._stop_prose(deltas)
        deltas += [BlockStopped(call.block, self._index) for call in self._calls]
        self._finished = True
        stop = stop_reason(reason, called=bool(self._calls), refused=self._refused)
        if isinstance(matched, str) and stop is StopReason.END:
            deltas.append(Finished(StopReason.STOP_SEQUENCE, matched, self._index))
        else:
            deltas.append(Finished(stop, None, self._index))
