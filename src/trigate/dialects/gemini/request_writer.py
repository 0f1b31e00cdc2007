"""Writes a `Chat` as a `generateContent` request for an upstream. The model and streaming go into the URL.

Contract: a tuning knob that this API cannot take, or takes only within narrower bounds, is named in `chat.lost`; raises
`Refused` for what it cannot say. The same chat gives the same bytes, which the vendor's prompt cache needs.
How thinking is steered changed with the third generation of models, from budgets to levels: told by the model's name.
Source: ai.google.dev/api/generate-content, ai.google.dev/gemini-api/docs/thinking.
Above: `gemini`. Below: `schema`, `signatures`.
"""

import mimetypes
from collections.abc import Iterator
from typing import Final, Literal

import msgspec

from trigate.core.chat import (
    Block,
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
    ToolResult,
)
from trigate.core.errors import Refused, invalid
from trigate.dialects.gemini.schema import unheeded
from trigate.dialects.gemini.signatures import UNSIGNED, joined
from trigate.dialects.parts import add_once, arguments_object

Json = dict[str, object]

MAX_STOPS: Final = 5

_ROLES: Final[dict[Literal["user", "assistant"], str]] = {"user": "user", "assistant": "model"}
_MODES: Final = {"auto": "AUTO", "none": "NONE", "any": "ANY", "tool": "ANY"}
_TIERS: Final = {"default": "standard", "flex": "flex", "priority": "priority"}
_LEVELS: Final = {word: word.upper() for word in ("minimal", "low", "medium", "high")}
# What Google's own translation of OpenAI's words gives models that know budgets only.
_BUDGETS: Final = {"minimal": 1024, "low": 1024, "medium": 8192, "high": 24576}
_NO_PARAMETERS: Final = b"{}"


def write_request(chat: Chat) -> bytes:
    """The body for an upstream. Adds to `chat.lost`; raises `Refused`."""
    body: Json = {"contents": list(_contents(chat))}
    if not body["contents"]:
        raise Refused(invalid("invalid_value", "messages: at least one message is required", param="messages"))
    if chat.system:
        body["systemInstruction"] = {"parts": [{"text": text.text} for text in chat.system]}
    body |= _tools(chat)
    config = _config(chat)
    if config:
        body["generationConfig"] = config
    if chat.service_tier not in (None, "auto"):
        tier = _TIERS.get(chat.service_tier)
        if tier is None:
            add_once(chat.lost, ["service_tier"])
        else:
            body["serviceTier"] = tier
    _lose(chat)
    return msgspec.json.encode(body)


def _lose(chat: Chat) -> None:
    blocks = [block for message in chat.messages for block in message.content]
    marks = [getattr(each, "cache", None) for each in (*chat.system, *chat.tools, *blocks)]
    knobs = {
        "cache_control": any(mark is not None for mark in marks),
        "messages.name": any(message.name is not None for message in chat.messages),
        "parallel_tool_calls": chat.parallel_tool_calls is False and bool(chat.tools),
        "user": chat.user is not None,
    }
    add_once(chat.lost, (name for name, is_set in knobs.items() if is_set))


def _is_second_generation(model: str) -> bool:
    return model.startswith(("gemini-1", "gemini-2"))


# --- contents ---------------------------------------------------------------------------------------------------------


def _contents(chat: Chat) -> Iterator[Json]:
    """The turns, alternating: messages of one role that follow each other are one content, an empty one is none."""
    names: dict[str, str] = {}
    role = ""
    parts: list[Json] = []
    for message in chat.messages:
        written = list(_parts(message, names, chat))
        if written and _ROLES[message.role] != role:
            if parts:
                yield {"role": role, "parts": parts}
            role, parts = _ROLES[message.role], []
        parts += written
    if parts:
        yield {"role": role, "parts": parts}


def _parts(message: Message, names: dict[str, str], chat: Chat) -> Iterator[Json]:
    """Responses come first in their content, right behind the calls; pictures in a result follow it."""
    results = [block for block in message.content if isinstance(block, ToolResult)]
    for result in results:
        yield _response(result, names)
    for result in results:
        yield from _pictures(result, chat.lost)
    is_first_call = True
    for block in joined(message.content):
        if isinstance(block, ToolCall):
            names[block.id] = block.name
            yield _call(block, chat.model if is_first_call else "")
            is_first_call = False
        elif not isinstance(block, ToolResult):
            yield from _part(block, chat.lost)


def _part(block: Block, lost: list[str]) -> Iterator[Json]:
    match block:
        case Text(text=text) | Refusal(text=text):
            if text:
                yield {"text": text}
        case Image():
            yield _image(block, lost)
        case Thinking(text="", signature=str(signature)):
            yield {"text": "", "thoughtSignature": signature}
        case Thinking(text=text, signature=signature):
            if text:
                yield {"text": text, "thought": True} | ({"thoughtSignature": signature} if signature else {})
        case RedactedThinking(data=data):
            yield {"thought": True, "thoughtSignature": data}


