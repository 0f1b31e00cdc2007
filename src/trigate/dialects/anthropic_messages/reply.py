"""Whole replies, both ways.

Reading raises ValueError for a body that is no message, or has content that nobody could have asked for through the
neutral contract. Writing raises ValueError for a reply that this API cannot say: several choices, or tool arguments
that are no JSON object, unless the reply was cut at its token limit (then the input is empty, and `stop_reason` tells
why). Source: platform.claude.com/docs/en/api/messages. Above: `dialect`. Below: `blocks`, `stops`, `usage`.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from trigate.core.chat import (
    Block,
    Choice,
    RedactedThinking,
    Refusal,
    Reply,
    StopReason,
    Text,
    Thinking,
    ToolCall,
)
from trigate.dialects.anthropic_messages.blocks import Json, read_blocks, write_tool_use
from trigate.dialects.anthropic_messages.stops import read_stop, write_stop
from trigate.dialects.anthropic_messages.usage import Tally, WireUsage, write_usage
from trigate.dialects.fields import Fields, Misfit

_USAGE: Final = msgspec.json.Decoder(WireUsage)
_CUT: Final = (StopReason.LENGTH, StopReason.CONTEXT_FULL)


def read_reply(body: bytes) -> Reply:
    """An upstream's message. Raises ValueError."""
    try:
        return _read(Fields(body))
    except RecursionError:
        raise ValueError("the message is nested too deep") from None


def _read(fields: Fields) -> Reply:
    if fields.text("type") != "message":
        raise Misfit("type", "must be message")
    tally = Tally()
    usage = fields.raw("usage")
    if usage is not None:
        tally.add(_USAGE.decode(usage))
    unsaid: list[str] = []  # fields that accompany content, which no request of ours asks for
    choice = Choice(
        content=read_blocks(fields, "content", unsaid),
        stop=read_stop(fields.text("stop_reason") or "end_turn"),
        stop_sequence=fields.text("stop_sequence"),
    )
    return Reply(id=fields.text("id") or "", model=fields.text("model") or "", choices=[choice], usage=tally.usage())


def write_reply(reply: Reply) -> bytes:
    """A message for a client. Raises ValueError."""
    if len(reply.choices) != 1:
        raise ValueError(f"a message is one choice, not {len(reply.choices)}")
    choice = reply.choices[0]
    written = [_write_block(block, choice.stop) for block in _with_seals(choice.content)]
    message = {
        "id": reply.id,
        "type": "message",
        "role": "assistant",
        "model": reply.model,
        "content": [block for block in written if block is not None],
        "stop_reason": write_stop(
            choice.stop,
            called=any(isinstance(block, ToolCall) for block in choice.content),
            refused=any(isinstance(block, Refusal) for block in choice.content),
        ),
        "stop_sequence": choice.stop_sequence,
        "usage": write_usage(reply.usage),
    }
    return msgspec.json.encode(message)


def _with_seals(blocks: Iterable[Block]) -> Iterator[Block]:
    """A call has no place for its signature: thinking without text in front of it has, and clients bring it back."""
    for block in blocks:
        if isinstance(block, ToolCall) and block.signature:
            yield Thinking("", block.signature)
        yield block


def _write_block(block: Block, stop: StopReason) -> Json | None:
    match block:
        case Text(text=text) | Refusal(text=text):
            return {"type": "text", "text": text} if text else None
        case Thinking(text=text, signature=signature):
            return {"type": "thinking", "thinking": text, "signature": signature or ""}
        case RedactedThinking(data=data):
            return {"type": "redacted_thinking", "data": data}
        case ToolCall():
            return _write_call(block, stop)
    raise ValueError(f"a message has no content of type {type(block).__name__.lower()}")


def _write_call(call: ToolCall, stop: StopReason) -> Json:
    try:
        return write_tool_use(call)
    except Misfit:
        if stop not in _CUT:
            raise
        return write_tool_use(ToolCall(call.id, call.name))
