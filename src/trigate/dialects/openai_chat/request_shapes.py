"""A chat request as clients send it, typed. Read by `request_reader` alone.

`REQUEST` holds what is carried, `KNOBS` and `FEATURES` say what becomes of the rest.
Source: platform.openai.com/docs/api-reference/chat/create.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from trigate.dialects.openai_chat.envelope import Positive
from trigate.dialects.openai_chat.shapes import NOTHING

FEATURES: Final[Mapping[str, str]] = {
    "audio": "audio output",
    "functions": "functions (the predecessor of tools)",
    "function_call": "function_call (the predecessor of tool_choice)",
    "web_search_options": "web search",
    "prediction": "predicted output",
    "moderation": "moderation by the vendor",
}
"""Top-level fields that change what a reply is: refused."""

SETTLED: Final = frozenset({"stream_options", "modalities"})
"""Top-level fields that are neither carried nor lost: the gateway asks for usage itself, and text is what all write."""


class CacheShape(msgspec.Struct):
    """`cache_control`."""

    type: str = "ephemeral"
    ttl: str | None = None


class ImageUrl(msgspec.Struct):
    """The `image_url` of a part."""

    url: str
    detail: str | None = None


class ContentPart(msgspec.Struct):
    """One part of a message's content."""

    type: str
    text: str | None = None
    refusal: str | None = None
    image_url: ImageUrl | str | None = None
    cache_control: CacheShape | None = None
    prompt_cache_breakpoint: msgspec.Raw = NOTHING


class CalledFunction(msgspec.Struct):
    """The `function` of a call in the history."""

    name: str
    arguments: str | None = None


class CallShape(msgspec.Struct):
    """A call in the history."""

    id: str
    type: str = "function"
    function: CalledFunction | None = None
    extra_content: msgspec.Raw = NOTHING


class MessageShape(msgspec.Struct):
    """One message of any role."""

    role: str
    content: str | list[ContentPart] | None = None
    name: str | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[CallShape] | None = None
    tool_call_id: str | None = None
    audio: msgspec.Raw = NOTHING
    function_call: msgspec.Raw = NOTHING


MESSAGE_KEYS: Final = frozenset(MessageShape.__struct_fields__)


class FunctionShape(msgspec.Struct):
    """The `function` of a tool."""

    name: str
    description: str | None = None
    parameters: msgspec.Raw = NOTHING
    strict: bool | None = None


class ToolShape(msgspec.Struct):
    """One entry of `tools`."""

    type: str
    function: FunctionShape | None = None
    cache_control: CacheShape | None = None


class NamedFunction(msgspec.Struct):
    """The `function` of a tool choice."""

    name: str


class ChoiceShape(msgspec.Struct):
    """A `tool_choice` that is not a word."""

    type: str
    function: NamedFunction | None = None


class SchemaShape(msgspec.Struct):
    """The `json_schema` of a response format."""

    name: str
    description: str | None = None
    schema: msgspec.Raw = NOTHING
    strict: bool | None = None


class FormatShape(msgspec.Struct):
    """`response_format`."""

    type: str
    json_schema: SchemaShape | None = None


class RequestShape(msgspec.Struct, kw_only=True):
    """The top-level fields that are carried."""

    messages: list[MessageShape]
    model: str | None = None
    tools: list[ToolShape] | None = None
    tool_choice: str | ChoiceShape | None = None
    parallel_tool_calls: bool | None = None
    max_tokens: Positive | None = None
    max_completion_tokens: Positive | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop: str | list[str] | None = None
    n: Positive | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    response_format: FormatShape | None = None
    reasoning_effort: str | None = None
    user: str | None = None
    service_tier: str | None = None
    stream: bool | None = None
    modalities: list[str] | None = None


REQUEST: Final = msgspec.json.Decoder(RequestShape)
REQUEST_KEYS: Final = frozenset(RequestShape.__struct_fields__)


class _MessageNames(msgspec.Struct):
    messages: list[dict[str, msgspec.Raw]]


MESSAGE_NAMES: Final = msgspec.json.Decoder(_MessageNames)
"""The keys of every message, for those that are not known."""
