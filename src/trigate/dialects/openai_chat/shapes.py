"""What OpenAI and its imitators send back, as typed shapes: whole replies and chunks of a stream.

Only the fields that something is made of; the rest is skipped by the decoder. Everything that vendors leave out or set
to null is optional. Sources: platform.openai.com/docs/api-reference/chat (object, streaming), vLLM's and DeepSeek's
own pages for `reasoning_content`, `reasoning` and `stop_reason`, docs.mistral.ai/capabilities/reasoning for content in
parts, docs.bigmodel.cn for `sensitive` and `model_context_window_exceeded`.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from trigate.core.chat import StopReason
from trigate.dialects.openai_chat.usage import UsageShape
from trigate.dialects.parts import decode_upstream

DONE: Final = b"[DONE]"
NOTHING: Final = msgspec.Raw(b"null")


class _GoogleExtra(msgspec.Struct):
    thought_signature: str | None = None


class _Extra(msgspec.Struct):
    google: _GoogleExtra | None = None


_EXTRA: Final = msgspec.json.Decoder(_Extra | None)


def signature_of(extra_content: msgspec.Raw) -> str | None:
    """The signature of a call, where Google's own OpenAI-compatible endpoint has it. Other extras are of no interest.

    Source: ai.google.dev/gemini-api/docs/thought-signatures (OpenAI compatibility).
    """
    if extra_content is NOTHING:
        return None
    try:
        extra = _EXTRA.decode(extra_content)
    except (ValueError, RecursionError):
        return None
    return extra.google.thought_signature or None if extra is not None and extra.google is not None else None


class CallFunction(msgspec.Struct, gc=False):
    """The `function` of a tool call, or what a fragment adds to it."""

    name: str | None = None
    arguments: str | None = None


class CallShape(msgspec.Struct, gc=False):
    """A tool call, whole or a fragment. `index` may be missing, `id` may be missing or repeat."""

    index: int | None = None
    id: str | None = None
    function: CallFunction | None = None
    extra_content: msgspec.Raw = NOTHING


class Said(msgspec.Struct):
    """A whole `message`, or the `delta` of one: they have the same fields."""

    content: str | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[CallShape] | None = None


class ChunkChoice(msgspec.Struct):
    """One choice's part of a chunk. `stop_reason` is vLLM's: the stop string that matched, or a token's number."""

    index: int = 0
    delta: Said | None = None
    finish_reason: str | None = None
    stop_reason: int | str | None = None


class Chunk(msgspec.Struct):
    """One `data:` of a stream; `error` in place of `choices` where it failed."""

    choices: list[ChunkChoice] | None = None
    usage: UsageShape | None = None
    id: str | None = None
    model: str | None = None
    created: int | float | None = None
    object: str | None = None
    error: msgspec.Raw = NOTHING


class ReplyChoice(msgspec.Struct):
    """One choice of a whole reply."""

    message: Said
    index: int = 0
    finish_reason: str | None = None
    stop_reason: int | str | None = None


class ReplyShape(msgspec.Struct):
    """A whole reply."""

    choices: list[ReplyChoice]
    id: str | None = None
    model: str | None = None
    created: int | float | None = None
    usage: UsageShape | None = None


_CHUNK: Final = msgspec.json.Decoder(Chunk)
_REPLY: Final = msgspec.json.Decoder(ReplyShape)
_TREE: Final = msgspec.json.Decoder()


def decode_chunk(data: bytes) -> Chunk:
    """One event's chunk. Raises ValueError."""
    try:
        return _CHUNK.decode(data)
    except msgspec.ValidationError:
        return msgspec.convert(_with_plain_content(data, "delta"), Chunk)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def decode_reply(body: bytes) -> ReplyShape:
    """A whole reply. Raises ValueError."""
    try:
        return decode_upstream(_REPLY, body)
    except msgspec.ValidationError:
        return msgspec.convert(_with_plain_content(body, "message"), ReplyShape)


class _Piece(msgspec.Struct):
    """A part of a `content` that is a list: text, or thinking (Mistral) or its summary (Databricks) in parts again."""

    text: str | None = None
    thinking: "str | list[_Piece] | None" = None
    summary: "list[_Piece] | None" = None


def _with_plain_content(data: bytes, key: str) -> object:
    """The JSON with each `content` that is a list of parts as one text, and its thinking as `reasoning_content`."""
    tree = decode_upstream(_TREE, data)
    choices = tree.get("choices") if isinstance(tree, dict) else None
    for choice in choices if isinstance(choices, list) else ():
        said = choice.get(key) if isinstance(choice, dict) else None
        content = said.get("content") if isinstance(said, dict) else None
        if isinstance(said, dict) and isinstance(content, list):
            pieces = msgspec.convert(content, list[_Piece])
            said["reasoning_content"] = _joined(piece.thinking or piece.summary for piece in pieces)
            said["content"] = _joined(piece.text for piece in pieces)
    return tree


def _joined(texts: "Iterable[str | list[_Piece] | None]") -> str:
    return "".join(
        _joined(piece.text for piece in text) if isinstance(text, list) else text for text in texts if text is not None
    )


_STOPS: Final = {
    "stop": StopReason.END,
    "length": StopReason.LENGTH,
    "max_tokens": StopReason.LENGTH,
    "model_length": StopReason.CONTEXT_FULL,
    "tool_calls": StopReason.TOOL_CALLS,
    "function_call": StopReason.TOOL_CALLS,
    "content_filter": StopReason.CONTENT_FILTER,
    "sensitive": StopReason.CONTENT_FILTER,
    "model_context_window_exceeded": StopReason.CONTEXT_FULL,
}


def stop_reason(finish_reason: str | None, *, called: bool, refused: bool) -> StopReason:
    """Why the model stopped. Vendors say `stop` after a forced tool call, and some `tool_calls` when there is none."""
    stop = _STOPS.get(finish_reason or "", StopReason.END)
    if stop is StopReason.END or stop is StopReason.TOOL_CALLS:
        if called:
            return StopReason.TOOL_CALLS
        return StopReason.REFUSAL if refused else StopReason.END
    return stop
