"""What Gemini sends back, as typed shapes: a whole `GenerateContentResponse` and a chunk of a stream are the same.

Only the fields that something is made of; the rest is skipped by the decoder.
Source: ai.google.dev/api/generate-content#generatecontentresponse.
"""

from typing import Final

import msgspec

from trigate.core.chat import StopReason
from trigate.dialects.gemini.usage import UsageShape
from trigate.dialects.parts import NULL, decode_upstream

NOTHING: Final = msgspec.Raw(NULL)


class CallShape(msgspec.Struct, gc=False):
    """A `functionCall`: always whole, its `id` optional."""

    name: str | None = None
    id: str | None = None
    args: msgspec.Raw = NOTHING


class PartShape(msgspec.Struct, rename="camel"):
    """One part. `text` with `thought` is a summary of thinking; a signature may stand on any part, also on no text."""

    text: str | None = None
    thought: bool | None = None
    thought_signature: str | None = None
    function_call: CallShape | None = None
    inline_data: msgspec.Raw = NOTHING
    file_data: msgspec.Raw = NOTHING
    executable_code: msgspec.Raw = NOTHING
    code_execution_result: msgspec.Raw = NOTHING

    @property
    def is_foreign(self) -> bool:
        """Content that nobody could have asked for through the neutral contract."""
        others = (self.inline_data, self.file_data, self.executable_code, self.code_execution_result)
        return any(other is not NOTHING for other in others)


class ContentShape(msgspec.Struct):
    """The `content` of a candidate."""

    parts: list[PartShape] | None = None


class CandidateShape(msgspec.Struct, rename="camel"):
    """One choice, or what a chunk adds to it. `index` is left out where it is 0."""

    index: int = 0
    content: ContentShape | None = None
    finish_reason: str | None = None

    @property
    def parts(self) -> list[PartShape]:
        """Its parts; none where the vendor left the content out."""
        return (self.content.parts or []) if self.content is not None else []


class FeedbackShape(msgspec.Struct, rename="camel"):
    """`promptFeedback`: a `block_reason` means that there are no candidates."""

    block_reason: str | None = None


class ResponseShape(msgspec.Struct, rename="camel"):
    """A whole reply or a chunk; `error` in place of the rest where a stream failed."""

    candidates: list[CandidateShape] | None = None
    prompt_feedback: FeedbackShape | None = None
    usage_metadata: UsageShape | None = None
    model_version: str | None = None
    response_id: str | None = None
    error: msgspec.Raw = NOTHING

    @property
    def is_blocked(self) -> bool:
        """The prompt was not let through."""
        return not self.candidates and self.prompt_feedback is not None and bool(self.prompt_feedback.block_reason)

    @property
    def says_nothing(self) -> bool:
        """None of the fields that make this a reply of Gemini's."""
        return self.candidates is None and self.prompt_feedback is None and self.usage_metadata is None


_RESPONSE: Final = msgspec.json.Decoder(ResponseShape)


def read_response(data: bytes) -> ResponseShape:
    """A whole reply or a chunk. Raises ValueError."""
    return decode_upstream(_RESPONSE, data)


_FILTERED: Final = (
    *("SAFETY", "RECITATION", "LANGUAGE", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII"),
    *("IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION", "IMAGE_OTHER"),
)
_STOPS: Final = {"MAX_TOKENS": StopReason.LENGTH} | dict.fromkeys(_FILTERED, StopReason.CONTENT_FILTER)
BROKEN: Final = frozenset(
    {
        *("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MALFORMED_RESPONSE"),
        "MISSING_THOUGHT_SIGNATURE",
    }
)
"""Finish reasons of a reply that the model began and could not write: there is nothing to act on in it."""

_FINISH: Final = {
    StopReason.LENGTH: "MAX_TOKENS",
    StopReason.CONTEXT_FULL: "MAX_TOKENS",
    StopReason.CONTENT_FILTER: "SAFETY",
    StopReason.REFUSAL: "SAFETY",
}


def stop_reason(word: str, *, called: bool) -> StopReason:
    """Why the model stopped. Gemini says `STOP` for tool calls too; a word newer than this table is a plain end."""
    stop = _STOPS.get(word, StopReason.END)
    return StopReason.TOOL_CALLS if called and stop is StopReason.END else stop


def finish_reason(stop: StopReason) -> str:
    """Gemini's word: it tells calls of tools, stop sequences and pauses from no other end."""
    return _FINISH.get(stop, "STOP")


def compact(args: msgspec.Raw) -> str:
    """A call's arguments as JSON text on one line, the same whole and streamed. Raises ValueError for no object."""
    text = bytes(args)
    if text == NULL:
        return "{}"
    if not text.startswith(b"{"):
        raise ValueError("the arguments of a function call are no object")
    return msgspec.json.format(text, indent=-1).decode()
