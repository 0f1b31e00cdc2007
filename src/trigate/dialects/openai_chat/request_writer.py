"""A neutral `Chat` as the body of an upstream's chat request; a stream is asked to report usage.

What OpenAI cannot say is named in `chat.lost`: `top_k`, `cache_control` (it caches by itself), a thinking budget,
thinking that another vendor signed, `is_error` of a tool result; so is what an imitator refuses. Unsigned thinking goes
back in the vendor's own field: those that wrote it ask for it within a round of tool calls. Pictures in a tool result,
which OpenAI has no place for, follow in the user's message behind the results, under a line that names the call.
Source: platform.openai.com/docs/api-reference/chat/create.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from trigate.core.chat import (
    Block,
    CacheMark,
    Chat,
    Image,
    Message,
    Reasoning,
    RedactedThinking,
    Refusal,
    ReplyFormat,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from trigate.dialects.openai_chat.reply import write_call
from trigate.dialects.openai_chat.traits import OPENAI, Traits
from trigate.dialects.parts import add_once, url_of_image

Json = dict[str, object]

_MODES: Final = {"auto": "auto", "none": "none", "any": "required"}
_TIERS: Final = frozenset({"auto", "default", "flex", "scale", "priority", "fast"})
_NO_PARAMETERS: Final = b"{}"
_FORMAT_NAME: Final = "reply"


def write_request(chat: Chat, traits: Traits = OPENAI) -> bytes:
    """The body for an upstream. Adds to `chat.lost`."""
    body: Json = {"model": chat.model, "messages": [*_system(chat), *_messages(chat, traits.thinking_key)]}
    body |= _tools(chat)
    body |= _sampling(chat)
    if chat.reply_format is not None:
        body["response_format"] = _format(chat.reply_format)
    if chat.reasoning is not None:
        body |= _reasoning(chat.reasoning, chat.lost)
    if chat.service_tier in _TIERS:
        body["service_tier"] = chat.service_tier
    elif chat.service_tier is not None:
        add_once(chat.lost, ["service_tier"])
    _rename(body, traits, chat.lost)
    if chat.stream:
        body["stream"] = True
        if traits.asks_usage:
            body["stream_options"] = {"include_usage": True}
    return msgspec.json.encode(body)


def _rename(body: Json, traits: Traits, lost: list[str]) -> None:
    for key, name in traits.renames.items():
        if key not in body:
            continue
        value = body.pop(key)
        if name is None:
            add_once(lost, [key])
        else:
            body[name] = value


def _sampling(chat: Chat) -> Json:
    if chat.top_k is not None:
        add_once(chat.lost, ["top_k"])
    values: Json = {
        "max_completion_tokens": chat.max_tokens,
        "temperature": chat.temperature,
        "top_p": chat.top_p,
        "stop": chat.stop or None,
        "n": chat.n,
        "seed": chat.seed,
        "presence_penalty": chat.presence_penalty,
        "frequency_penalty": chat.frequency_penalty,
        "user": chat.user,
    }
    return {key: value for key, value in values.items() if value is not None}


def _reasoning(reasoning: Reasoning, lost: list[str]) -> Json:
    if reasoning.budget is not None:
        add_once(lost, ["thinking.budget_tokens"])
    if reasoning.effort is not None:
        return {"reasoning_effort": reasoning.effort}
    if not reasoning.enabled:
        add_once(lost, ["thinking"])
    return {}


def _format(wanted: ReplyFormat) -> Json:
    if wanted.kind == "json_object":
        return {"type": "json_object"}
    schema: Json = {"name": wanted.name or _FORMAT_NAME}
    if wanted.description is not None:
        schema["description"] = wanted.description
    if wanted.schema is not None:
        schema["schema"] = msgspec.Raw(wanted.schema)
    if wanted.strict is not None:
        schema["strict"] = wanted.strict
    return {"type": "json_schema", "json_schema": schema}


def _lose_cache(marks: Iterable[CacheMark | None], lost: list[str]) -> None:
    if any(mark is not None for mark in marks):
        add_once(lost, ["cache_control"])


# --- tools ------------------------------------------------------------------------------------------------------------


def _tools(chat: Chat) -> Json:
    """OpenAI refuses a choice of tools where there are none; one that asks for nothing is left out."""
    written: Json = {}
    if chat.tools:
        written["tools"] = [_tool(tool) for tool in chat.tools]
        _lose_cache((tool.cache for tool in chat.tools), chat.lost)
        if chat.parallel_tool_calls is not None:
            written["parallel_tool_calls"] = chat.parallel_tool_calls
    if chat.tool_choice is not None and (chat.tools or chat.tool_choice.mode in ("any", "tool")):
        written["tool_choice"] = _tool_choice(chat.tool_choice)
    return written


def _tool(tool: Tool) -> Json:
    function: Json = {"name": tool.name}
    if tool.description is not None:
        function["description"] = tool.description
    if tool.schema != _NO_PARAMETERS:
        function["parameters"] = msgspec.Raw(tool.schema)
    if tool.strict is not None:
        function["strict"] = tool.strict
    return {"type": "function", "function": function}


def _tool_choice(choice: ToolChoice) -> str | Json:
    if choice.mode == "tool":
        return {"type": "function", "function": {"name": choice.tool}}
    return _MODES[choice.mode]


# --- messages ---------------------------------------------------------------------------------------------------------


def _system(chat: Chat) -> Iterator[Json]:
    """One message whatever the number of blocks: many chat templates take a single one only."""
    if chat.system:
        _lose_cache((text.cache for text in chat.system), chat.lost)
        yield {"role": "system", "content": _texts(chat.system)}


def _texts(texts: list[Text]) -> str | list[Json]:
    """Plain where there is one block, which the simplest servers take too."""
    return texts[0].text if len(texts) == 1 else [_part(text) for text in texts]


def _messages(chat: Chat, thinking_key: str | None) -> Iterator[Json]:
    for message in chat.messages:
        _lose_cache((getattr(block, "cache", None) for block in message.content), chat.lost)
        if message.role == "assistant":
            yield from _assistant(message, thinking_key, chat.lost)
        else:
            yield from _user(message, chat.lost)


def _named(message: Message, written: Json) -> Json:
    return written if message.name is None else written | {"name": message.name}


def _assistant(message: Message, thinking_key: str | None, lost: list[str]) -> Iterator[Json]:
    texts = [block for block in message.content if isinstance(block, Text)]
    calls = [_call(block, lost) for block in message.content if isinstance(block, ToolCall)]
    refusal = "".join(block.text for block in message.content if isinstance(block, Refusal))
    thinking = "".join(_unsigned(message.content, lost))
    written: Json = {"role": "assistant", "content": _texts(texts) if texts else None}
    if thinking and thinking_key is not None:
        written[thinking_key] = thinking
    elif thinking:
        add_once(lost, ["messages.content.thinking"])
    if refusal:
        written["refusal"] = refusal
    if calls:
        written["tool_calls"] = calls
    if texts or calls or refusal:
        yield _named(message, written)


def _unsigned(blocks: list[Block], lost: list[str]) -> Iterator[str]:
    """Thinking that no vendor signed. What one did sign, or sealed, is of use to that one only."""
    for block in blocks:
        if isinstance(block, Thinking) and not block.signature:
            yield block.text
        elif isinstance(block, Thinking | RedactedThinking):
            add_once(lost, ["messages.content.thinking"])


def _call(call: ToolCall, lost: list[str]) -> Json:
    """A call without another vendor's signature."""
    if call.signature:
        add_once(lost, ["thought_signature"])
    return write_call(msgspec.structs.replace(call, signature=None))


