"""Neutral deltas as a stream of `chat.completion.chunk` events for an OpenAI client.

Each choice has its role chunk first and its finish reason on a chunk of its own. The usage chunk comes last, before
`[DONE]`, and only if the client asked for it; then the others carry `usage: null`. Thinking goes out as
`reasoning_content`, a de-facto extension; signatures and reasoning that only its vendor can read have no place here.
After `fail` the stream has an error event and no `[DONE]`. The output passes `dialects.grammar.openai_chat`.

Chunks of one block differ in one string: the bytes before and after it are made once, when the block starts.
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
from trigate.core.usage import NO_USAGE
from trigate.dialects.openai_chat.error import stream_error
from trigate.dialects.openai_chat.reply import extra_content, finish_reason
from trigate.dialects.openai_chat.usage import write_usage

DONE_EVENT: Final = b"data: [DONE]\n\n"
_KEYS: Final = {Text: b"content", Refusal: b"refusal", Thinking: b"reasoning_content"}

_string = msgspec.json.Encoder().encode


class StreamWriter:
    """One reply's state."""

    __slots__ = ("_blocks", "_choices", "_head", "_tail", "_usage", "_wants_usage")

    def __init__(self, wants_usage: bool) -> None:
        self._wants_usage = wants_usage
        self._tail = b',"usage":null}\n\n' if wants_usage else b"}\n\n"
        self._head = b""
        self._usage = NO_USAGE
        self._choices: list[_ChoiceState] = []
        self._blocks: dict[tuple[int, int], _BlockChunks] = {}

    def write(self, deltas: Sequence[Delta]) -> bytes:
        """Events for `deltas`; may be empty."""
        pieces: list[bytes] = []
        for delta in deltas:
            if isinstance(delta, TextDelta | ThinkingDelta):
                block = self._blocks[delta.choice, delta.index]
                if delta.text:
                    pieces += (block.head, _string(delta.text), block.tail)
            elif isinstance(delta, ArgumentsDelta):
                block = self._blocks[delta.choice, delta.index]
                if delta.fragment:
                    block.bare_call = False
                    pieces += (block.head, _string(delta.fragment), block.tail)
            else:
                self._turn(delta, pieces)
        return b"".join(pieces)

    def _turn(self, delta: Delta, pieces: list[bytes]) -> None:
        """What is not more of an open block."""
        match delta:
            case BlockStarted():
                self._open(delta, pieces)
            case BlockStopped():
                block = self._blocks.pop((delta.choice, delta.index), None)
                if block is not None and block.bare_call:
                    pieces += (block.head, b'"{}"', block.tail)
            case Finished():
                choice = self._choice(delta.choice, pieces)
                reason = finish_reason(delta.stop, refused=choice.refused)
                pieces.append(self._chunk(delta.choice, b"{}", b'"%s"' % reason.encode()))
            case Metered():
                self._usage = self._usage.merged(delta.usage)
            case Started():
                self._start(delta)
                self._choice(0, pieces)
            case Ended():
                pieces.append(self._end())
            case Failed() | SignatureDelta() | TextDelta() | ThinkingDelta() | ArgumentsDelta():
                pass

    def fail(self, fault: Fault, request_id: str) -> bytes:
        """An in-band error. Nothing may follow."""
        return stream_error(fault, request_id)

    def _start(self, delta: Started) -> None:
        self._usage = delta.usage
        self._head = b'data: {"id":%s,"object":"chat.completion.chunk","created":%d,"model":%s,"choices":[' % (
            _string(delta.id),
            delta.created,
            _string(delta.model),
        )

    def _chunk(self, choice: int, delta: bytes, reason: bytes = b"null") -> bytes:
        return b'%s{"index":%d,"delta":%s,"logprobs":null,"finish_reason":%s}]%s' % (
            self._head,
            choice,
            delta,
            reason,
            self._tail,
        )

    def _choice(self, index: int, pieces: list[bytes]) -> "_ChoiceState":
        """The state of a choice. The first mention of it writes its role, after those before it: SDKs keep a list."""
        while len(self._choices) <= index:
            pieces.append(self._chunk(len(self._choices), b'{"role":"assistant","content":"","refusal":null}'))
            self._choices.append(_ChoiceState())
        return self._choices[index]

    def _open(self, delta: BlockStarted, pieces: list[bytes]) -> None:
        choice = self._choice(delta.choice, pieces)
        block = delta.block
        if isinstance(block, ToolCall):
            number, choice.calls = choice.calls, choice.calls + 1
            sealed = b',"extra_content":%b' % _string(extra_content(block.signature)) if block.signature else b""
            opening = (
                b'{"tool_calls":[{"index":%d,"id":%s,"type":"function","function":{"name":%s,"arguments":%s}%s}]}'
                % (
                    number,
                    _string(block.id),
                    _string(block.name),
                    _string(block.arguments),
                    sealed,
                )
            )
            pieces.append(self._chunk(delta.choice, opening))
            chunks = self._chunks(
                delta.choice, b'{"tool_calls":[{"index":%d,"function":{"arguments":' % number, b"}}]}"
            )
            chunks.bare_call = not block.arguments
        elif isinstance(block, Text | Thinking | Refusal):
            choice.refused = choice.refused or isinstance(block, Refusal)
            chunks = self._chunks(delta.choice, b'{"%s":' % _KEYS[type(block)], b"}")
            if block.text:
                pieces += (chunks.head, _string(block.text), chunks.tail)
        else:
            return
        self._blocks[delta.choice, delta.index] = chunks

    def _chunks(self, choice: int, before: bytes, after: bytes) -> "_BlockChunks":
        return _BlockChunks(
            head=b'%s{"index":%d,"delta":%s' % (self._head, choice, before),
            tail=b'%s,"logprobs":null,"finish_reason":null}]%s' % (after, self._tail),
        )

    def _end(self) -> bytes:
        if not self._wants_usage:
            return DONE_EVENT
        return b'%s],"usage":%s}\n\n%s' % (self._head, write_usage(self._usage), DONE_EVENT)


class _ChoiceState(msgspec.Struct):
    """How many tool calls a choice has, and whether it refused in words."""

    calls: int = 0
    refused: bool = False


class _BlockChunks(msgspec.Struct):
    """The bytes around each string of one block. `bare_call`: a tool call that has no arguments yet."""

    head: bytes
    tail: bytes
    bare_call: bool = False
