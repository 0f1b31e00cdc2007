import json

import pytest

from trigate.simulator.anthropic.request import breakpoints, check_version, decode, prompt_tokens, read_prompt, validate
from trigate.simulator.reply import RefusedError

USER = {"role": "user", "content": "abcd"}
CALLING = {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "f", "input": {}}]}
RESULT = {
    "role": "user",
    "content": [{"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "18"}]}],
}


def body(*messages: object, **more: object) -> bytes:
    return json.dumps({"model": "m", "max_tokens": 2000, "messages": messages, **more}).encode()


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (b"{", "The request body is not valid JSON"),
        (b'{"model":"\xff"}', "The request body is not valid JSON"),
        (b"[]", "body: Expected `object`, got `array`"),
        (body("x"), "messages.0: Expected `object`, got `str`"),
        (b'{"model":"m","max_tokens":1}', "messages: Field required"),
        (b'{"model":"m","messages":[]}', "max_tokens: Field required"),
        (body(), "messages: at least one message is required"),
        (body(USER, max_tokens=0), "max_tokens: Input should be greater"),
        (body({"role": "user", "content": [{"type": "text", "text": ""}]}), "text content blocks must be non-empty"),
        (body(USER, thinking={"type": "enabled"}), "budget_tokens: Field required"),
        (body(USER, thinking={"type": "enabled", "budget_tokens": 5}), "greater than or equal to 1024"),
        (body(USER, thinking={"type": "enabled", "budget_tokens": 2000}), "`max_tokens` must be greater"),
        (body(USER, CALLING, USER), "`tool_use` ids were found without `tool_result` blocks immediately after: t1"),
        (body(USER, RESULT), "unexpected `tool_use_id` found in `tool_result` blocks: t1"),
    ],
)
def test_bad_requests_are_refused_with_a_reason(sent: bytes, told: str) -> None:
    with pytest.raises(RefusedError) as caught:
        validate(decode(sent))
    assert told in caught.value.problem.message
    assert (caught.value.problem.status, caught.value.problem.type) == (400, "invalid_request_error")


def test_counting_needs_no_limit() -> None:
    validate(decode(b'{"model":"m","messages":[{"role":"user","content":"x"}]}'), counting=True)


def test_a_prompt_is_read() -> None:
    tools = [{"name": name, "input_schema": {"type": "object"}} for name in ("f", "g")]
    choice = {"type": "tool", "name": "g", "disable_parallel_tool_use": True}
    shape = {"type": "json_schema", "schema": {"type": "object"}}
    more = {"stop_sequences": ["x"], "thinking": {"type": "adaptive"}, "output_config": {"format": shape}}
    request = decode(body(USER, CALLING, RESULT, tools=tools, tool_choice=choice, **more))
    validate(request)
    prompt = read_prompt(request)
    assert ([tool.name for tool in prompt.tools], prompt.must_call, prompt.parallel) == (["g"], True, False)
    assert (prompt.results, prompt.limit, prompt.stops) == (("18",), 2000, ("x",))
    assert (prompt.thinking, prompt.shape) == (32, {"type": "object"})


def test_marks_are_found_in_the_order_of_the_prompt() -> None:
    mark = {"type": "ephemeral"}
    system = [{"type": "text", "text": "x" * 40, "cache_control": mark}]
    content = [
        {"type": "text", "text": "y" * 40, "cache_control": {**mark, "ttl": "1h"}},
        {"type": "text", "text": "z"},
    ]
    request = decode(body({"role": "user", "content": content}, system=system))
    points = breakpoints(request)
    assert [(point.tokens, point.ttl) for point in points] == [(10, "5m"), (20, "1h")]
    assert prompt_tokens(request) == 21
    assert breakpoints(decode(body(USER))) == []


def test_a_prefix_is_the_same_whatever_follows_it() -> None:
    system = [{"type": "text", "text": "x" * 40, "cache_control": {"type": "ephemeral"}}]
    one, other = (breakpoints(decode(body({"role": "user", "content": text}, system=system))) for text in ("a", "b"))
    assert one == other
    assert one != breakpoints(decode(body(USER, system=system, model="another")))


DOCUMENT = {"role": "assistant", "content": [{"type": "document", "source": {"type": "text", "data": "x"}}]}
CITING = {"role": "user", "content": [{"type": "text", "text": "x", "citations": [{}]}]}


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (body(USER, temperature=1.0), "temperature: Extra inputs"),
        (body(USER, top_p=1), "top_p: Extra inputs"),
        (body(USER, top_k=1), "top_k: Extra inputs"),
        (body(USER, DOCUMENT), "messages.1: document blocks"),
        (body(CITING), "messages.0: citations"),
    ],
)
def test_the_newer_api_version_takes_less(sent: bytes, told: str) -> None:
    request = decode(sent)
    check_version(request, "2023-06-01")
    with pytest.raises(RefusedError, match=told):
        check_version(request, "2026-10-21")


def test_a_mark_on_the_request_stands_after_its_last_block() -> None:
    [point] = breakpoints(decode(body(USER, cache_control={"type": "ephemeral"})))
    assert (point.tokens, point.ttl) == (1, "5m")
