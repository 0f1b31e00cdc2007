from trigate.core.chat import Chat, Image, Message, Text, Tool, ToolCall, ToolResult
from trigate.decide.estimate import estimate_tokens


def test_an_estimate_rounds_bytes_up_and_adds_overheads() -> None:
    chat = Chat(model="m", messages=[Message("user", [Text("héllo")])])
    assert estimate_tokens(chat) == 2 + 4
    chat.system = [Text("12345")]
    assert estimate_tokens(chat) == 3 + 4
    chat.tools = [Tool("f", "d", b"{}")]
    assert estimate_tokens(chat) == 4 + 4 + 16
    chat.messages.append(Message("assistant", [ToolCall("id", "f", "{}")]))
    chat.messages.append(Message("user", [ToolResult("id", [Text("1234"), Image(url="u")])]))
    assert estimate_tokens(chat) == 6 + 12 + 16 + 1600
