"""A neutral chat as a request for Gemini."""

import json

import pytest

from tests.dialects.gemini.samples import Json
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
from trigate.core.errors import Refused
from trigate.dialects.gemini.request_writer import write_request


def chat(*messages: Message, model: str = "gemini-2.5-pro", **fields: object) -> Chat:
    made = Chat(model=model, messages=list(messages) or [Message("user", [Text("Hi")])])
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def written(asked: Chat) -> Json:
    body: Json = json.loads(write_request(asked))
    return body


def parts_of(*blocks: Block, model: str = "gemini-2.5-pro") -> list[Json]:
    body = json.loads(write_request(chat(Message("assistant", list(blocks)), model=model)))
    found: list[Json] = body["contents"][0]["parts"]
    return found


def test_the_model_and_streaming_are_not_in_the_body() -> None:
    assert written(chat(stream=True)) == {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}


def test_turns_of_one_role_are_one_content_and_responses_come_first() -> None:
    asked = chat(
        Message("assistant", [ToolCall("c1", "f", '{"a":1}')]),
        Message("user", [Text("and"), ToolResult("c1", [Text("x"), Image(url="https://x.example/a")], is_error=True)]),
        Message("user", [Text("so?")]),
    )
    call, answer = json.loads(write_request(asked))["contents"]
    assert call == {"role": "model", "parts": [{"functionCall": {"id": "c1", "name": "f", "args": {"a": 1}}}]}
    assert answer["parts"] == [
        {"functionResponse": {"id": "c1", "name": "f", "response": {"error": "x"}}},
        {"text": "Images in the result of tool call c1:"},
        {"fileData": {"fileUri": "https://x.example/a"}},
        {"text": "and"},
        {"text": "so?"},
    ]


def test_signatures_go_back_to_where_they_came_from() -> None:
    said: list[Block] = [Thinking("why", "MQ=="), RedactedThinking("Mg=="), Thinking("", "Mw=="), ToolCall("c", "f")]
    assert parts_of(*said, Thinking("", "NA==")) == [
        {"text": "why", "thought": True, "thoughtSignature": "MQ=="},
        {"thought": True, "thoughtSignature": "Mg=="},
        {"functionCall": {"id": "c", "name": "f", "args": {}}, "thoughtSignature": "Mw=="},
        {"text": "", "thoughtSignature": "NA=="},
    ]


@pytest.mark.parametrize(("model", "signed"), [("gemini-2.5-pro", [False, False]), ("gemini-3-pro", [True, False])])
def test_the_first_call_of_a_step_is_signed_where_it_must_be(model: str, signed: list[bool]) -> None:
    found = parts_of(ToolCall("a", "f"), ToolCall("b", "f"), model=model)
    assert ["thoughtSignature" in part for part in found] == signed


def test_empty_text_and_a_refusal() -> None:
    assert parts_of(Text(""), Refusal("no"), Thinking("")) == [{"text": "no"}]


def test_tools_and_their_schemas() -> None:
    tools = [Tool("f", "d", b'{"type": "object", "not": {}}', strict=True), Tool("g", cache=CacheMark())]
    asked = chat(tools=tools, tool_choice=ToolChoice("tool", "f"), parallel_tool_calls=False)
    body = written(asked)
    schema = {"type": "object", "not": {}}
    assert body["tools"] == [
        {"functionDeclarations": [{"name": "f", "description": "d", "parametersJsonSchema": schema}, {"name": "g"}]}
    ]
    assert body["toolConfig"] == {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}}
    assert asked.lost == ["tools.parameters.not", "tools.strict", "cache_control", "parallel_tool_calls"]


def test_a_choice_without_tools_asks_for_nothing() -> None:
    assert "toolConfig" not in written(chat(tool_choice=ToolChoice("auto")))


@pytest.mark.parametrize(
    ("model", "reasoning", "config", "lost"),
    [
        ("gemini-2.5-pro", Reasoning(effort="medium"), {"includeThoughts": True, "thinkingBudget": 8192}, []),
        ("gemini-3-pro", Reasoning(effort="low"), {"includeThoughts": True, "thinkingLevel": "LOW"}, []),
        ("gemini-3", Reasoning(effort="max"), {"includeThoughts": True, "thinkingLevel": "HIGH"}, ["reasoning_effort"]),
        ("gemini-3-pro", Reasoning(budget=99), {"includeThoughts": True, "thinkingBudget": 99}, []),
        ("gemini-3-pro", Reasoning(), {"includeThoughts": True}, []),
        ("gemini-3-pro", Reasoning(enabled=False), {"thinkingLevel": "MINIMAL"}, ["reasoning"]),
        ("gemini-2.5-flash", Reasoning(enabled=False), {"thinkingBudget": 0}, []),
    ],
)  # fmt: skip
def test_thinking_by_generation(model: str, reasoning: Reasoning, config: Json, lost: list[str]) -> None:
    asked = chat(model=model, reasoning=reasoning)
    assert written(asked)["generationConfig"] == {"thinkingConfig": config}
    assert asked.lost == lost


def test_structured_output() -> None:
    asked = chat(reply_format=ReplyFormat("json_schema", "n", "d", b'{"type":"string","pattern":"x"}'))
    assert written(asked)["generationConfig"] == {
        "responseMimeType": "application/json",
        "responseJsonSchema": {"type": "string", "pattern": "x"},
    }
    assert asked.lost == ["response_format.schema.pattern", "response_format.json_schema.description"]
    assert written(chat(reply_format=ReplyFormat("json_object")))["generationConfig"] == {
        "responseMimeType": "application/json"
    }


def test_what_cannot_be_tuned_is_named() -> None:
    asked = chat(
        Message("user", [Image(media_type="image/png", data="QUJD", detail="high")], name="bob"),
        stop=list("abcdef"),
        user="u",
        service_tier="scale",
    )
    config = written(asked)["generationConfig"]
    assert config == {"stopSequences": list("abcde")}
    assert asked.lost == ["image_url.detail", "stop", "service_tier", "messages.name", "user"]


@pytest.mark.parametrize(("tier", "sent"), [("default", "standard"), ("flex", "flex"), ("auto", None)])
def test_service_tiers(tier: str, sent: str | None) -> None:
    assert written(chat(service_tier=tier)).get("serviceTier") == sent


@pytest.mark.parametrize(
    "message",
    [
        Message("user", [ToolResult("nobody", [])]),
        Message("assistant", [ToolCall("c", "f", "[]")]),
        Message("user", [Text("")]),
    ],
)
def test_what_cannot_be_said(message: Message) -> None:
    with pytest.raises(Refused):
        write_request(chat(message))
    with pytest.raises(Refused):
        write_request(chat(tools=[Tool("f", schema=b"[]")]))
