import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dialects.anthropic_messages.material import VALUES
from trigate.core.chat import (
    CacheMark,
    Chat,
    Image,
    Message,
    Reasoning,
    RedactedThinking,
    ReplyFormat,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from trigate.core.errors import Category, Fault, Refused
from trigate.dialects.anthropic_messages.request_reader import read_request

HI = [{"role": "user", "content": "Hi"}]
KEYS = (
    "model messages system tools tool_choice max_tokens temperature top_p top_k stop_sequences thinking output_config"
    " output_format metadata service_tier stream container mcp_servers unheard_of"
).split()


def read(**fields: object) -> Chat:
    return read_request(json.dumps({"model": "claude-x", "messages": HI, **fields}).encode())


def refused(**fields: object) -> Fault:
    with pytest.raises(Refused) as caught:
        read(**fields)
    return caught.value.fault


def test_the_least_request() -> None:
    assert read() == Chat(model="claude-x", messages=[Message("user", [Text("Hi")])])


CLAUDE_CODE = b"""{"model":"claude-sonnet-x","max_tokens":32000,"stream":true,
      "system":[{"type":"text","text":"x-billing-header: cc_version=2.1"},
        {"type":"text","text":"You are Claude Code.","cache_control":{"type":"ephemeral"}},
        {"type":"text","text":"Environment","cache_control":{"type":"ephemeral","ttl":"1h"}}],
      "messages":[
        {"role":"user","content":[{"type":"text","text":"<system-reminder>"},{"type":"text","text":"List files"}]},
        {"role":"assistant","content":[
          {"type":"thinking","thinking":"Use Bash","signature":"c2ln"},
          {"type":"redacted_thinking","data":"eHg="},
          {"type":"text","text":"Listing."},
          {"type":"tool_use","id":"toolu_1","name":"Bash","input":{"command": "ls"}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","is_error":true,
          "content":[{"type":"text","text":"denied"},
            {"type":"image","source":{"type":"base64","media_type":"image/png","data":"QUJD"}}],
          "cache_control":{"type":"ephemeral"}}]}],
      "tools":[{"name":"Bash","description":"Runs a command","input_schema":{"type": "object"},
        "cache_control":{"type":"ephemeral"},"eager_input_streaming":true}],
      "tool_choice":{"type":"auto","disable_parallel_tool_use":false},
      "thinking":{"type":"enabled","budget_tokens":31999},
      "metadata":{"user_id":"user_1_account__session_2"},
      "context_management":{"edits":[{"type":"clear_thinking_20251015"}]},
      "output_config":{"effort":"high"},"temperature":1}"""
CLAUDE_CODE_READ = Chat(
    model="claude-sonnet-x",
    max_tokens=32000,
    stream=True,
    system=[
        Text("x-billing-header: cc_version=2.1"),
        Text("You are Claude Code.", CacheMark()),
        Text("Environment", CacheMark("1h")),
    ],
    messages=[
        Message("user", [Text("<system-reminder>"), Text("List files")]),
        Message(
            "assistant",
            [
                Thinking("Use Bash", "c2ln"),
                RedactedThinking("eHg="),
                Text("Listing."),
                ToolCall("toolu_1", "Bash", '{"command": "ls"}'),
            ],
        ),
        Message(
            "user",
            [
                ToolResult(
                    "toolu_1",
                    [Text("denied"), Image(media_type="image/png", data="QUJD")],
                    is_error=True,
                    cache=CacheMark(),
                )
            ],
        ),
    ],
    tools=[Tool("Bash", "Runs a command", b'{"type": "object"}', None, CacheMark())],
    tool_choice=ToolChoice("auto"),
    parallel_tool_calls=True,
    reasoning=Reasoning(effort="high", budget=31999),
    user="user_1_account__session_2",
    temperature=1.0,
    lost=["tools.eager_input_streaming", "context_management"],
)


def test_what_claude_code_sends() -> None:
    assert read_request(CLAUDE_CODE) == CLAUDE_CODE_READ


def test_sampling_and_limits() -> None:
    chat = read(max_tokens=5, temperature=0.5, top_p=0.9, top_k=40, stop_sequences=["END", ""], service_tier="auto")
    assert (chat.max_tokens, chat.temperature, chat.top_p, chat.top_k) == (5, 0.5, 0.9, 40)
    assert (chat.stop, chat.service_tier, chat.lost) == (["END"], "auto", [])
    assert read(service_tier="standard_only").service_tier == "default"


@pytest.mark.parametrize(
    ("choice", "expected", "parallel"),
    [
        ({"type": "auto"}, ToolChoice("auto"), None),
        ({"type": "any", "disable_parallel_tool_use": True}, ToolChoice("any"), False),
        ({"type": "tool", "name": "f"}, ToolChoice("tool", "f"), None),
        ({"type": "none"}, ToolChoice("none"), None),
        (None, None, None),
    ],
)
def test_tool_choices(choice: object, expected: ToolChoice | None, parallel: bool | None) -> None:
    chat = read(tool_choice=choice)
    assert (chat.tool_choice, chat.parallel_tool_calls) == (expected, parallel)


@pytest.mark.parametrize(
    ("thinking", "reasoning", "lost"),
    [
        ({"type": "enabled", "budget_tokens": 2048}, Reasoning(budget=2048), []),
        ({"type": "adaptive", "display": "omitted"}, Reasoning(), ["thinking.display"]),
        ({"type": "disabled"}, Reasoning(enabled=False), []),
        ({"type": "between_tools"}, None, ["thinking.type"]),
    ],
)
def test_thinking(thinking: object, reasoning: Reasoning | None, lost: list[str]) -> None:
    chat = read(thinking=thinking)
    assert (chat.reasoning, chat.lost) == (reasoning, lost)


def test_effort_alone_is_reasoning() -> None:
    assert read(output_config={"effort": "max"}).reasoning == Reasoning(effort="max")


@pytest.mark.parametrize("where", ["output_config", "output_format"])
def test_structured_output(where: str) -> None:
    wanted = {"type": "json_schema", "schema": {"type": "object"}}
    chat = read(**{where: {"format": wanted} if where == "output_config" else wanted})
    assert chat.reply_format == ReplyFormat("json_schema", schema=b'{"type": "object"}')


def test_knobs_that_are_not_carried_are_named() -> None:
    chat = read(
        inference_geo="eu",
        speed="fast",
        metadata={"user_id": "u", "team": "x"},
        unheard_of=1,
        nothing=None,
        cache_control={"type": "ephemeral"},
        output_config={"effort": "low", "task_budget": {"total": 5}},
        tools=[{"name": "f", "input_schema": {}, "defer_loading": True, "input_examples": [{}]}],
    )
    assert chat.lost == [
        "tools.defer_loading",
        "tools.input_examples",
        "metadata.team",
        "output_config.task_budget",
        "inference_geo",
        "speed",
        "unheard_of",
        "cache_control",
    ]


@pytest.mark.parametrize(
    ("fields", "words", "param"),
    [
        ({"tools": [{"type": "web_search_20260318", "name": "web_search"}]}, "web_search_20260318", "tools.0.type"),
        ({"tools": [{"type": "bash_20250124", "name": "bash"}]}, "bash_20250124", "tools.0.type"),
        ({"mcp_servers": [{"type": "url", "url": "x"}]}, "MCP server", "mcp_servers"),
        ({"container": "c_1"}, "container", "container"),
        ({"max_tokens": 0}, "max_tokens 0", "max_tokens"),
        (
            {"messages": [{"role": "user", "content": [{"type": "document", "source": {}}]}]},
            "document",
            "messages.0.content.0.type",
        ),
        (
            {"messages": [{"role": "system", "content": [{"type": "image", "source": {"type": "url", "url": "u"}}]}]},
            "image",
            "messages.0.content",
        ),
        ({"output_config": {"format": {"type": "grammar"}}}, "grammar", "output_config.format.type"),
    ],
)
def test_features_are_refused_by_name(fields: dict[str, object], words: str, param: str) -> None:
    fault = refused(**fields)
    assert (fault.category, fault.code, fault.status) == (Category.UNSUPPORTED, "unsupported_feature", 400)
    assert words in fault.message
    assert fault.param == param


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": None}, "messages"),
        ({"messages": [7]}, "messages.0"),
        ({"messages": [{"content": "x"}]}, "messages.0.role"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages.0.role"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages.0.content"),
        ({"tools": [{"name": "f"}]}, "tools.0.input_schema"),
        ({"tools": [{"input_schema": {}}]}, "tools.0.name"),
        ({"tool_choice": {"type": "maybe"}}, "tool_choice.type"),
        ({"tool_choice": {"type": "tool"}}, "tool_choice.name"),
        ({"temperature": "hot"}, "temperature"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"stop_sequences": "END"}, "stop_sequences"),
        ({"output_config": {"format": {"type": "json_schema"}}}, "output_config.format.schema"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_path(fields: dict[str, object], param: str) -> None:
    fault = refused(**fields)
    assert (fault.category, fault.status, fault.param) == (Category.INVALID, 400, param)


def test_later_system_messages_keep_their_place() -> None:
    chat = read(messages=[*HI, {"role": "system", "content": "b"}])
    assert chat.messages == [Message("user", [Text("Hi")]), Message("user", [Text("b")])]
    assert chat.lost == ["messages.role"]


def test_system_messages_at_the_front_are_instructions() -> None:
    chat = read(system="a", messages=[{"role": "system", "content": "b"}, *HI])
    assert chat.system == [Text("a"), Text("b")]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"model":"a","model":"b"}',
        b'{"model":"\\ud800","messages":[]}',
        b'{"messages":[{"role":"user","content":"\xff"}]}',
        b'{"messages":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
def test_bodies_that_cannot_be_read_are_refused(body: bytes) -> None:
    with pytest.raises(Refused):
        read_request(body)


BLOCKS = st.dictionaries(st.sampled_from("type text id name input content source tool_use_id".split()), VALUES)


@given(
    st.dictionaries(st.sampled_from(KEYS), VALUES)
    | st.builds(lambda blocks: {"messages": [{"role": "user", "content": blocks}]}, st.lists(BLOCKS))
)
def test_only_refusals_come_out(value: object) -> None:
    try:
        read_request(json.dumps(value).encode())
    except Refused as refusal:
        assert refusal.fault.status == 400