def _call(call: ToolCall, signing_model: str) -> Json:
    """The first call of a step must be signed where levels of thinking are known, also if another vendor made it."""
    try:
        args = arguments_object(call.arguments)
    except ValueError:
        what = f"messages: the arguments of tool call {call.id} are not a JSON object"
        raise Refused(invalid("invalid_value", what, param="messages")) from None
    written: Json = {"functionCall": {"id": call.id, "name": call.name, "args": args}}
    if call.signature:
        written["thoughtSignature"] = call.signature
    elif signing_model.startswith("gemini-3"):
        written["thoughtSignature"] = UNSIGNED
    return written


def _response(result: ToolResult, names: dict[str, str]) -> Json:
    name = names.get(result.call_id)
    if name is None:
        what = f"messages: a tool result answers {result.call_id!r}, which no tool call before it has as its id"
        raise Refused(invalid("invalid_value", what, param="messages"))
    text = "".join(block.text for block in result.content if isinstance(block, Text))
    response = {"error" if result.is_error else "output": text}
    return {"functionResponse": {"id": result.call_id, "name": name, "response": response}}


def _pictures(result: ToolResult, lost: list[str]) -> Iterator[Json]:
    images = [block for block in result.content if isinstance(block, Image)]
    if images:
        yield {"text": f"Images in the result of tool call {result.call_id}:"}
        yield from (_image(image, lost) for image in images)


def _image(image: Image, lost: list[str]) -> Json:
    if image.detail not in (None, "auto"):
        add_once(lost, ["image_url.detail"])
    if image.data is not None:
        return {"inlineData": {"mimeType": image.media_type, "data": image.data}}
    media_type = mimetypes.guess_type(image.url or "")[0]
    return {"fileData": ({"mimeType": media_type} if media_type else {}) | {"fileUri": image.url}}


# --- tools ------------------------------------------------------------------------------------------------------------


def _tools(chat: Chat) -> Json:
    if not chat.tools:
        return {}
    written: Json = {"tools": [{"functionDeclarations": [_tool(tool, chat.lost) for tool in chat.tools]}]}
    choice = chat.tool_choice
    if choice is not None:
        calling: Json = {"mode": _MODES[choice.mode]}
        if choice.tool is not None:
            calling["allowedFunctionNames"] = [choice.tool]
        written["toolConfig"] = {"functionCallingConfig": calling}
    return written


def _tool(tool: Tool, lost: list[str]) -> Json:
    written: Json = {"name": tool.name}
    if tool.description is not None:
        written["description"] = tool.description
    if tool.schema.strip() != _NO_PARAMETERS:
        written["parametersJsonSchema"] = _schema(tool.schema, "tools.parameters", lost)
    if tool.strict:
        add_once(lost, ["tools.strict"])
    return written


def _schema(schema: bytes, path: str, lost: list[str]) -> msgspec.Raw:
    try:
        add_once(lost, (f"{path}.{keyword}" for keyword in unheeded(schema)))
    except ValueError:
        raise Refused(invalid("invalid_value", f"{path}: an object is needed", param=path)) from None
    return msgspec.Raw(schema)


# --- generationConfig -------------------------------------------------------------------------------------------------


def _config(chat: Chat) -> Json:
    if len(chat.stop) > MAX_STOPS:
        add_once(chat.lost, ["stop"])
    values: Json = {
        "maxOutputTokens": chat.max_tokens,
        "temperature": chat.temperature,
        "topP": chat.top_p,
        "topK": chat.top_k,
        "stopSequences": chat.stop[:MAX_STOPS] or None,
        "candidateCount": chat.n,
        "seed": chat.seed,
        "presencePenalty": chat.presence_penalty,
        "frequencyPenalty": chat.frequency_penalty,
    }
    written = {key: value for key, value in values.items() if value is not None}
    if chat.reply_format is not None:
        written |= _format(chat.reply_format, chat.lost)
    if chat.reasoning is not None:
        written["thinkingConfig"] = _thinking(chat.reasoning, chat.model, chat.lost)
    return written


def _format(wanted: ReplyFormat, lost: list[str]) -> Json:
    written: Json = {"responseMimeType": "application/json"}
    if wanted.kind == "json_schema" and wanted.schema is not None:
        written["responseJsonSchema"] = _schema(wanted.schema, "response_format.schema", lost)
    if wanted.description is not None:
        add_once(lost, ["response_format.json_schema.description"])
    return written


def _thinking(reasoning: Reasoning, model: str, lost: list[str]) -> Json:
    """A budget is written as it is. Without one, effort is a level, or a budget for models that have no levels."""
    levels = not _is_second_generation(model)
    if not reasoning.enabled:
        if levels:  # these models always think
            add_once(lost, ["reasoning"])
            return {"thinkingLevel": "MINIMAL"}
        return {"thinkingBudget": 0}
    written: Json = {"includeThoughts": True}
    effort = reasoning.effort
    if reasoning.budget is not None:
        written["thinkingBudget"] = reasoning.budget
    elif effort is not None:
        if effort not in _LEVELS:
            add_once(lost, ["reasoning_effort"])
            effort = "high"
        written |= {"thinkingLevel": _LEVELS[effort]} if levels else {"thinkingBudget": _BUDGETS[effort]}
    return written
