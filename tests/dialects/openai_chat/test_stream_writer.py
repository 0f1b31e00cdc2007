"""Streams for OpenAI clients: grammatical whatever the deltas' order, and read by OpenAI's own SDK."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletionChunk

from tests.dialects.openai_chat.samples import data_of, delta_streams, gather
from trigate.core.chat import (
    BlockStarted,
    BlockStopped,
    Delta,
    Ended,
    Finished,
    Metered,
    RedactedThinking,
    Refusal,
    Reply,
    SignatureDelta,
    Started,
    StopReason,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    ToolCall,
)
from trigate.core.envelope import Envelope
from trigate.core.errors import Category, Fault
from trigate.core.usage import Usage
from trigate.dialects.grammar.openai_chat import OpenAIChatGrammar
from trigate.dialects.openai_chat import OpenAIChat
from trigate.dialects.openai_chat.stream_reader import StreamReader
from trigate.dialects.openai_chat.stream_writer import StreamWriter

STARTED = Started("chatcmpl-1", "gpt-4.1", created=7)


def chunks(stream: bytes) -> list[dict[str, object]]:
    return [json.loads(data) for data in data_of(stream) if data != b"[DONE]"]


def deltas_of(stream: bytes) -> list[object]:
    return [choice["delta"] for chunk in chunks(stream) for choice in chunk["choices"]]  # type: ignore[attr-defined]


@given(delta_streams(), st.booleans(), st.integers(1, 4))
def test_any_order_of_deltas_gives_a_grammatical_stream_that_says_the_same(
    told: tuple[Reply, list[Delta]], wants_usage: bool, batch: int
) -> None:
    reply, deltas = told
    writer = StreamWriter(wants_usage)
    grammar = OpenAIChatGrammar(wants_usage=wants_usage)
    reader = StreamReader()
    back: list[Delta] = []
    for start in range(0, len(deltas), batch):
        written = writer.write(deltas[start : start + batch])
        grammar.feed(written)
        if written:
            back += [delta for data in data_of(written) for delta in reader.read("", data)]
    grammar.finish()
    heard = gather(back)
    assert (heard.id, heard.model, heard.created) == (reply.id, reply.model, reply.created)
    assert heard.usage == (reply.usage if wants_usage else Usage())
    for got, sent in zip(heard.choices, reply.choices, strict=True):
        assert got.stop == sent.stop
        for kind in (Text, Thinking, Refusal):
            said = ["".join(b.text for b in choice.content if isinstance(b, kind)) for choice in (got, sent)]
            assert said[0] == said[1]
        assert [b for b in got.content if isinstance(b, ToolCall)] == [
            b for b in sent.content if isinstance(b, ToolCall)
        ]


@settings(max_examples=40)
@given(delta_streams())
def test_the_sdks_accumulator_gathers_the_same_reply(told: tuple[Reply, list[Delta]]) -> None:
    reply, deltas = told
    state: ChatCompletionStreamState[None] = ChatCompletionStreamState()
    for data in data_of(StreamWriter(True).write(deltas)):
        if data != b"[DONE]":
            state.handle_chunk(ChatCompletionChunk.model_validate_json(data))
    completion = state.current_completion_snapshot
    assert completion.usage is not None
    assert completion.usage.total_tokens == reply.usage.total
    for got, sent in zip(sorted(completion.choices, key=lambda choice: choice.index), reply.choices, strict=True):
        assert (got.message.content or "") == "".join(b.text for b in sent.content if isinstance(b, Text))
        assert (got.message.refusal or "") == "".join(b.text for b in sent.content if isinstance(b, Refusal))
        calls = [(c.id, c.function.name, c.function.arguments) for c in got.message.tool_calls or ()]
        assert calls == [(b.id, b.name, b.arguments) for b in sent.content if isinstance(b, ToolCall)]


def test_the_bytes_of_a_plain_stream() -> None:
    writer = StreamWriter(wants_usage=False)
    stream = writer.write([STARTED, BlockStarted(0, Text("")), TextDelta(0, 'a"\n')])
    stream += writer.write([BlockStopped(0), Finished(StopReason.END), Metered(Usage(input=1)), Ended()])
    head = b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":7,"model":"gpt-4.1",'
    head += b'"choices":[{"index":0,'
    assert stream == (
        head
        + b'"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}]}\n\n'
        + head
        + b'"delta":{"content":"a\\"\\n"},"logprobs":null,"finish_reason":null}]}\n\n'
        + head
        + b'"delta":{},"logprobs":null,"finish_reason":"stop"}]}\n\n'
        b"data: [DONE]\n\n"
    )


def test_usage_comes_last_and_only_if_asked_for() -> None:
    deltas: list[Delta] = [
        Started("i", "m", Usage(input=5, cache_read=3)),
        Metered(Usage(output=1)),
        Finished(StopReason.END),
        Metered(Usage(output=2, reasoning=4)),
        Ended(),
    ]
    *others, last = chunks(StreamWriter(True).write(deltas))
    assert [chunk["usage"] for chunk in others] == [None, None]
    assert last["choices"] == []
    assert last["usage"] == {
        "prompt_tokens": 8,
        "completion_tokens": 6,
        "total_tokens": 14,
        "prompt_tokens_details": {"cached_tokens": 3, "cache_write_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 4,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
    assert all("usage" not in chunk for chunk in chunks(StreamWriter(False).write(deltas)))


def test_whether_usage_was_asked_for_stands_in_the_envelope() -> None:
    deltas: list[Delta] = [STARTED, Finished(StopReason.END), Ended()]
    for wants in (True, False):
        stream = OpenAIChat().stream_writer(Envelope(stream=True, wants_usage=wants)).write(deltas)
        assert (b'"usage"' in stream) == wants


def test_a_block_that_starts_with_content_writes_it() -> None:
    stream = StreamWriter(False).write(
        [STARTED, BlockStarted(0, Text("a")), BlockStarted(1, ToolCall("c", "f", "{}")), BlockStopped(1)]
    )
    assert deltas_of(stream)[1:] == [
        {"content": "a"},
        {"tool_calls": [{"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
    ]


def test_a_call_without_arguments_ends_as_an_empty_object() -> None:
    stream = StreamWriter(False).write([STARTED, BlockStarted(0, ToolCall("c", "f")), BlockStopped(0)])
    assert deltas_of(stream)[-1] == {"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]}


def test_thinking_is_reasoning_content_and_what_has_no_place_is_left_out() -> None:
    stream = StreamWriter(False).write(
        [
            STARTED,
            BlockStarted(0, Thinking("")),
            ThinkingDelta(0, "hm"),
            SignatureDelta(0, "sealed"),
            BlockStopped(0),
            BlockStarted(1, RedactedThinking("sealed")),
            BlockStopped(1),
        ]
    )
    assert deltas_of(stream)[1:] == [{"reasoning_content": "hm"}]


@pytest.mark.parametrize("in_words", [True, False])
def test_a_refusal_in_words_ends_plainly_and_a_silent_one_as_filtered(in_words: bool) -> None:
    deltas: list[Delta] = [STARTED]
    if in_words:
        deltas += [BlockStarted(0, Refusal("")), TextDelta(0, "no"), BlockStopped(0)]
    stream = StreamWriter(False).write([*deltas, Finished(StopReason.REFUSAL), Ended()])
    choices = chunks(stream)[-1]["choices"]
    assert isinstance(choices, list)
    assert choices[0]["finish_reason"] == ("stop" if in_words else "content_filter")


def test_a_failed_stream_has_an_error_and_no_end() -> None:
    writer = StreamWriter(True)
    grammar = OpenAIChatGrammar(wants_usage=True)
    grammar.feed(writer.write([STARTED, BlockStarted(0, Text("")), TextDelta(0, "half")]))
    failure = writer.fail(Fault("upstream_cut", Category.UPSTREAM, 502, "the upstream cut the stream"), "req_1")
    grammar.feed(failure)
    grammar.finish()
    assert grammar.failed
    assert b"[DONE]" not in failure
