"""The texts of a Messages request, for guardrails."""

from collections.abc import Iterator, Mapping
from typing import Final

from trigate.core.part import Part, PartKind
from trigate.dialects.texts import Path, decode, texts

_BLOCKS: Final[Mapping[object, PartKind]] = {
    "tool_use": PartKind.TOOL_ARGUMENTS,
    "server_tool_use": PartKind.TOOL_ARGUMENTS,
    "tool_result": PartKind.TOOL_RESULT,
}


def parts(body: bytes) -> list[Part]:
    """The system prompt, then messages in order; tool calls and results apart. Raises `Refused`."""
    request = decode(body)
    found = list(texts(request.get("system"), PartKind.SYSTEM, ("system",)))
    messages = request.get("messages")
    for index, message in enumerate(messages if isinstance(messages, list) else ()):
        if isinstance(message, dict):
            found += _content(message.get("content"), message.get("role"), ("messages", index, "content"))
    return found


def _content(content: object, role: object, path: Path) -> Iterator[Part]:
    kind = PartKind.ASSISTANT if role == "assistant" else PartKind.USER
    if not isinstance(content, list):
        yield from texts(content, kind, path)
        return
    for index, block in enumerate(content):
        named = block.get("type") if isinstance(block, dict) else None
        yield from texts(block, _BLOCKS.get(named, kind), (*path, index))