def _user(message: Message, lost: list[str]) -> Iterator[Json]:
    """Tool results first: they must stand right behind the calls."""
    parts: list[Json] = []
    for result in (block for block in message.content if isinstance(block, ToolResult)):
        yield _tool_result(result, lost)
        parts += _pictures(result)
    own = [block for block in message.content if isinstance(block, Text | Image)]
    if not parts and len(own) == 1 and isinstance(own[0], Text):
        yield _named(message, {"role": "user", "content": own[0].text})
    elif parts or own:
        yield _named(message, {"role": "user", "content": parts + [_part(block) for block in own]})


def _tool_result(result: ToolResult, lost: list[str]) -> Json:
    if result.is_error:
        add_once(lost, ["messages.content.is_error"])
    _lose_cache((block.cache for block in result.content), lost)
    texts = [block for block in result.content if isinstance(block, Text)]
    return {"role": "tool", "tool_call_id": result.call_id, "content": _texts(texts) if texts else ""}


def _pictures(result: ToolResult) -> Iterator[Json]:
    images = [block for block in result.content if isinstance(block, Image)]
    if images:
        yield {"type": "text", "text": f"Images in the result of tool call {result.call_id}:"}
        yield from (_part(image) for image in images)


def _part(block: Text | Image) -> Json:
    if isinstance(block, Text):
        return {"type": "text", "text": block.text}
    image: Json = {"url": url_of_image(block)}
    if block.detail is not None:
        image["detail"] = block.detail
    return {"type": "image_url", "image_url": image}
