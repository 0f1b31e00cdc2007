"""The texts of a chat completion request, for guardrails."""

from collections.abc import Iterator, Mapping
from typing import Final

from trigate.core.part import Part, PartKind
from trigate.dialects.texts import SKIPPED, decode, texts

_ROLES: Final[Mapping[object, PartKind]] = {
    "system": PartKind.SYSTEM,
    "developer": PartKind.SYSTEM,
    "assistant": PartKind.ASSISTANT,
    "tool": PartKind.TOOL_RESULT,
    "function": PartKind.TOOL_RESULT,
}


def parts(body: bytes) -> list[Part]:
    """Messages in order; the arguments of tool calls apart. Raises `Refused`."""
    messages = decode(body).get("messages")
    found = enumerate(messages if isinstance(messages, list) else ())
    return [part for index, message in found for part in _message(message, index)]


def _message(message: object, index: int) -> Iterator[Part]:
    if not isinstance(message, dict):
        return
    kind = _ROLES.get(message.get("role"), PartKind.USER)
    for key, value in message.items():
        if key in SKIPPED:
            continue
        calls = key in ("tool_calls", "function_call")
        yield from texts(value, PartKind.TOOL_ARGUMENTS if calls else kind, ("messages", index, key))
