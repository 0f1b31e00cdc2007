import base64
import json

import pytest

from trigate.simulator.answer import Image
from trigate.simulator.openai.request import decode, prompt_tokens, read_prompt, validate
from trigate.simulator.reply import RefusedError

CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CALLING = {"role": "assistant", "content": None, "tool_calls": [CALL]}
USER = {"role": "user", "content": "abcd"}


def body(*messages: object, **more: object) -> bytes:
    return json.dumps({"model": "m", "messages": messages, **more}).encode()


@pytest.mark.parametrize(
    ("sent", "param", "told"),
    [
        (b"{", None, "could not parse the JSON body"),
        (b'{"model":"\xff"}', None, "could not parse the JSON body"),
        (b'{"x":' + b"[" * 100_000, None, "could not parse the JSON body"),
        (b"[]", None, "Expected `object`, got `array`"),
        (body("x"), "messages[0]", "Expected `object`, got `str`"),
        (b'{"model":"m"}', "messages", "Missing required parameter"),
        (body(), "messages", "empty array"),
        (body(USER, n=0), "n", "integer below minimum value"),
        (body(USER, max_tokens=0), "max_tokens", "integer below minimum value"),
        (body(USER, stream_options={"include_usage": True}), "stream_options", "only allowed when 'stream'"),
        (body(USER, CALLING, USER), "messages", "did not have response messages: c1"),
        (body(USER, CALLING), "messages", "did not have response messages: c1"),
        (body(USER, {"role": "tool", "tool_call_id": "c1", "content": "x"}), "messages.[1].role", "preceeding message"),
    ],
)
def test_bad_requests_are_refused_with_a_reason(sent: bytes, param: str | None, told: str) -> None:
    with pytest.raises(RefusedError) as caught:
        validate(decode(sent))
    assert told in caught.value.problem.message
    assert (caught.value.problem.status, caught.value.problem.param) == (400, param)


def test_a_prompt_is_read() -> None:
    picture = "data:image/png;base64," + base64.b64encode(b"x" * 10).decode()
    parts = [
        {"type": "text", "text": "What?"},
        {"type": "image_url", "image_url": {"url": picture}},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
    ]
    tools = [{"type": "function", "function": {"name": name, "parameters": {}}} for name in ("f", "g")]
    request = decode(
        body(
            {"role": "user", "content": parts},
            tools=tools,
            tool_choice={"type": "function", "function": {"name": "g"}},
            stop="x",
            max_tokens=5,
            max_completion_tokens=9,
            parallel_tool_calls=False,
        )
    )
    validate(request)
    prompt = read_prompt(request, "gpt-4.1")
    assert (prompt.text, prompt.images) == ("What?", (Image("image/png", 10), Image("a URL", None)))
    assert ([tool.name for tool in prompt.tools], prompt.must_call, prompt.parallel) == (["g"], True, False)
    assert (prompt.stops, prompt.limit, prompt.thinking) == (("x",), 9, 0)


def test_results_are_those_at_the_end() -> None:
    request = decode(body(USER, CALLING, {"role": "tool", "tool_call_id": "c1", "content": "18 C"}))
    validate(request)
    assert read_prompt(request, "m").results == ("18 C",)


def test_a_broken_image_is_refused() -> None:
    part = {"type": "image_url", "image_url": {"url": "data:image/png;base64,%%%"}}
    with pytest.raises(RefusedError, match="unsupported image"):
        read_prompt(decode(body({"role": "user", "content": [part]})), "m")


def test_reasoning_follows_model_and_effort() -> None:
    assert read_prompt(decode(body(USER)), "openai/gpt-5-mini").thinking == 64
    assert read_prompt(decode(body(USER, reasoning_effort="none")), "gpt-5").thinking == 0


def test_tokens_are_those_of_all_texts() -> None:
    assert prompt_tokens(decode(body(USER, {"role": "system", "content": "abcde"}))) == 3
    assert prompt_tokens(decode(body({"role": "user", "content": ""}))) == 1
