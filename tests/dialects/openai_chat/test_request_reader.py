"""Client requests: what is carried, what is refused by name, what is reported as lost."""

import json

import pytest

from trigate.core.chat import (
    Block,
    CacheMark,
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
from trigate.core.errors import Fault, Refused
from trigate.dialects.openai_chat.request_reader import read_request

USER = {"role": "user", "content": "Hi"}
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}}


def read(*messages: object, **fields: object) -> Chat:
    body = {"model": "m", "messages": list(messages) or [USER], **fields}
    return read_request(json.dumps(body).encode())


def refusal(*messages: object, **fields: object) -> Fault:
    with pytest.raises(Refused) as refused:
        read(*messages, **fields)
    assert refused.value.fault.status == 400
    return refused.value.fault


def test_every_parameter_is_carried() -> None:
    chat = read(
        max_completion_tokens=100,
        temperature=0,
        top_p=0.5,
        top_k=40,
        stop="END",
        n=2,
        seed=7,
        presence_penalty=-1,
        frequency_penalty=1.5,
        reasoning_effort="low",
        user="u",
        service_tier="flex",
        stream=True,
        stream_options={"include_usage": True},
        modalities=["text"],
        parallel_tool_calls=False,
    )
    assert chat == Chat(
        model="m",
        messages=[Message("user", [Text("Hi")])],
        max_tokens=100,
        temperature=0.0,
        top_p=0.5,
        top_k=40,
        stop=["END"],
        n=2,
        seed=7,
        presence_penalty=-1.0,
        frequency_penalty=1.5,
        reasoning=Reasoning(effort="low"),
        user="u",
        service_tier="flex",
        stream=True,
        parallel_tool_calls=False,
    )


def test_null_and_empty_mean_absent() -> None:
    empty: dict[str, object] = dict.fromkeys(["temperature", "tools", "tool_choice", "max_tokens", "n", "stream"])
    empty |= {"stop": [], "user": "", "tools": [], "functions": [], "audio": None, "metadata": {}, "logit_bias": {}}
    empty |= {"logprobs": False, "store": None, "response_format": None, "service_tier": "", "x": ""}
    assert read(**empty) == read()


def test_the_older_bound_is_read_and_the_newer_one_wins() -> None:
    assert read(max_tokens=5).max_tokens == 5
    assert read(max_tokens=5, max_completion_tokens=9).max_tokens == 9
    assert read(stop=["a", "", "b"]).stop == ["a", "b"]


def test_knobs_and_unknown_fields_are_named_as_lost() -> None:
    chat = read(
        {**USER, "annotations": [1], "x": None},
        logit_bias={"1": 5},
        logprobs=True,
        top_logprobs=2,
        metadata={"a": "b"},
        store=True,
        verbosity="low",
        prompt_cache_key="k",
        safety_identifier="s",
        invented=1,
    )
    assert chat.lost == [
        "logit_bias",
        "logprobs",
        "top_logprobs",
        "metadata",
        "store",
        "verbosity",
        "prompt_cache_key",
        "safety_identifier",
        "invented",
        "messages.annotations",
    ]


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"modalities": ["text", "audio"]}, "audio output"),
        ({"audio": {"voice": "x", "format": "mp3"}}, "audio output"),
        ({"functions": [{"name": "f"}]}, "functions"),
        ({"function_call": "auto"}, "function_call"),
        ({"web_search_options": {"search_context_size": "low"}}, "web search"),
        ({"prediction": {"type": "content", "content": "x"}}, "predicted output"),
        ({"moderation": {"model": "omni"}}, "moderation"),
        ({"tools": [{"type": "custom", "custom": {"name": "x"}}]}, "a tool of type custom"),
        ({"tool_choice": {"type": "allowed_tools", "allowed_tools": {}}}, "allowed_tools"),
        ({"tool_choice": {"type": "custom", "custom": {"name": "x"}}}, "custom"),
        ({"response_format": {"type": "grammar"}}, "grammar"),
    ],
)
def test_features_are_refused_by_name(fields: dict[str, object], word: str) -> None:
    fault = refusal(**fields)
    assert fault.code == "unsupported_feature"
    assert word in fault.message
    assert fault.param is not None
    assert fault.param.split(".")[0] in fields


