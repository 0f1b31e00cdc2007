"""Whole replies: read from OpenAI and its imitators, written for OpenAI's own SDK."""

import json

import pytest
from hypothesis import given
from openai.types.chat import ChatCompletion

from tests.dialects.openai_chat.samples import replies
from trigate.core.chat import Block, Choice, RedactedThinking, Refusal, Reply, StopReason, Text, Thinking, ToolCall
from trigate.core.usage import Usage
from trigate.dialects.openai_chat.reply import read_reply, write_reply


def reply_of(message: object, finish: str | None = "stop", **more: object) -> bytes:
    choice = {"index": 0, "message": message, "finish_reason": finish, **more}
    return json.dumps({"id": "chatcmpl-1", "object": "chat.completion", "model": "m", "choices": [choice]}).encode()


def written(choice: Choice) -> dict[str, object]:
    reply = write_reply(Reply(id="i", model="m", choices=[choice]))
    ChatCompletion.model_validate_json(reply)
    first = json.loads(reply)["choices"][0]
    assert isinstance(first, dict)
    return first


@given(replies())
def test_what_is_written_is_read_and_is_what_the_sdk_expects(reply: Reply) -> None:
    body = write_reply(reply)
    completion = ChatCompletion.model_validate_json(body)
    assert completion.object == "chat.completion"
    assert len(completion.choices) == len(reply.choices)
    assert read_reply(body) == reply


def test_openais_own_reply() -> None:
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_750_000_000,
        "model": "gpt-4.1-2025-04-14",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hi", "refusal": None, "annotations": []},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10},
        "service_tier": "default",
    }
    assert read_reply(json.dumps(body).encode()) == Reply(
        id="chatcmpl-1",
        model="gpt-4.1-2025-04-14",
        choices=[Choice([Text("Hi")], StopReason.END)],
        usage=Usage(input=9, output=1),
        created=1_750_000_000,
    )


@pytest.mark.parametrize(
    ("message", "content"),
    [
        ({"content": "a", "tool_calls": []}, [Text("a")]),
        ({"content": "a", "tool_calls": None, "refusal": None, "reasoning_content": ""}, [Text("a")]),
        ({"content": ""}, []),
        ({}, []),
        ({"content": "a", "reasoning_content": "hm"}, [Thinking("hm"), Text("a")]),
        ({"content": "a", "reasoning": "hm"}, [Thinking("hm"), Text("a")]),
        ({"content": None, "refusal": "no"}, [Refusal("no")]),
        (
            {
                "content": "",
                "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}],
            },
            [ToolCall("a", "f")],
        ),
        (
            {"tool_calls": [{"function": {"name": "f"}}, {"id": "", "function": {"name": "g", "arguments": None}}]},
            [ToolCall("call_chatcmpl1_0_0", "f"), ToolCall("call_chatcmpl1_0_1", "g")],
        ),
    ],
)
def test_what_is_empty_is_absent(message: object, content: list[Block]) -> None:
    assert read_reply(reply_of(message)).choices[0].content == content


@pytest.mark.parametrize(
    ("message", "finish", "stop"),
    [
        ({"content": "a"}, "stop", StopReason.END),
        ({"content": "a"}, "length", StopReason.LENGTH),
        ({"content": "a"}, "content_filter", StopReason.CONTENT_FILTER),
        ({"content": "a"}, None, StopReason.END),
        ({"content": "a"}, "eos", StopReason.END),
        ({"content": "a"}, "tool_calls", StopReason.END),
        ({"refusal": "no"}, "stop", StopReason.REFUSAL),
        ({"tool_calls": [{"id": "a", "function": {"name": "f"}}]}, "stop", StopReason.TOOL_CALLS),
        ({"tool_calls": [{"id": "a", "function": {"name": "f"}}]}, "length", StopReason.LENGTH),
    ],
)
def test_why_the_model_stopped(message: object, finish: str | None, stop: StopReason) -> None:
    assert read_reply(reply_of(message, finish)).choices[0].stop is stop


def test_vllms_matched_stop_string() -> None:
    assert read_reply(reply_of({"content": "a"}, stop_reason="END")).choices[0] == Choice(
        [Text("a")], StopReason.STOP_SEQUENCE, "END"
    )
    assert read_reply(reply_of({"content": "a"}, stop_reason=128009)).choices[0].stop is StopReason.END


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"choices":[]}',
        b'{"error":{"message":"boom"}}',
        b'{"choices":[{"message":null}]}',
        b'{"choices":[{"message":{"tool_calls":[{"id":"a"}]}}]}',
        b'{"choices":' + b"[" * 100_000,
    ],
)
def test_what_is_no_reply_is_found(body: bytes) -> None:
    with pytest.raises(ValueError):
        read_reply(body)


def test_several_texts_become_one_and_calls_follow() -> None:
    choice = Choice([Text("a"), ToolCall("c", "f"), Text("b")], StopReason.TOOL_CALLS)
    assert written(choice)["message"] == {
        "role": "assistant",
        "content": "ab",
        "refusal": None,
        "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
    }


def test_thinking_is_reasoning_content_without_what_has_no_place() -> None:
    choice = Choice([Thinking("hm", "signed"), RedactedThinking("sealed"), Text("a")], StopReason.END)
    message = written(choice)["message"]
    assert message == {"role": "assistant", "content": "a", "refusal": None, "reasoning_content": "hm"}


@pytest.mark.parametrize(
    ("stop", "content", "finish"),
    [
        (StopReason.STOP_SEQUENCE, Text("a"), "stop"),
        (StopReason.PAUSE, Text("a"), "stop"),
        (StopReason.CONTEXT_FULL, Text("a"), "length"),
        (StopReason.REFUSAL, Refusal("no"), "stop"),
        (StopReason.REFUSAL, Text("a"), "content_filter"),
    ],
)
def test_stop_reasons_of_others_in_openais_words(stop: StopReason, content: Text | Refusal, finish: str) -> None:
    assert written(Choice([content], stop))["finish_reason"] == finish


def test_every_stop_reason_can_be_written() -> None:
    for stop in StopReason:
        assert written(Choice([], stop))["finish_reason"] in ("stop", "length", "tool_calls", "content_filter")
