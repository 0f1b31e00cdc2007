"""Whole replies: an upstream's `chat.completion` as a neutral reply, and a neutral reply for an OpenAI client.

OpenAI's message has one text, one refusal and a list of calls, so several text blocks become one, in order. Thinking
is read from `reasoning_content` (DeepSeek, vLLM, SGLang) or `reasoning` (OpenRouter, Groq) and written as
`reasoning_content`: a de-facto extension that OpenAI itself does not have. A signature, and reasoning that only its
vendor can read, have no place there.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from trigate.core.chat import Block, Choice, Refusal, Reply, StopReason, Text, Thinking, ToolCall
from trigate.core.usage import NO_USAGE
from trigate.dialects.openai_chat.shapes import CallShape, ReplyChoice, decode_reply, signature_of, stop_reason
from trigate.dialects.openai_chat.think_tags import split_thinking
from trigate.dialects.openai_chat.usage import read_usage, write_usage
from trigate.dialects.parts import minted_call_id

_FINISH: Final = {
    StopReason.END: "stop",
    StopReason.LENGTH: "length",
    StopReason.STOP_SEQUENCE: "stop",
    StopReason.TOOL_CALLS: "tool_calls",
    StopReason.CONTENT_FILTER: "content_filter",
    StopReason.PAUSE: "stop",
    StopReason.CONTEXT_FULL: "length",
}


def read_reply(body: bytes, *, think_tags: bool = False) -> Reply:
    """An upstream's whole reply; `think_tags` may stand in its texts. Raises ValueError."""
    shape = decode_reply(body)
    if not shape.choices:
        raise ValueError("a reply without choices")
    if think_tags:
        for choice in shape.choices:
            _untag(choice)
    reply_id = shape.id or ""
    return Reply(
        id=reply_id,
        model=shape.model or "",
        choices=[_read_choice(choice, reply_id) for choice in sorted(shape.choices, key=lambda choice: choice.index)],
        usage=NO_USAGE if shape.usage is None else read_usage(shape.usage),
        created=int(shape.created or 0),
    )


def _untag(choice: ReplyChoice) -> None:
    message = choice.message
    thinking, message.content = split_thinking(message.content or "")
    message.reasoning_content = (message.reasoning_content or message.reasoning or "") + thinking


def _read_choice(shape: ReplyChoice, reply_id: str) -> Choice:
    message = shape.message
    blocks: list[Block] = []
    if reasoning := message.reasoning_content or message.reasoning:
        blocks.append(Thinking(reasoning))
    if message.content:
        blocks.append(Text(message.content))
    if message.refusal:
        blocks.append(Refusal(message.refusal))
    calls = CallIds(reply_id, shape.index)
    blocks += [_read_call(call, calls) for call in message.tool_calls or ()]
    stop = stop_reason(shape.finish_reason, called=bool(message.tool_calls), refused=bool(message.refusal))
    if isinstance(shape.stop_reason, str) and stop is StopReason.END:
        return Choice(blocks, StopReason.STOP_SEQUENCE, shape.stop_reason)
    return Choice(blocks, stop)


def _read_call(shape: CallShape, calls: "CallIds") -> ToolCall:
    if shape.function is None or not shape.function.name:
        raise ValueError("a tool call without a name")
    signature = signature_of(shape.extra_content)
    return ToolCall(calls.unique(shape.id), shape.function.name, shape.function.arguments or "", signature=signature)


class CallIds:
    """Ids of one choice's tool calls: the vendor's, or one of ours where it gave none or gave it before."""

    __slots__ = ("_choice", "_count", "_reply_id", "_used")

    def __init__(self, reply_id: str, choice: int) -> None:
        self._reply_id = reply_id
        self._choice = choice
        self._count = 0
        self._used: set[str] = set()

    def unique(self, given: str | None) -> str:
        """The id of the next call."""
        number, self._count = self._count, self._count + 1
        call_id = given if given and given not in self._used else minted_call_id(self._reply_id, self._choice, number)
        self._used.add(call_id)
        return call_id


def finish_reason(stop: StopReason, *, refused: bool) -> str:
    """OpenAI's word. A refusal is `stop` when it was said in words, else content was withheld."""
    if stop is StopReason.REFUSAL:
        return "stop" if refused else "content_filter"
    return _FINISH[stop]


def write_reply(reply: Reply) -> bytes:
    """A whole reply for a client."""
    return msgspec.json.encode(
        {
            "id": reply.id,
            "object": "chat.completion",
            "created": reply.created,
            "model": reply.model,
            "choices": [_write_choice(index, choice) for index, choice in enumerate(reply.choices)],
            "usage": msgspec.Raw(write_usage(reply.usage)),
        }
    )


def _write_choice(index: int, choice: Choice) -> dict[str, object]:
    text = _joined(block.text for block in choice.content if isinstance(block, Text))
    refusal = _joined(block.text for block in choice.content if isinstance(block, Refusal))
    thinking = _joined(block.text for block in choice.content if isinstance(block, Thinking))
    calls = [write_call(block) for block in choice.content if isinstance(block, ToolCall)]
    message: dict[str, object] = {"role": "assistant", "content": text, "refusal": refusal}
    if thinking:
        message["reasoning_content"] = thinking
    if calls:
        message["tool_calls"] = calls
    reason = finish_reason(choice.stop, refused=refusal is not None)
    return {"index": index, "message": message, "logprobs": None, "finish_reason": reason}


def _joined(texts: Iterable[str]) -> str | None:
    return "".join(texts) or None


def write_call(call: ToolCall) -> dict[str, object]:
    """A tool call of a message; no arguments are an empty object, since servers parse the text.

    A signature stands where Google's own OpenAI-compatible endpoint has it.
    """
    written: dict[str, object] = {
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": call.arguments or "{}"},
    }
    if call.signature:
        written["extra_content"] = extra_content(call.signature)
    return written


def extra_content(signature: str) -> dict[str, dict[str, str]]:
    """A call's field that holds its signature."""
    return {"google": {"thought_signature": signature}}
