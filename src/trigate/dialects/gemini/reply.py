"""Whole replies, both ways: an upstream's `GenerateContentResponse` as a neutral reply, and one for a client.

Parts of one kind that follow each other are one block, as in a stream. Reading raises ValueError for a body that is no
reply, for content that nobody could have asked for, and for a call that the model could not write. A blocked prompt is
a choice without content, stopped by the filter. Source: ai.google.dev/api/generate-content#generatecontentresponse.
Above: `gemini`. Below: `shapes`, `usage`, `signatures`.
"""

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
from trigate.dialects.gemini.shapes import (
    BROKEN,
    CandidateShape,
    PartShape,
    compact,
    finish_reason,
    read_response,
    stop_reason,
)
from trigate.dialects.gemini.signatures import is_sendable
from trigate.dialects.gemini.usage import read_usage, write_usage
from trigate.dialects.parts import arguments_object, minted_call_id

Json = dict[str, object]

_CUT: Final = (StopReason.LENGTH, StopReason.CONTEXT_FULL)


def read_reply(body: bytes) -> Reply:
    """An upstream's whole reply. Raises ValueError."""
    shape = read_response(body)
    reply_id = shape.response_id or ""
    if shape.is_blocked:
        choices = [Choice([], StopReason.CONTENT_FILTER)]
    else:
        found = sorted(shape.candidates or (), key=lambda candidate: candidate.index)
        choices = [_read_candidate(candidate, reply_id) for candidate in found]
    if not choices:
        raise ValueError("a reply without candidates")
    return Reply(id=reply_id, model=shape.model_version or "", choices=choices, usage=read_usage(shape.usage_metadata))


def _read_candidate(candidate: CandidateShape, reply_id: str) -> Choice:
    reason = candidate.finish_reason or "STOP"
    if reason in BROKEN:
        raise ValueError(f"the model stopped with {reason}")
    blocks: list[Block] = []
    calls = 0
    for part in candidate.parts:
        if part.function_call is not None:
            blocks.append(read_call(part, reply_id, candidate.index, calls))
            calls += 1
        else:
            _read_prose(part, blocks)
    return Choice(blocks, stop_reason(reason, called=calls > 0))


def read_call(part: PartShape, reply_id: str, choice: int, number: int) -> ToolCall:
    """Call `number` of a choice. Raises ValueError for one without a name."""
    call = part.function_call
    if call is None or not call.name:
        raise ValueError("a function call without a name")
    ident = call.id or minted_call_id(reply_id, choice, number)
    return ToolCall(ident, call.name, compact(call.args), signature=part.thought_signature or None)


def _read_prose(part: PartShape, blocks: list[Block]) -> None:
    if part.is_foreign:
        raise ValueError("a part that was not asked for")
    last = blocks[-1] if blocks else None
    text, signature = part.text or "", part.thought_signature or None
    if part.thought and part.text is None:
        blocks += [RedactedThinking(signature)] if signature else []
    elif part.thought:
        if isinstance(last, Thinking) and last.text and not last.signature:
            last.text, last.signature = last.text + text, signature
        elif text or signature:
            blocks.append(Thinking(text, signature))
    else:
        if text and isinstance(last, Text):
            last.text += text
        elif text:
            blocks.append(Text(text))
        if signature:
            blocks.append(Thinking("", signature))


def write_reply(reply: Reply) -> bytes:
    """A whole reply for a client. Raises ValueError for arguments that are no object, unless the reply was cut."""
    body: Json = {
        "candidates": [_candidate(index, choice) for index, choice in enumerate(reply.choices)],
        "usageMetadata": write_usage(reply.usage),
        "modelVersion": reply.model,
        "responseId": reply.id,
    }
    return msgspec.json.encode(body)


def _candidate(index: int, choice: Choice) -> Json:
    parts = [part for block in choice.content for part in write_parts(block, choice.stop)]
    return {
        "content": {"parts": parts, "role": "model"},
        "finishReason": finish_reason(choice.stop),
        "index": index,
    }


def write_parts(block: Block, stop: StopReason | None) -> list[Json]:
    """A block of a reply as parts; none when nothing of it can be said. Raises ValueError."""
    match block:
        case Text(text=text) | Refusal(text=text):
            return [{"text": text}] if text else []
        case Thinking(text="", signature=signature):
            return [{"text": "", "thoughtSignature": signature}] if is_sendable(signature) else []
        case Thinking(text=text, signature=signature):
            return [{"text": text, "thought": True} | signed(signature)]
        case RedactedThinking(data=data):
            return [{"thought": True, "thoughtSignature": data}] if is_sendable(data) else []
        case ToolCall():
            return [write_call(block, stop)]
    raise ValueError(f"a reply has no content of type {type(block).__name__.lower()}")


def signed(signature: str | None) -> Json:
    """The field of a part that has a signature."""
    return {"thoughtSignature": signature} if is_sendable(signature) else {}


def write_call(call: ToolCall, stop: StopReason | None) -> Json:
    """A call as a part; one that was cut has no arguments, and the finish reason tells why. Raises ValueError."""
    try:
        args = arguments_object(call.arguments)
    except ValueError:
        if stop not in _CUT:
            raise
        args = msgspec.Raw(b"{}")
    return {"functionCall": {"id": call.id, "name": call.name, "args": args}} | signed(call.signature)
