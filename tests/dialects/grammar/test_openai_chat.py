"""The checker passes what OpenAI sends and names what is wrong with the rest."""

import json

import pytest

from trigate.dialects.grammar.openai_chat import OpenAIChatGrammar

HEAD = {"id": "i", "object": "chat.completion.chunk", "created": 1, "model": "m"}
ROLE = {"role": "assistant", "content": "", "refusal": None}
OPENING = {"tool_calls": [{"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}]}
MORE = {"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]}
USAGE = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
DONE = b"data: [DONE]\n\n"
ERROR = b'data: {"error":{"message":"m","type":"server_error","param":null,"code":"c"}}\n\n'


def event(value: object) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def chunk(delta: object, finish: str | None = None, index: int = 0, **more: object) -> bytes:
    return event({**HEAD, "choices": [{"index": index, "delta": delta, "finish_reason": finish}], **more})


def usage(**more: object) -> bytes:
    return event({**HEAD, "choices": [], "usage": USAGE, **more})


STOP = chunk({}, "stop")
PLAIN = chunk(ROLE) + chunk({"content": "a"}) + STOP + DONE


def check(stream: bytes, *, wants_usage: bool = False, step: int = 7) -> OpenAIChatGrammar:
    grammar = OpenAIChatGrammar(wants_usage=wants_usage)
    for start in range(0, len(stream), step):
        grammar.feed(stream[start : start + step])
    grammar.finish()
    return grammar


@pytest.mark.parametrize(
    "stream",
    [
        PLAIN,
        chunk(ROLE, obfuscation="x", service_tier="default") + STOP + DONE,
        chunk(ROLE) + chunk(OPENING) + chunk(MORE) + chunk({}, "tool_calls") + DONE,
        chunk(ROLE) + chunk(ROLE, index=1) + chunk({"content": "b"}, index=1) + chunk({}, "length", 1) + STOP + DONE,
        chunk(ROLE) + ERROR,
        ERROR,
    ],
)
def test_sound_streams_pass(stream: bytes) -> None:
    assert check(stream).failed == stream.endswith(ERROR)


def test_usage_that_was_asked_for() -> None:
    check(chunk(ROLE, usage=None) + chunk({}, "stop", usage=None) + usage() + DONE, wants_usage=True)


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        (b"", "without"),
        (PLAIN.removesuffix(DONE), "without"),
        (PLAIN[:-1], "no blank line"),
        (PLAIN + DONE, "after the end"),
        (ERROR + DONE, "after the end"),
        (DONE, "before any choice"),
        (chunk(ROLE) + DONE, "before every choice"),
        (b"event: x\n" + PLAIN, "plain data line"),
        (PLAIN.replace(b"\n\n", b"\r\n\r\n"), "plain data line"),
        (b": hi\n\n" + PLAIN, "plain data line"),
        (event([]), "must be of type dict"),
        (event({**HEAD, "object": "x", "choices": []}), "object is"),
        (event({**HEAD, "id": None, "choices": []}), "id must be"),
        (event({**HEAD, "created": True, "choices": []}), "created must be"),
        (chunk(ROLE) + chunk({}, "stop", id="j"), "after"),
        (chunk({"content": "a"}), "no role"),
        (chunk(ROLE) + chunk(ROLE), "second role"),
        (chunk(ROLE, index=1), "begins before"),
        (chunk(ROLE) + chunk({"content": 5}), "content must be"),
        (chunk(ROLE) + chunk({"content": "a"}, "stop"), "together with content"),
        (chunk(ROLE) + STOP + STOP, "goes on"),
        (chunk(ROLE) + chunk({}, "end_turn"), "finish_reason is"),
        (chunk(ROLE) + chunk({}, "tool_calls"), "without a tool call"),
        (chunk(ROLE) + chunk({"tool_calls": []}), "empty tool_calls"),
        (chunk(ROLE) + chunk(MORE), "the id of a tool call"),
        (chunk(ROLE) + chunk(OPENING) + chunk(OPENING), "a second id"),
        (chunk(ROLE) + chunk({"tool_calls": [{"index": 1, "id": "c", "function": {"arguments": ""}}]}), "tool call 1"),
        (chunk(ROLE) + chunk({"tool_calls": [{"index": 0, "id": "", "function": {"arguments": ""}}]}), "an empty id"),
        (chunk(ROLE, usage=None), "not asked for"),
        (usage(), "without choices"),
        (event({"error": {"message": "m", "type": "t"}}), "param and code"),
        (event({**HEAD, "choices": [{"index": 0, "delta": ROLE}]}), "without finish_reason"),
    ],
)
def test_what_is_wrong_is_named(stream: bytes, reason: str) -> None:
    with pytest.raises(AssertionError, match=reason):
        check(stream)


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        (chunk(ROLE), "must be null"),
        (chunk(ROLE, usage=USAGE), "must be null"),
        (chunk(ROLE, usage=None) + usage(), "before every choice"),
        (chunk(ROLE, usage=None) + chunk({}, "stop", usage=None) + DONE, "without the usage"),
        (chunk(ROLE, usage=None) + chunk({}, "stop", usage=None) + usage() + usage(), "after usage"),
        (chunk(ROLE, usage=None) + chunk({}, "stop", usage=None) + usage(usage={**USAGE, "total_tokens": 9}), "sum up"),
    ],
)
def test_wrong_usage_is_named(stream: bytes, reason: str) -> None:
    with pytest.raises(AssertionError, match=reason):
        check(stream, wants_usage=True)
