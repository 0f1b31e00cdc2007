import json

import pytest
from anthropic.types import Message as SdkMessage
from hypothesis import given
from hypothesis import strategies as st

from tests.dialects.anthropic_messages.material import VALUES, replies
from trigate.core.chat import Block, Choice, Image, Refusal, Reply, StopReason, Text, Thinking, ToolCall
from trigate.core.usage import Usage
from trigate.dialects.anthropic_messages.reply import read_reply, write_reply


def reply(*content: Block, stop: StopReason = StopReason.END) -> Reply:
    return Reply(id="msg_1", model="m", choices=[Choice(list(content), stop)])


@given(replies())
def test_what_is_written_reads_back(said: Reply) -> None:
    written = write_reply(said)
    assert read_reply(written) == said
    SdkMessage.model_validate_json(written)


def test_a_message_of_the_vendor() -> None:
    body = b"""{"id":"msg_01","type":"message","role":"assistant","model":"claude-x","content":[
        {"type":"thinking","thinking":"hm","signature":"c2ln"},
        {"type":"text","text":"Hi","citations":null},
        {"type":"tool_use","id":"toolu_1","name":"f","input":{"a": [1]},"caller":{"type":"direct"}}],
        "stop_reason":"tool_use","stop_sequence":null,"stop_details":null,"container":null,
        "usage":{"input_tokens":9,"cache_read_input_tokens":4,"cache_creation_input_tokens":3,
        "cache_creation":{"ephemeral_5m_input_tokens":1,"ephemeral_1h_input_tokens":2},
        "output_tokens":50,"output_tokens_details":{"thinking_tokens":20},"service_tier":"standard"}}"""
    read = read_reply(body)
    assert read.choices == [
        Choice([Thinking("hm", "c2ln"), Text("Hi"), ToolCall("toolu_1", "f", '{"a": [1]}')], StopReason.TOOL_CALLS)
    ]
    assert read.usage == Usage(input=9, cache_read=4, cache_write=1, cache_write_1h=2, output=30, reasoning=20)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"<html>",
        b'{"type":"error","error":{"type":"api_error","message":"x"}}',
        b'{"type":"message","content":[{"type":"server_tool_use"}]}',
        b'{"type":"message","content":7}',
        b'{"type":"message","content":[],"usage":{"input_tokens":"many"}}',
        b'{"type":"message","x":' + b"[" * 100_000,
    ],
)
def test_what_is_no_message_raises(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_reply(body)


@given(VALUES | st.builds(lambda content: {"type": "message", "content": content}, VALUES))
def test_only_value_errors_come_out(value: object) -> None:
    try:
        read_reply(json.dumps(value).encode())
    except ValueError:
        return


def test_empty_text_is_left_out_and_refusals_are_text() -> None:
    written = json.loads(write_reply(reply(Text(""), Refusal("I will not."))))
    assert written["content"] == [{"type": "text", "text": "I will not."}]
    assert written["stop_reason"] == "refusal"


def test_a_plain_end_with_calls_asks_for_their_results() -> None:
    assert json.loads(write_reply(reply(ToolCall("a", "f", "{}"))))["stop_reason"] == "tool_use"


def test_ids_of_calls_are_kept() -> None:
    written = json.loads(write_reply(reply(ToolCall("functions.f:0", "f", ""))))
    assert written["content"] == [{"type": "tool_use", "id": "functions.f:0", "name": "f", "input": {}}]


def test_arguments_that_were_cut_are_empty_and_broken_ones_raise() -> None:
    call = ToolCall("a", "f", '{"city": "Par')
    written = json.loads(write_reply(reply(call, stop=StopReason.LENGTH)))
    assert (written["content"][0]["input"], written["stop_reason"]) == ({}, "max_tokens")
    with pytest.raises(ValueError, match="tool call a"):
        write_reply(reply(call))


@pytest.mark.parametrize(
    "unsayable",
    [
        Reply(id="a", model="m", choices=[]),
        Reply(id="a", model="m", choices=[Choice([], StopReason.END)] * 2),
        reply(Image(url="https://x.example/a.png")),
    ],
)
def test_what_a_message_cannot_say_raises(unsayable: Reply) -> None:
    with pytest.raises(ValueError, match="a message"):
        write_reply(unsayable)
