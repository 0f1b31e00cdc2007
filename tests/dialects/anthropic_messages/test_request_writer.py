import itertools
import json
from collections.abc import Sequence

import pytest
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from tests.dialects.anthropic_messages.material import IDS, OBJECTS, WORDS
from tests.dialects.anthropic_messages.test_blocks import BLOCKS, CACHES, RESULTS, TEXTS
from trigate.core.chat import (
    Block,
    Chat,
    Image,
    Message,
    Reasoning,
    Refusal,
    ReplyFormat,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from trigate.core.errors import Category, Refused
from trigate.dialects.anthropic_messages.request_reader import read_request
from trigate.dialects.anthropic_messages.request_writer import DEFAULT_MAX_TOKENS, write_request

SDK: TypeAdapter[MessageCreateParamsNonStreaming] = TypeAdapter(MessageCreateParamsNonStreaming)
FRACTIONS = st.none() | st.floats(0, 1)
TOOLS = st.builds(
    Tool,
    IDS,
    st.none() | WORDS,
    OBJECTS.filter(lambda text: text != "{}").map(str.encode),
    st.none() | st.booleans(),
    CACHES,
)
CHOICES = st.none() | st.sampled_from([ToolChoice("auto"), ToolChoice("any"), ToolChoice("tool", "f")])
EFFORTS = st.none() | st.sampled_from("low medium high xhigh max".split())


def said(*blocks: Block, **fields: object) -> Chat:
    chat = Chat(model="claude-x", messages=[Message("user", list(blocks) or [Text("Hi")])])
    for name, value in fields.items():
        setattr(chat, name, value)
    return chat


def write(chat: Chat) -> dict[str, object]:
    body = json.loads(write_request(chat))
    assert isinstance(body, dict)
    return body


@st.composite
def chats(draw: st.DrawFn) -> Chat:
    """Requests that the dialect can say as they are."""
    tools = draw(st.lists(TOOLS, max_size=2))
    choice = draw(CHOICES) if tools else None
    reasoning = draw(st.sampled_from([None, Reasoning(enabled=False), Reasoning(), Reasoning(budget=2048)]))
    if reasoning is not None and reasoning.enabled:
        reasoning = Reasoning(effort=draw(EFFORTS), budget=reasoning.budget)
        choice = choice if choice is None or choice.mode == "auto" else None
    thinks = reasoning is not None and reasoning.enabled
    temperature = None if thinks else draw(FRACTIONS)
    turns = draw(st.lists(st.lists(BLOCKS, min_size=1, max_size=3), min_size=1, max_size=3))
    for turn in turns:
        turn.sort(key=lambda block: not isinstance(block, ToolResult))
    return Chat(
        model=draw(IDS),
        messages=[Message("assistant" if index % 2 else "user", turn) for index, turn in enumerate(turns)],
        system=draw(st.lists(TEXTS, max_size=2)),
        tools=tools,
        tool_choice=choice,
        parallel_tool_calls=draw(st.none() | st.booleans()) if choice is not None else None,
        max_tokens=draw(st.integers(2049, 10**6)),
        temperature=temperature,
        top_p=None if temperature is not None else draw(FRACTIONS),
        top_k=None if thinks else draw(st.none() | st.integers(1, 99)),
        stop=draw(st.lists(IDS, max_size=2)),
        reply_format=draw(st.none() | st.just(ReplyFormat("json_schema", schema=b'{"type":"object"}'))),
        reasoning=reasoning,
        user=draw(st.none() | WORDS),
        service_tier=draw(st.sampled_from([None, "auto", "default"])),
        stream=draw(st.booleans()),
    )


@given(chats())
def test_what_is_written_reads_back(chat: Chat) -> None:
    body = write_request(chat)
    assert chat.lost == []
    assert read_request(body) == chat
    assert write_request(chat) == body


def test_the_sdk_accepts_what_is_written() -> None:
    chat = said(
        Image(url="https://x.example/a.png"),
        tools=[Tool("f", "does f", b'{"type":"object"}', True)],
        tool_choice=ToolChoice("tool", "f"),
        parallel_tool_calls=False,
        stop=["END"],
        user="u",
        system=[Text("be brief")],
        temperature=0.5,
        reply_format=ReplyFormat("json_schema", schema=b'{"type":"object"}'),
    )
    SDK.validate_json(write_request(chat), strict=False)


def test_max_tokens_is_always_there() -> None:
    assert write(said())["max_tokens"] == DEFAULT_MAX_TOKENS
    assert write(said(max_tokens=7))["max_tokens"] == 7
    assert write(said(reasoning=Reasoning(budget=2000)))["max_tokens"] == DEFAULT_MAX_TOKENS + 2000


def test_turns_alternate() -> None:
    chat = said()
    chat.messages = [
        Message("user", [Text("a")]),
        Message("assistant", [Text("")]),
        Message("user", [Text("b")], name="Ann"),
        Message("assistant", [Refusal("no")]),
        Message("assistant", [ToolCall("t1", "f", ""), ToolCall("t2", "f", "{}")]),
        Message("user", [ToolResult("t1", [Text("1")])]),
        Message("user", [Text("and"), ToolResult("t2", [Text("2")])]),
    ]
    assert write(chat)["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "no"},
                {"type": "tool_use", "id": "t1", "name": "f", "input": {}},
                {"type": "tool_use", "id": "t2", "name": "f", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "t1", "content": "1"},
                {"type": "tool_result", "tool_use_id": "t2", "content": "2"},
                {"type": "text", "text": "and"},
            ],
        },
    ]
    assert chat.lost == ["messages.name"]


