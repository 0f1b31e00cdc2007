import pytest
from anthropic.types import MessageTokensCount

from trigate.core.chat import Chat, Image, Message, Text, Tool, ToolCall, ToolResult
from trigate.core.errors import Refused
from trigate.dialects.anthropic_messages.count import estimate, read_count, write_count


def test_a_count_needs_no_max_tokens() -> None:
    assert read_count(b'{"model":"claude-x","messages":[]}').model == "claude-x"


def test_a_count_is_no_stream() -> None:
    with pytest.raises(Refused, match="invalid_value"):
        read_count(b'{"model":"claude-x","stream":true}')


def test_the_answer_is_the_sdks() -> None:
    assert MessageTokensCount.model_validate_json(write_count(14)).input_tokens == 14


def test_an_estimate_rounds_bytes_up_and_adds_overheads() -> None:
    chat = Chat(model="m", messages=[Message("user", [Text("héllo")])])
    assert estimate(chat) == 2 + 4
    chat.system = [Text("12345")]
    assert estimate(chat) == 3 + 4
    chat.tools = [Tool("f", "d", b"{}")]
    assert estimate(chat) == 4 + 4 + 16
    chat.messages.append(Message("assistant", [ToolCall("id", "f", "{}")]))
    chat.messages.append(Message("user", [ToolResult("id", [Text("1234"), Image(url="u")])]))
    assert estimate(chat) == 6 + 12 + 16 + 1600
