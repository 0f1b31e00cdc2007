import msgspec
import pytest

from trigate.core.part import Part, PartKind
from trigate.dialects.anthropic_messages.parts import parts


def test_system_and_messages_are_parts_and_tools_are_apart() -> None:
    messages = [
        {"role": "user", "content": "hi"},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "hm", "signature": "sig"},
                {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": "x"}},
            ],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "done"}]},
    ]
    body = msgspec.json.encode({"system": [{"type": "text", "text": "rules"}], "messages": messages})
    assert parts(body) == [
        Part(PartKind.SYSTEM, "rules", ("system", 0, "text")),
        Part(PartKind.USER, "hi", ("messages", 0, "content")),
        Part(PartKind.ASSISTANT, "hm", ("messages", 1, "content", 0, "thinking")),
        Part(PartKind.TOOL_ARGUMENTS, "f", ("messages", 1, "content", 1, "name")),
        Part(PartKind.TOOL_ARGUMENTS, "x", ("messages", 1, "content", 1, "input", "a")),
        Part(PartKind.TOOL_RESULT, "done", ("messages", 2, "content", 0, "content")),
    ]


@pytest.mark.parametrize("body", [b"{}", b'{"messages":"x"}', b'{"messages":[1,null,"x"],"system":null}'])
def test_a_body_without_messages_has_no_parts(body: bytes) -> None:
    assert parts(body) == []
