"""The neutral contract: what is left out means nothing, and one request's lists are never another's."""

from typing import get_args

import msgspec

from trigate.core.chat import Block, Chat, Delta, Message, Reply, Text, ToolCall
from trigate.core.usage import NO_USAGE


def test_what_the_client_did_not_say_is_none_or_empty() -> None:
    chat = Chat(model="m", messages=[])
    given = {name for name in Chat.__struct_fields__ if getattr(chat, name)}
    assert given == {"model"}
    assert chat.temperature is None
    assert Reply(id="", model="m", choices=[]).usage is NO_USAGE


def test_lists_are_not_shared() -> None:
    first, second = Chat(model="m", messages=[]), Chat(model="m", messages=[])
    first.lost.append("top_k")
    first.system.append(Text("x"))
    assert (second.lost, second.system) == ([], [])


def test_blocks_and_deltas_are_told_apart_by_type_and_compared_by_value() -> None:
    assert Message("user", [Text("a")]) == Message("user", [Text("a")])
    blocks: list[Block] = [Text(""), ToolCall("", "")]
    assert blocks[0] != blocks[1]
    for union in (Block, Delta):
        assert len(set(get_args(union))) == len(get_args(union))
        assert all(issubclass(kind, msgspec.Struct) for kind in get_args(union))