@pytest.mark.parametrize(
    ("message", "word", "param"),
    [
        (
            {"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]},
            "input_audio",
            "messages.1.content.0.type",
        ),
        ({"role": "user", "content": [{"type": "file", "file": {}}]}, "file", "messages.1.content.0.type"),
        ({"role": "user", "content": [{"type": "refusal", "refusal": "x"}]}, "refusal", "messages.1.content.0.type"),
        (
            {"role": "system", "content": [{"type": "image_url", "image_url": {"url": "u"}}]},
            "image_url",
            "messages.1.content.0.type",
        ),
        ({"role": "assistant", "audio": {"id": "a"}}, "audio", "messages.1.audio"),
        ({"role": "assistant", "function_call": {"name": "f"}}, "function_call", "messages.1.function_call"),
        ({"role": "function", "name": "f", "content": "x"}, "function", "messages.1.role"),
        (
            {"role": "assistant", "tool_calls": [{"id": "a", "type": "custom"}]},
            "custom",
            "messages.1.tool_calls.0.type",
        ),
    ],
)
def test_content_that_no_other_dialect_has_is_refused(message: object, word: str, param: str) -> None:
    fault = refusal(USER, message)
    assert (fault.code, fault.param) == ("unsupported_feature", param)
    assert word in fault.message


@pytest.mark.parametrize(
    ("messages", "fields", "param"),
    [
        ([{"role": "robot", "content": "x"}], {}, "messages.0.role"),
        ([{"role": "tool", "content": "x"}], {}, "messages.0.tool_call_id"),
        ([{"role": "user", "content": 5}], {}, "messages.0.content"),
        ([{"role": "user", "content": [{"type": "image_url"}]}], {}, "messages.0.content.0.image_url.url"),
        ([{"role": "assistant", "tool_calls": [{"id": "a"}]}], {}, "messages.0.tool_calls.0.function"),
        ([USER], {"temperature": "hot"}, "temperature"),
        ([USER], {"tool_choice": "some"}, "tool_choice"),
        ([USER], {"tools": [{"type": "function"}]}, "tools.0.function"),
        ([USER], {"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
        ([USER], {"n": 0}, "n"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_path(
    messages: list[object], fields: dict[str, object], param: str
) -> None:
    fault = refusal(*messages, **fields)
    assert (fault.code, fault.param) == ("invalid_value", param)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"model":"m"}', b'{"model":"a","model":"b","messages":[]}'])
def test_bodies_that_are_no_request_are_refused(body: bytes) -> None:
    with pytest.raises(Refused):
        read_request(body)


def test_instructions_at_the_start_are_the_system_prompt_and_later_ones_keep_their_place() -> None:
    chat = read(
        {"role": "system", "content": "a"},
        {"role": "developer", "content": [{"type": "text", "text": "b"}]},
        USER,
        {"role": "system", "content": "c"},
        {"role": "assistant", "content": "d"},
    )
    assert chat.system == [Text("a"), Text("b")]
    assert chat.messages == [
        Message("user", [Text("Hi")]),
        Message("user", [Text("c")]),
        Message("assistant", [Text("d")]),
    ]
    assert chat.lost == ["messages.role"]


def test_a_round_of_tool_calls() -> None:
    second = {"id": "c2", "function": {"name": "g", "arguments": None}}
    image = {"type": "image_url", "image_url": "data:image/png;base64,AAAA"}
    chat = read(
        USER,
        {"role": "assistant", "content": "", "tool_calls": [CALL, second]},
        {"role": "tool", "tool_call_id": "c1", "content": "1"},
        {"role": "tool", "tool_call_id": "c2", "content": [{"type": "text", "text": "2"}, image]},
        {"role": "user", "content": "and?"},
    )
    assert chat.messages[1:] == [
        Message("assistant", [ToolCall("c1", "f", '{"x": 1}'), ToolCall("c2", "g")]),
        Message(
            "user",
            [ToolResult("c1", [Text("1")]), ToolResult("c2", [Text("2"), Image(media_type="image/png", data="AAAA")])],
        ),
        Message("user", [Text("and?")]),
    ]


@pytest.mark.parametrize(
    ("message", "content"),
    [
        ({"content": "a", "tool_calls": [], "refusal": None}, [Text("a")]),
        ({"content": None, "refusal": "no"}, [Refusal("no")]),
        (
            {"content": [{"type": "text", "text": "a"}, {"type": "refusal", "refusal": "no"}]},
            [Text("a"), Refusal("no")],
        ),
        ({"content": "a", "reasoning_content": "hm"}, [Thinking("hm"), Text("a")]),
        ({"content": "a", "reasoning": "hm"}, [Thinking("hm"), Text("a")]),
    ],
)
def test_what_the_model_said_before(message: dict[str, object], content: list[Block]) -> None:
    assert read(USER, {"role": "assistant", **message}).messages[1].content == content


def test_a_message_that_says_nothing_is_no_turn() -> None:
    chat = read(USER, {"role": "assistant", "content": ""}, {"role": "user", "content": []}, {"role": "system"})
    assert chat.messages == [Message("user", [Text("Hi")])]
    assert chat.lost == []


def test_pictures() -> None:
    parts = [
        {"type": "text", "text": "see"},
        {"type": "image_url", "image_url": {"url": "https://x/y.png", "detail": "low"}},
        {"type": "image_url", "image_url": {"url": "data:IMAGE/JPEG;base64,AAAA"}},
    ]
    assert read({"role": "user", "content": parts, "name": "ann"}).messages == [
        Message(
            "user",
            [Text("see"), Image("https://x/y.png", detail="low"), Image(media_type="image/jpeg", data="AAAA")],
            "ann",
        )
    ]


def test_tools_keep_their_schema_byte_for_byte() -> None:
    body = (
        b'{"model":"m","messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"f",'
        b'"description":"d","parameters":{"z" : 1, "a":[2.50]},"strict":true}},'
        b'{"type":"function","function":{"name":"g"}}]}'
    )
    assert read_request(body).tools == [Tool("f", "d", b'{"z" : 1, "a":[2.50]}', strict=True), Tool("g")]


@pytest.mark.parametrize(
    ("choice", "read_as"),
    [
        ("auto", ToolChoice("auto")),
        ("none", ToolChoice("none")),
        ("required", ToolChoice("any")),
        ({"type": "function", "function": {"name": "f"}}, ToolChoice("tool", "f")),
        ("", None),
    ],
)
def test_tool_choices(choice: object, read_as: ToolChoice | None) -> None:
    assert read(tool_choice=choice).tool_choice == read_as


@pytest.mark.parametrize(
    ("wanted", "read_as"),
    [
        ({"type": "text"}, None),
        ({"type": "json_object"}, ReplyFormat("json_object")),
        (
            {"type": "json_schema", "json_schema": {"name": "n", "schema": {"a": 1}, "strict": True}},
            ReplyFormat("json_schema", "n", None, b'{"a": 1}', True),
        ),
    ],
)
def test_reply_formats(wanted: object, read_as: ReplyFormat | None) -> None:
    assert read(response_format=wanted).reply_format == read_as


def test_effort_none_switches_reasoning_off() -> None:
    assert read(reasoning_effort="none").reasoning == Reasoning(effort="none", enabled=False)


def test_cache_marks_of_gateways_are_read_and_openais_own_are_lost() -> None:
    part = {"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "1h"}}
    own = {"type": "text", "text": "b", "prompt_cache_breakpoint": {"mode": "explicit"}}
    tool = {"type": "function", "function": {"name": "f"}, "cache_control": {"type": "ephemeral"}}
    chat = read({"role": "system", "content": [part, own]}, USER, tools=[tool])
    assert chat.system == [Text("a", CacheMark("1h")), Text("b")]
    assert chat.tools == [Tool("f", cache=CacheMark("5m"))]
    assert chat.lost == ["messages.content.prompt_cache_breakpoint"]
