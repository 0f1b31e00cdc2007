"""Requests for an upstream: all that OpenAI can say is said, the rest is named as lost."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dialects.openai_chat.samples import NAMES, TEXTS
from trigate.core.chat import (
    Block,
    CacheMark,
    Chat,
    Image,
    Message,
    Reasoning,
    RedactedThinking,
    Refusal,
    ReplyFormat,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from trigate.dialects.openai_chat.request_reader import read_request
from trigate.dialects.openai_chat.request_writer import write_request

MAYBE_FLOAT = st.none() | st.floats(-2, 2)
TEXT_BLOCKS = st.builds(Text, TEXTS)
DATA_IMAGE = st.builds(Image, media_type=st.just("image/png"), data=st.just("AAAA"))
IMAGES = DATA_IMAGE | st.builds(Image, url=st.just("https://x/y"), detail=st.sampled_from([None, "low"]))
SCHEMAS = st.sampled_from([b"{}", b'{"type":"object","properties":{"b":{},"a":{}}}'])
TOOLS = st.builds(Tool, NAMES, st.none() | TEXTS, SCHEMAS, st.none() | st.booleans())


@st.composite
def turns(draw: st.DrawFn) -> list[Message]:
    """Turns in the form in which OpenAI has them: a round of calls, its results, then what the user adds."""
    messages = [Message("user", draw(st.lists(TEXT_BLOCKS | IMAGES, min_size=1, max_size=3)))]
    for number in range(draw(st.integers(0, 2))):
        said: list[Block] = [
            *draw(st.lists(st.builds(Thinking, TEXTS), max_size=1)),
            *draw(st.lists(TEXT_BLOCKS, max_size=2)),
        ]
        calls = [
            ToolCall(f"c{number}_{i}", name, "{}")
            for i, name in enumerate(draw(st.lists(NAMES, min_size=1, max_size=3)))
        ]
        messages.append(Message("assistant", [*said, *calls], draw(st.none() | NAMES)))
        results = st.lists(TEXT_BLOCKS, max_size=2)
        messages.append(Message("user", [ToolResult(call.id, list(draw(results))) for call in calls]))
        messages.append(Message("user", [draw(TEXT_BLOCKS)], draw(st.none() | NAMES)))
    return messages


CHATS = st.builds(
    Chat,
    model=TEXTS,
    messages=turns(),
    system=st.lists(TEXT_BLOCKS, max_size=3),
    tools=st.lists(TOOLS, min_size=1, max_size=2),
    tool_choice=st.sampled_from(
        [None, ToolChoice("auto"), ToolChoice("none"), ToolChoice("any"), ToolChoice("tool", "f")]
    ),
    parallel_tool_calls=st.none() | st.booleans(),
    max_tokens=st.none() | st.integers(1, 10**6),
    temperature=MAYBE_FLOAT,
    top_p=MAYBE_FLOAT,
    stop=st.lists(TEXTS, max_size=3),
    n=st.none() | st.integers(1, 4),
    seed=st.none() | st.integers(0, 2**31),
    presence_penalty=MAYBE_FLOAT,
    frequency_penalty=MAYBE_FLOAT,
    reply_format=st.none()
    | st.just(ReplyFormat("json_object"))
    | st.builds(
        ReplyFormat,
        st.just("json_schema"),
        NAMES,
        st.none() | TEXTS,
        st.none() | st.just(b'{"a":1}'),
        st.none() | st.booleans(),
    ),
    reasoning=st.none() | st.builds(Reasoning, effort=st.sampled_from(["minimal", "low", "high", "xhigh"])),
    user=st.none() | TEXTS,
    service_tier=st.sampled_from([None, "auto", "default", "flex"]),
    stream=st.booleans(),
)


@given(CHATS)
def test_what_is_written_is_read(chat: Chat) -> None:
    assert read_request(write_request(chat)) == chat
    assert chat.lost == []


def written(*messages: Message, **fields: object) -> dict[str, object]:
    body = json.loads(write_request(Chat(model="m", messages=list(messages), **fields)))  # type: ignore[arg-type]
    assert isinstance(body, dict)
    return body


def lost(*messages: Message, **fields: object) -> list[str]:
    chat = Chat(model="m", messages=list(messages), **fields)  # type: ignore[arg-type]
    write_request(chat)
    return chat.lost


def test_the_simplest_request_is_simple() -> None:
    body = written(Message("user", [Text("Hi")]), system=[Text("Be kind.")], max_tokens=5)
    assert body == {
        "model": "m",
        "messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}],
        "max_completion_tokens": 5,
    }


def test_a_stream_is_asked_to_report_usage() -> None:
    body = written(stream=True)
    assert (body["stream"], body["stream_options"]) == (True, {"include_usage": True})


def test_tool_results_stand_right_behind_the_calls_and_their_pictures_follow() -> None:
    results: list[Block] = [
        Text("and?"),
        ToolResult("c1", [Text("1"), Image(media_type="image/png", data="AAAA")]),
        ToolResult("c2", []),
    ]
    body = written(Message("assistant", [ToolCall("c1", "f"), ToolCall("c2", "g")]), Message("user", results))
    assert body["messages"] == [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
                {"id": "c2", "type": "function", "function": {"name": "g", "arguments": "{}"}},
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "1"},
        {"role": "tool", "tool_call_id": "c2", "content": ""},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Images in the result of tool call c1:"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                {"type": "text", "text": "and?"},
            ],
        },
    ]


def test_thinking_goes_back_only_to_those_who_do_not_sign_it() -> None:
    blocks: list[Block] = [
        Thinking("mine"),
        Thinking("theirs", "sig"),
        RedactedThinking("sealed"),
        Text("a"),
        Refusal("no"),
    ]
    message = Message("assistant", blocks)
    assert written(message)["messages"] == [
        {"role": "assistant", "content": "a", "reasoning_content": "mine", "refusal": "no"}
    ]
    assert lost(message) == ["messages.content.thinking"]
    assert written(Message("assistant", [Thinking("alone")]))["messages"] == []


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"top_k": 5}, ["top_k"]),
        ({"reasoning": Reasoning(budget=1024)}, ["thinking.budget_tokens"]),
        ({"reasoning": Reasoning(enabled=False)}, ["thinking"]),
        ({"reasoning": Reasoning()}, []),
        ({"service_tier": "standard_only"}, ["service_tier"]),
        ({"system": [Text("a", CacheMark())]}, ["cache_control"]),
        ({"tools": [Tool("f", cache=CacheMark())]}, ["cache_control"]),
        ({"parallel_tool_calls": True}, []),
    ],
)
def test_what_openai_cannot_say_is_named(fields: dict[str, object], names: list[str]) -> None:
    assert lost(**fields) == names
    assert set(written(**fields)) <= {"model", "messages", "tools"}


def test_marks_within_messages_are_named_once() -> None:
    inner = [Text("a", CacheMark())]
    message = Message("user", [ToolResult("c", [*inner], is_error=True), ToolResult("d", [*inner], is_error=True)])
    assert lost(message, system=[Text("a", CacheMark())]) == ["cache_control", "messages.content.is_error"]


def test_a_choice_of_tools_without_tools() -> None:
    assert "tool_choice" not in written(tool_choice=ToolChoice("auto"))
    assert "tool_choice" not in written(tool_choice=ToolChoice("none"))
    assert written(tool_choice=ToolChoice("any"))["tool_choice"] == "required"


def test_a_format_without_a_name_gets_one() -> None:
    body = written(reply_format=ReplyFormat("json_schema", schema=b'{"a":1}'))
    assert body["response_format"] == {"type": "json_schema", "json_schema": {"name": "reply", "schema": {"a": 1}}}
