"""Reads a client's `generateContent` request into a `Chat`.

Contract: raises `Refused`: 400 for a body that does not fit, and by name for a feature that no other dialect can be
told of (Google's own tools, cached content, files, other modalities). A tuning knob that cannot be carried stands in
`Chat.lost`, as does every field that is not known here. Model and streaming stand in the URL and are the caller's to
fill in. Source: ai.google.dev/api/generate-content. Above: `gemini`. Below: `contents`, `schema`, `proto`.
"""

from typing import Final

from trigate.core.chat import Chat, Reasoning, ReplyFormat, Tool, ToolChoice
from trigate.core.errors import Refused, invalid, unsupported
from trigate.dialects.fields import Misfit, Unsaid
from trigate.dialects.gemini.contents import History, read_texts
from trigate.dialects.gemini.proto import ProtoFields
from trigate.dialects.gemini.schema import from_openapi
from trigate.dialects.parts import add_once, says_something
from trigate.wire.json import Body

_ELSEWHERE: Final = "a model of another API"
_FEATURES: Final = {"cachedContent": "cached content"}
_TIERS: Final = {"standard": "default"}
_JSON: Final = "application/json"


def read_request(body: bytes) -> Chat:
    """A client's request. Raises `Refused`."""
    Body(body)  # refuses a top level that could be read in two ways
    try:
        return _read(ProtoFields(body))
    except Unsaid as error:
        raise Refused(unsupported(error.feature, _ELSEWHERE, param=error.path)) from None
    except Misfit as error:
        raise Refused(invalid("invalid_value", str(error), param=error.path)) from None
    except (ValueError, RecursionError):
        raise Refused(invalid("invalid_json", "the body is not valid JSON, or is nested too deep")) from None


def _read(fields: ProtoFields) -> Chat:
    lost: list[str] = []
    for key, feature in _FEATURES.items():
        if says_something(fields.raw(key) or b""):
            raise Unsaid(key, feature)
    fields.raw("model")  # the one in the URL counts
    fields.raw("labels")  # in the record
    history = History(lost)
    system = read_texts(fields.object("systemInstruction"), lost)
    for content in fields.objects("contents"):
        history.add(content)
    if not history.messages:
        raise Misfit("contents", "at least one content is required")
    tier = fields.text("serviceTier")
    chat = Chat(
        model="",
        messages=history.messages,
        system=system,
        tools=[tool for entry in fields.objects("tools") for tool in _read_tools(entry, lost)],
        service_tier=None if tier is None else _TIERS.get(tier, tier),
        lost=lost,
    )
    _read_tool_config(fields.object("toolConfig"), chat)
    config = fields.object("generationConfig")
    if config is not None:
        _read_config(config, chat)
    add_once(lost, fields.rest())
    return chat


# --- tools ------------------------------------------------------------------------------------------------------------


def _read_tools(entry: ProtoFields, lost: list[str]) -> list[Tool]:
    tools = [_read_declaration(declaration, lost) for declaration in entry.objects("functionDeclarations")]
    for key in entry.names():
        raise Unsaid(entry.at(key), f"the tool {key}")
    return tools


def _read_declaration(fields: ProtoFields, lost: list[str]) -> Tool:
    schema = _read_schema(fields, "parameters", "parametersJsonSchema")
    tool = Tool(fields.needed("name"), fields.text("description"), schema or b"{}")
    add_once(lost, fields.rest("functionDeclarations."))
    return tool


def _read_schema(fields: ProtoFields, own: str, standard: str) -> bytes | None:
    """A schema of either kind, as JSON Schema."""
    given, openapi = fields.raw(standard), fields.raw(own)
    key, schema = (standard, given) if given is not None else (own, openapi)
    if schema is None:
        return None
    if not schema.startswith(b"{"):
        raise Misfit(fields.at(key), "an object is needed")
    return schema if key == standard else from_openapi(schema)


def _read_tool_config(fields: ProtoFields | None, chat: Chat) -> None:
    if fields is None:
        return
    calling = fields.object("functionCallingConfig")
    add_once(chat.lost, fields.rest("toolConfig."))
    if calling is None:
        return
    mode, allowed = calling.text("mode") or "AUTO", calling.texts("allowedFunctionNames")
    add_once(chat.lost, calling.rest("functionCallingConfig."))
    match mode:
        case "AUTO" | "MODE_UNSPECIFIED":
            chat.tool_choice = ToolChoice("auto")
        case "VALIDATED":
            chat.tool_choice = ToolChoice("auto")
            add_once(chat.lost, ["functionCallingConfig.mode"])
        case "NONE":
            chat.tool_choice = ToolChoice("none")
        case "ANY" if len(allowed) == 1:
            chat.tool_choice = ToolChoice("tool", allowed[0])
        case "ANY":
            chat.tool_choice = ToolChoice("any")
        case _:
            raise Misfit(calling.at("mode"), "must be AUTO, ANY, NONE or VALIDATED")
    if allowed and mode in ("ANY", "VALIDATED"):
        chat.tools = [tool for tool in chat.tools if tool.name in allowed]


# --- generationConfig -------------------------------------------------------------------------------------------------


def _read_config(fields: ProtoFields, chat: Chat) -> None:
    if any(modality.upper() != "TEXT" for modality in fields.texts("responseModalities")):
        raise Unsaid(fields.at("responseModalities"), "output other than text")
    chat.max_tokens = _positive(fields, "maxOutputTokens")
    chat.n = _positive(fields, "candidateCount")
    chat.temperature = fields.number("temperature")
    chat.top_p = fields.number("topP")
    chat.top_k = _whole(fields, "topK")
    chat.stop = fields.texts("stopSequences")
    chat.seed = fields.integer("seed")
    chat.presence_penalty = fields.number("presencePenalty")
    chat.frequency_penalty = fields.number("frequencyPenalty")
    chat.reply_format = _read_format(fields)
    chat.reasoning = _read_thinking(fields.object("thinkingConfig"), chat.lost)
    add_once(chat.lost, fields.rest("generationConfig."))


def _positive(fields: ProtoFields, key: str) -> int | None:
    value = fields.integer(key)
    if value is not None and value < 1:
        raise Misfit(fields.at(key), "must be greater than 0")
    return value


def _whole(fields: ProtoFields, key: str) -> int | None:
    """A whole number that client libraries write as 40.0."""
    value = fields.number(key)
    return None if value is None else int(value)


def _read_format(fields: ProtoFields) -> ReplyFormat | None:
    media_type = fields.text("responseMimeType")
    schema = _read_schema(fields, "responseSchema", "responseJsonSchema")
    if media_type in (None, "text/plain"):
        return None
    if media_type != _JSON:
        raise Unsaid(fields.at("responseMimeType"), f"output of type {media_type}")
    return ReplyFormat("json_object") if schema is None else ReplyFormat("json_schema", schema=schema)


def _read_thinking(fields: ProtoFields | None, lost: list[str]) -> Reasoning | None:
    """Thoughts come as parts of their own whether or not `includeThoughts` asks for them."""
    if fields is None:
        return None
    fields.flag("includeThoughts")
    budget, level = fields.integer("thinkingBudget"), fields.text("thinkingLevel")
    add_once(lost, fields.rest("thinkingConfig."))
    if budget == 0:
        return Reasoning(enabled=False)
    effort = None if level in (None, "THINKING_LEVEL_UNSPECIFIED") else level.lower()
    return Reasoning(effort=effort, budget=None if budget is None or budget < 0 else budget)