@pytest.mark.parametrize(
    ("fields", "written", "lost"),
    [
        ({"temperature": 1.5}, {"temperature": 1.0}, ["temperature"]),
        ({"temperature": 1.0}, {"temperature": 1.0}, []),
        ({"temperature": 0.5, "top_p": 0.9}, {"temperature": 0.5}, ["top_p"]),
        ({"temperature": 0.5, "top_p": 1.0}, {"temperature": 0.5}, []),
        ({"top_p": 0.9}, {"top_p": 0.9}, []),
        ({"seed": 0, "presence_penalty": 0.5, "frequency_penalty": 0.0}, {}, ["seed", "presence_penalty"]),
        ({"stop": ["\n", "END"]}, {"stop_sequences": ["END"]}, ["stop"]),
        ({"service_tier": "flex"}, {}, ["service_tier"]),
        ({"service_tier": "default"}, {"service_tier": "standard_only"}, []),
        ({"n": 1}, {}, []),
        ({"tool_choice": ToolChoice("none"), "parallel_tool_calls": True}, {}, []),
        (
            {"reasoning": Reasoning(effort="high"), "temperature": 0.2, "top_k": 5},
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}},
            ["temperature", "top_k"],
        ),
        (
            {"reasoning": Reasoning(effort="minimal")},
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}},
            ["reasoning_effort"],
        ),
        ({"reasoning": Reasoning(effort="none", enabled=False)}, {"thinking": {"type": "disabled"}}, []),
        ({"reasoning": Reasoning(enabled=False)}, {"thinking": {"type": "disabled"}}, []),
        (
            {"reasoning": Reasoning(budget=5000), "max_tokens": 2000},
            {"thinking": {"type": "enabled", "budget_tokens": 1999}},
            ["reasoning"],
        ),
        ({"reasoning": Reasoning(budget=5000), "max_tokens": 100}, {}, ["reasoning"]),
        (
            {"reply_format": ReplyFormat("json_schema", "n", "d", b'{"type":"object"}', True)},
            {"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}},
            ["response_format.json_schema.description"],
        ),
    ],
)
def test_knobs(fields: dict[str, object], written: dict[str, object], lost: Sequence[str]) -> None:
    chat = said(**fields)
    body = write(chat)
    for key in ("model", "messages", "max_tokens"):
        del body[key]
    assert (body, chat.lost) == (written, lost)


def test_forced_tools_and_thinking_exclude_each_other() -> None:
    chat = said(tools=[Tool("f")], tool_choice=ToolChoice("any"), reasoning=Reasoning(budget=2048))
    assert "thinking" not in write(chat)
    assert chat.lost == ["reasoning"]


@pytest.mark.parametrize(
    ("choice", "parallel", "written"),
    [
        (None, None, None),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        (ToolChoice("any"), None, {"type": "any"}),
        (ToolChoice("tool", "f"), True, {"type": "tool", "name": "f", "disable_parallel_tool_use": False}),
        (ToolChoice("none"), False, {"type": "none"}),
    ],
)
def test_tool_choices(choice: ToolChoice | None, parallel: bool | None, written: object) -> None:
    body = write(said(tools=[Tool("f")], tool_choice=choice, parallel_tool_calls=parallel))
    assert body.get("tool_choice") == written


def test_a_tool_without_parameters_takes_an_empty_object() -> None:
    assert write(said(tools=[Tool("f")]))["tools"] == [
        {"name": "f", "input_schema": {"type": "object", "properties": {}}}
    ]


def test_unsigned_thinking_is_left_out_and_named() -> None:
    chat = said()
    chat.messages.append(Message("assistant", [Thinking("hm"), Text("Yes")]))
    messages = write(chat)["messages"]
    assert isinstance(messages, list)
    assert messages[1] == {"role": "assistant", "content": "Yes"}
    assert chat.lost == ["thinking"]


@pytest.mark.parametrize(
    ("chat", "category", "param"),
    [
        (said(n=2), Category.UNSUPPORTED, "n"),
        (said(reply_format=ReplyFormat("json_object")), Category.UNSUPPORTED, "response_format"),
        (said(ToolCall("a", "f", "{oops")), Category.INVALID, "messages"),
        (said(Text("")), Category.INVALID, "messages"),
    ],
)
def test_what_cannot_be_said_is_refused(chat: Chat, category: Category, param: str) -> None:
    with pytest.raises(Refused) as caught:
        write_request(chat)
    assert (caught.value.fault.category, caught.value.fault.param) == (category, param)


@given(st.lists(st.builds(Message, st.sampled_from(["user", "assistant"]), st.lists(BLOCKS | RESULTS, max_size=3))))
def test_turns_alternate_always(messages: list[Message]) -> None:
    chat = said()
    chat.messages += messages
    turns = write(chat)["messages"]
    assert isinstance(turns, list)
    roles = [turn["role"] for turn in turns]
    assert all(one != other for one, other in itertools.pairwise(roles))
    for turn in turns:
        kinds = (
            [block["type"] != "tool_result" for block in turn["content"]] if isinstance(turn["content"], list) else []
        )
        assert kinds == sorted(kinds)
