"""What evidence sees of a forwarded reply."""

import json

import pytest
from hypothesis import given

from tests.dialects.openai_chat.samples import HEAD, call, chunk, data_of, delta_streams, gather
from trigate.core.chat import Block, Delta, Refusal, Reply, Text, Thinking, ToolCall
from trigate.core.envelope import Envelope
from trigate.core.errors import Category
from trigate.core.ports import CONTENT, ENDED, FAILED, HIDDEN, SILENT
from trigate.core.usage import Usage
from trigate.dialects.openai_chat.meter import Meter
from trigate.dialects.openai_chat.reply import write_reply
from trigate.dialects.openai_chat.stream_writer import StreamWriter

USAGE = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12, "prompt_tokens_details": {"cached_tokens": 4}}
USAGE_CHUNK = json.dumps({**HEAD, "choices": [], "usage": USAGE}).encode()


def meter(*, wants_usage: bool = False, n: int = 1) -> Meter:
    return Meter(Envelope(stream=True, wants_usage=wants_usage, n=n))


@pytest.mark.parametrize(
    ("data", "verdict"),
    [
        (b"", SILENT),
        (chunk({"role": "assistant", "content": "", "refusal": None}), SILENT),
        (b'{"choices":[],"id":"","model":"","prompt_filter_results":[]}', SILENT),
        (chunk({}), SILENT),
        (chunk({"content": None, "tool_calls": []}), SILENT),
        (chunk({}, finish="stop"), SILENT),
        (chunk({"content": "a"}), CONTENT),
        (chunk({"content": "a"}, finish="stop"), CONTENT),
        (chunk({"refusal": "a"}), CONTENT),
        (chunk({"reasoning_content": "a"}), CONTENT),
        (chunk({"reasoning": "a"}), CONTENT),
        (chunk(call(0, call_id="a", name="f")), CONTENT),
        (chunk({"content": "a"}, usage=USAGE), CONTENT),
        (b"[DONE]", ENDED),
        (b" [DONE] ", ENDED),
        (b'{"error":{"message":"boom"}}', FAILED),
        (b'{"object":"error","message":"boom"}', FAILED),
        (chunk({"content": ""}, finish="error", error={"message": "boom"}), FAILED),
        (chunk({"content": "a"}, error=None), CONTENT),
        (USAGE_CHUNK, HIDDEN),
    ],
)
def test_what_an_event_is(data: bytes, verdict: int) -> None:
    assert meter().event("", data) == verdict


def test_usage_is_shown_to_a_client_that_asked() -> None:
    asked = meter(wants_usage=True)
    assert asked.event("", USAGE_CHUNK) == SILENT
    assert asked.usage == Usage(input=5, cache_read=4, output=3)


def test_usage_on_a_chunk_with_content_is_kept() -> None:
    seen = meter()
    assert seen.usage is None
    seen.event("", chunk({}, usage=USAGE))
    assert seen.usage == Usage(input=5, cache_read=4, output=3)


def test_an_error_is_kept_as_a_fault() -> None:
    seen = meter()
    seen.event("", b'{"error":{"message":"slow down","code":"rate_limit_exceeded"}}')
    assert seen.fault is not None
    assert (seen.fault.category, seen.fault.message) == (Category.RATE_LIMITED, "slow down")
    assert meter().event("error", b'{"message":"boom"}') == FAILED


@pytest.mark.parametrize("data", [b"{", b"[]", b"boom", b'{"choices":5}', b'{"choices":' + b"[" * 100_000])
def test_broken_json_is_found(data: bytes) -> None:
    with pytest.raises(ValueError):
        meter().event("", data)


def test_stop_is_set_when_every_choice_has_finished() -> None:
    seen = meter(n=2)
    seen.event("", chunk({"content": "a"}, index=0, finish="length"))
    assert seen.stop == ""
    seen.event("", chunk({"content": "b"}, index=1))
    seen.event("", chunk({}, index=1, finish="stop"))
    assert seen.stop == "end"


def test_a_choice_that_nobody_asked_for_is_waited_for() -> None:
    seen = meter()
    seen.event("", chunk(call(0, call_id="a", name="f"), index=1))
    seen.event("", chunk({}, index=0, finish="stop"))
    assert seen.stop == ""
    seen.event("", chunk({}, index=1, finish="stop"))
    assert seen.stop == "tool_calls"


def test_a_refusal_and_the_model_are_seen() -> None:
    seen = meter()
    seen.event("", chunk({"refusal": "no"}))
    seen.event("", chunk({}, finish="stop"))
    assert (seen.stop, seen.model) == ("refusal", HEAD["model"])


@given(delta_streams())
def test_streamed_and_whole_are_metered_alike(told: tuple[Reply, list[Delta]]) -> None:
    reply, deltas = told
    streamed, whole = meter(n=len(reply.choices)), meter()
    stream = StreamWriter(True).write(deltas)
    assert [streamed.event("", data) for data in data_of(stream)][-1] == ENDED
    whole.whole(write_reply(reply))
    assert whole.usage == streamed.usage == reply.usage
    assert (whole.model, whole.output_chars) == (streamed.model, streamed.output_chars)
    assert streamed.stop in {choice.stop for choice in gather(deltas).choices}
    assert whole.output_chars == sum(length(block) for choice in reply.choices for block in choice.content)


def length(block: Block) -> int:
    if isinstance(block, ToolCall):
        return len(block.name) + len(block.arguments)
    assert isinstance(block, Text | Thinking | Refusal)
    return len(block.text)


def test_a_whole_reply() -> None:
    seen = meter()
    message = {
        "role": "assistant",
        "content": "ab",
        "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": "{}"}}],
    }
    seen.whole(
        json.dumps({"model": "m", "choices": [{"message": message, "finish_reason": "stop"}], "usage": USAGE}).encode()
    )
    assert (seen.model, seen.stop, seen.output_chars) == ("m", "tool_calls", 5)
    assert seen.usage == Usage(input=5, cache_read=4, output=3)


@pytest.mark.parametrize("body", [b"", b"{}", b"<html>", b'{"choices":[]}', b'{"error":{"message":"boom"}}'])
def test_what_is_no_reply_is_found(body: bytes) -> None:
    with pytest.raises(ValueError):
        meter().whole(body)
