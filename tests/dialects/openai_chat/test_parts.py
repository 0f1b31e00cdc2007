import msgspec
import pytest

from trigate.core.part import Part, PartKind
from trigate.dialects.openai_chat.parts import parts


def test_messages_are_parts_by_role_and_calls_are_apart() -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": '{"a":"x"}'}}
    messages = [
        {"role": "developer", "content": "rules"},
        {"role": "user", "content": [{"type": "text", "text": "hi"}, {"type": "file", "file": {"filename": "f.pdf"}}]},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "done"},
    ]
    assert parts(msgspec.json.encode({"model": "m", "messages": messages})) == [
        Part(PartKind.SYSTEM, "rules", ("messages", 0, "content")),
        Part(PartKind.USER, "hi", ("messages", 1, "content", 0, "text")),
        Part(PartKind.USER, "f.pdf", ("messages", 1, "content", 1, "file", "filename")),
        Part(PartKind.TOOL_ARGUMENTS, "f", ("messages", 2, "tool_calls", 0, "function", "name")),
        Part(PartKind.TOOL_ARGUMENTS, '{"a":"x"}', ("messages", 2, "tool_calls", 0, "function", "arguments")),
        Part(PartKind.TOOL_RESULT, "done", ("messages", 3, "content")),
    ]


@pytest.mark.parametrize("body", [b"{}", b'{"messages":"x"}', b'{"messages":[1,null,"x"]}'])
def test_a_body_without_messages_has_no_parts(body: bytes) -> None:
    assert parts(body) == []
