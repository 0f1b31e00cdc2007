"""Reads a client's Messages request into a `Chat`.

Contract: raises `Refused`: 400 for a body that does not fit, and by name for a feature that no other dialect can be
told of (server tools, documents, MCP servers, containers). A tuning knob that cannot be carried stands in
`Chat.lost`, as does every field that is not known here. System messages before the first turn join the system prompt;
neutral turns have no such role, so later ones become turns of the user, with `messages.role` named as lost.
Source: platform.claude.com/docs/en/api/messages.
Above: `dialect`. Below: `blocks`, `fields`.
"""

from typing import Final

from trigate.core.chat import Chat, Message, Reasoning, ReplyFormat, Tool, ToolChoice
from trigate.core.errors import Refused, invalid, unsupported
from trigate.dialects.anthropic_messages.blocks import read_blocks, read_cache, read_texts
from trigate.dialects.fields import Fields, Misfit, Unsaid
from trigate.dialects.parts import add_once, says_something
from trigate.wire.json import Body

_ELSEWHERE: Final = "a model of another API"
# What changes the answer rather than tunes it.
_FEATURES: Final = {
    "container": "a container",
    "mcp_servers": "an MCP server",
    "thread": "a thread kept by the vendor",
}
# Service tiers in the neutral words.
_TIERS: Final = {"standard_only": "default"}


def read_request(body: bytes) -> Chat:
    """A client's request. Raises `Refused`."""
    Body(body)  # refuses a top level that could be read in two ways
    try:
        return _read(Fields(body))
    except Unsaid as error:
        raise Refused(unsupported(error.feature, _ELSEWHERE, param=error.path)) from None
    except Misfit as error:
        raise Refused(invalid("invalid_value", str(error), param=error.path)) from None
    except (ValueError, RecursionError):
        raise Refused(invalid("invalid_json", "the body is not valid JSON, or is nested too deep")) from None


def _read(fields: Fields) -> Chat:
    lost: list[str] = []
    for key, feature in _FEATURES.items():
        if says_something(fields.raw(key) or b""):
            raise Unsaid(key, feature)
    chat = Chat(
        model=fields.text("model") or "",
        messages=[],
        system=read_texts(fields, "system", lost),
        tools=[_read_tool(tool, lost) for tool in fields.objects("tools")],
        max_tokens=_max_tokens(fields),
        temperature=fields.number("temperature"),
        top_p=fields.number("top_p"),
        top_k=fields.integer("top_k"),
        stop=fields.texts("stop_sequences"),
        user=_user(fields, lost),
        service_tier=_service_tier(fields),
        stream=fields.flag("stream") or False,
        lost=lost,
    )
    _read_messages(fields, chat)
    _read_tool_choice(fields, chat)
    _read_thinking(fields, chat)
    _read_output(fields, chat)
    add_once(lost, fields.rest())
    return chat


def _max_tokens(fields: Fields) -> int | None:
    limit = fields.integer("max_tokens")
    if limit == 0:
        raise Unsaid("max_tokens", "max_tokens 0 (filling the prompt cache without a reply)")
    if limit is not None and limit < 0:
        raise Misfit("max_tokens", "must be greater than 0")
    return limit


def _service_tier(fields: Fields) -> str | None:
    tier = fields.text("service_tier")
    return None if tier is None else _TIERS.get(tier, tier)


def _user(fields: Fields, lost: list[str]) -> str | None:
    metadata = fields.object("metadata")
    if metadata is None:
        return None
    user = metadata.text("user_id")
    add_once(lost, metadata.rest("metadata."))
    return user


# --- messages ---------------------------------------------------------------------------------------------------------


def _read_messages(fields: Fields, chat: Chat) -> None:
    messages = fields.objects("messages")
    if not messages:
        raise Misfit("messages", "at least one message is required")
    for message in messages:
        _read_message(message, chat)


def _read_message(fields: Fields, chat: Chat) -> None:
    role = fields.needed("role")
    if role == "user":
        chat.messages.append(Message("user", read_blocks(fields, "content", chat.lost)))
    elif role == "assistant":
        chat.messages.append(Message("assistant", read_blocks(fields, "content", chat.lost)))
    elif role == "system" and not chat.messages:
        chat.system += read_texts(fields, "content", chat.lost)
    elif role == "system":  # it keeps its place, as a turn of the user
        add_once(chat.lost, ["messages.role"])
        chat.messages.append(Message("user", [*read_texts(fields, "content", chat.lost)]))
    else:
        raise Misfit(fields.at("role"), "must be user, assistant or system")
    add_once(chat.lost, fields.rest("messages."))


# --- tools ------------------------------------------------------------------------------------------------------------


def _read_tool(fields: Fields, lost: list[str]) -> Tool:
    kind = fields.text("type")
    if kind not in (None, "custom"):
        raise Unsaid(fields.at("type"), f"the tool {kind}")
    schema = fields.raw("input_schema")
    if schema is None or not schema.startswith(b"{"):
        raise Misfit(fields.at("input_schema"), "an object is needed")
    tool = Tool(
        fields.needed("name"), fields.text("description"), schema, fields.flag("strict"), read_cache(fields, lost)
    )
    add_once(lost, fields.rest("tools."))
    return tool


def _read_tool_choice(fields: Fields, chat: Chat) -> None:
    choice = fields.object("tool_choice")
    if choice is None:
        return
    match choice.needed("type"):
        case "auto" | "any" | "none" as mode:
            chat.tool_choice = ToolChoice(mode)
        case "tool":
            chat.tool_choice = ToolChoice("tool", choice.needed("name"))
        case _:
            raise Misfit(choice.at("type"), "must be auto, any, tool or none")
    single = choice.flag("disable_parallel_tool_use")
    chat.parallel_tool_calls = None if single is None else not single
    add_once(chat.lost, choice.rest("tool_choice."))


# --- thinking and output ----------------------------------------------------------------------------------------------


def _read_thinking(fields: Fields, chat: Chat) -> None:
    thinking = fields.object("thinking")
    if thinking is None:
        return
    match thinking.needed("type"):
        case "enabled":
            chat.reasoning = Reasoning(budget=thinking.integer("budget_tokens"))
        case "adaptive":
            chat.reasoning = Reasoning()
        case "disabled":
            chat.reasoning = Reasoning(enabled=False)
        case _:
            add_once(chat.lost, ["thinking.type"])
    add_once(chat.lost, thinking.rest("thinking."))


def _read_output(fields: Fields, chat: Chat) -> None:
    """`output_config`, and `output_format`, which was its beta name."""
    config = fields.object("output_config")
    wanted = fields.object("output_format")
    if config is not None:
        effort = config.text("effort")
        if effort is not None:
            chat.reasoning = chat.reasoning or Reasoning()
            chat.reasoning.effort = effort
        wanted = config.object("format") or wanted
        add_once(chat.lost, config.rest("output_config."))
    if wanted is not None:
        chat.reply_format = _read_format(wanted, chat.lost)


def _read_format(fields: Fields, lost: list[str]) -> ReplyFormat:
    kind = fields.needed("type")
    if kind != "json_schema":
        raise Unsaid(fields.at("type"), f"the output format {kind}")
    schema = fields.raw("schema")
    if schema is None or not schema.startswith(b"{"):
        raise Misfit(fields.at("schema"), "an object is needed")
    add_once(lost, fields.rest("output_config.format."))
    return ReplyFormat("json_schema", schema=schema)
