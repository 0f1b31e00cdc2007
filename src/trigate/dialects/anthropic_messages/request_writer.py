"""Writes a `Chat` as a Messages request for an upstream.

Contract: raises `Refused` for what this API cannot say (several choices, free JSON output); a tuning knob that it
cannot take, or takes only within narrower bounds, is named in `chat.lost` by its neutral name. The same chat gives
the same bytes, which the vendor's prompt cache needs. Source: platform.claude.com/docs/en/api/messages.
Above: `dialect`. Below: `blocks`.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from trigate.core.chat import Chat, Message, Tool
from trigate.core.errors import Refused, invalid, unsupported
from trigate.dialects.anthropic_messages.blocks import Json, with_cache, write_block
from trigate.dialects.fields import Misfit
from trigate.dialects.parts import add_once

DEFAULT_MAX_TOKENS: Final = 4096
"""The API requires `max_tokens`: this much is asked for when neither the client nor the target says how much."""
LEAST_BUDGET: Final = 1024
"""The smallest `thinking.budget_tokens` that the API takes."""

_HERE: Final = "the Anthropic Messages API"
_TIERS: Final = {"auto": "auto", "default": "standard_only", "standard_only": "standard_only"}
_EFFORTS: Final = {word: word for word in ("low", "medium", "high", "xhigh", "max")}
_NO_PARAMETERS: Final = b'{"type":"object","properties":{}}'


def write_request(chat: Chat) -> bytes:
    """The body for an upstream. Adds to `chat.lost`; raises `Refused`."""
    if chat.n is not None and chat.n > 1:
        raise Refused(unsupported("n > 1", _HERE, param="n"))
    try:
        body = {"model": chat.model, "max_tokens": _max_tokens(chat), "messages": list(_messages(chat))}
    except Misfit as error:
        raise Refused(invalid("invalid_value", str(error), param=error.path)) from None
    if not body["messages"]:
        raise Refused(invalid("invalid_value", "messages: at least one message is required", param="messages"))
    body |= _instructions(chat)
    body |= _tools(chat)
    body |= _sampling(chat)
    body |= _thinking(chat)
    body |= _output(chat)
    body |= _rest(chat)
    return msgspec.json.encode(body)


def _max_tokens(chat: Chat) -> int:
    if chat.max_tokens is not None:
        return chat.max_tokens
    budget = chat.reasoning.budget if chat.reasoning is not None else None
    return DEFAULT_MAX_TOKENS + max(budget or 0, 0)


# --- messages ---------------------------------------------------------------------------------------------------------


def _messages(chat: Chat) -> Iterator[Json]:
    """The turns, alternating: turns of one role that follow each other are one, and an empty one is none."""
    role = ""
    content: list[Json] = []
    for message in chat.messages:
        blocks = _blocks(message, chat.lost)
        if not blocks:
            continue
        if message.role != role:
            if content:
                yield _turn(role, content)
            role, content = message.role, []
        content += blocks
    if content:
        yield _turn(role, content)


def _blocks(message: Message, lost: list[str]) -> list[Json]:
    if message.name is not None:
        add_once(lost, ["messages.name"])
    return [written for block in message.content if (written := write_block(block, lost)) is not None]


def _turn(role: str, content: list[Json]) -> Json:
    """Tool results come first in their turn, as the API asks."""
    content.sort(key=lambda block: block["type"] != "tool_result")
    return {"role": role, "content": _shortest(content)}


def _shortest(blocks: list[Json]) -> object:
    """Plain text alone is a string."""
    return blocks[0]["text"] if len(blocks) == 1 and blocks[0].keys() == {"type", "text"} else blocks


def _instructions(chat: Chat) -> Json:
    blocks = [written for text in chat.system if (written := write_block(text, chat.lost)) is not None]
    return {"system": _shortest(blocks)} if blocks else {}


# --- tools ------------------------------------------------------------------------------------------------------------


def _tools(chat: Chat) -> Json:
    written: Json = {}
    if chat.tools:
        written["tools"] = [_tool(tool) for tool in chat.tools]
    choice = _tool_choice(chat)
    if choice is not None:
        written["tool_choice"] = choice
    return written


def _tool(tool: Tool) -> Json:
    written: Json = {"name": tool.name}
    if tool.description is not None:
        written["description"] = tool.description
    written["input_schema"] = msgspec.Raw(_NO_PARAMETERS if tool.schema.strip() == b"{}" else tool.schema)
    if tool.strict is not None:
        written["strict"] = tool.strict
    return with_cache(written, tool.cache)


def _tool_choice(chat: Chat) -> Json | None:
    """Whether tools run side by side is said within the choice; without tools the API takes no choice."""
    choice, parallel = chat.tool_choice, chat.parallel_tool_calls
    if not chat.tools or (choice is None and parallel is None):
        return None
    written: Json = {"type": "auto" if choice is None else choice.mode}
    if choice is not None and choice.tool is not None:
        written["name"] = choice.tool
    if parallel is not None and written["type"] != "none":
        written["disable_parallel_tool_use"] = not parallel
    return written


# --- sampling ---------------------------------------------------------------------------------------------------------


def _sampling(chat: Chat) -> Json:
    """Temperature goes from 0 to 1 here, and is free only without thinking; newer models refuse top_p beside it."""
    written: Json = {}
    thinks = "thinking" in _thinking(chat) and chat.reasoning is not None and chat.reasoning.enabled
    if chat.temperature is not None:
        temperature = min(max(chat.temperature, 0.0), 1.0)
        if temperature != chat.temperature or (thinks and temperature != 1.0):
            add_once(chat.lost, ["temperature"])
        if not thinks:
            written["temperature"] = temperature
    if chat.top_p is not None and "temperature" not in written:
        written["top_p"] = chat.top_p
    elif chat.top_p not in (None, 1.0):
        add_once(chat.lost, ["top_p"])
    if chat.top_k is not None and not thinks:
        written["top_k"] = chat.top_k
    elif chat.top_k is not None:
        add_once(chat.lost, ["top_k"])
    return written


def _thinking(chat: Chat) -> Json:
    """A budget is written as it is; without one the model decides by itself, guided by `output_config.effort`.

    A budget must be at least 1024 and less than `max_tokens`, and goes with no forced tool.
    """
    reasoning = chat.reasoning
    if reasoning is None:
        return {}
    if not reasoning.enabled:
        return {"thinking": {"type": "disabled"}}
    if chat.tools and chat.tool_choice is not None and chat.tool_choice.mode in ("any", "tool"):
        add_once(chat.lost, ["reasoning"])
        return {}
    if reasoning.budget is None:
        return {"thinking": {"type": "adaptive"}}
    budget = min(max(reasoning.budget, LEAST_BUDGET), _max_tokens(chat) - 1)
    if budget != reasoning.budget:
        add_once(chat.lost, ["reasoning"])
    if budget < LEAST_BUDGET:
        return {}
    return {"thinking": {"type": "enabled", "budget_tokens": budget}}


def _output(chat: Chat) -> Json:
    config: Json = {}
    if chat.reasoning is not None and chat.reasoning.enabled and chat.reasoning.effort is not None:
        effort = _EFFORTS.get(chat.reasoning.effort)
        if effort is None:
            add_once(chat.lost, ["reasoning_effort"])
        config["effort"] = effort or "low"
    wanted = chat.reply_format
    if wanted is not None and wanted.kind == "json_object":
        feature = "response_format json_object (without a schema)"
        raise Refused(unsupported(feature, _HERE, param="response_format"))
    if wanted is not None:
        config["format"] = {"type": "json_schema", "schema": msgspec.Raw(wanted.schema or b"{}")}
        if wanted.description is not None:
            add_once(chat.lost, ["response_format.json_schema.description"])
    return {"output_config": config} if config else {}


def _rest(chat: Chat) -> Json:
    written: Json = {}
    sequences = [sequence for sequence in chat.stop if sequence.strip()]
    if len(sequences) < len(chat.stop):  # the API takes none of white space alone
        add_once(chat.lost, ["stop"])
    if sequences:
        written["stop_sequences"] = sequences
    if chat.user is not None:
        written["metadata"] = {"user_id": chat.user}
    if chat.service_tier is not None:
        tier = _TIERS.get(chat.service_tier)
        if tier is None:
            add_once(chat.lost, ["service_tier"])
        else:
            written["service_tier"] = tier
    if chat.stream:
        written["stream"] = True
    knobs = {
        "seed": chat.seed is not None,
        "presence_penalty": bool(chat.presence_penalty),
        "frequency_penalty": bool(chat.frequency_penalty),
    }
    add_once(chat.lost, (name for name, is_set in knobs.items() if is_set))
    return written
