import json
from collections.abc import Sequence

import pytest
from anthropic.lib.streaming._messages import accumulate_event
from anthropic.types import Message as SdkMessage
from anthropic.types import RawMessageStreamEvent
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from tests.dialects.anthropic_messages.material import replies, streams
from trigate.core.chat import (
    ArgumentsDelta,
    BlockStarted,
    BlockStopped,
    Delta,
    Ended,
    Failed,
    Finished,
    Metered,
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
from trigate.core.errors import Category, Fault
from trigate.core.usage import Usage
from trigate.dialects.anthropic_messages.reply import write_reply
from trigate.dialects.anthropic_messages.stream_writer import MessagesStreamWriter
from trigate.dialects.grammar.anthropic_messages import AnthropicMessagesGrammar
from trigate.wire.sse import SseDecoder

START = Started("msg_1", "claude-x", Usage(input=3))
END: list[Delta] = [Finished(StopReason.END), Metered(Usage(input=3, output=9)), Ended()]
FAULT = Fault("upstream_unavailable", Category.OVERLOADED, 503, "Overloaded")
EVENT: TypeAdapter[RawMessageStreamEvent] = TypeAdapter(RawMessageStreamEvent)


def events(stream: bytes) -> list[dict[str, object]]:
    return [json.loads(event.data) for event in SseDecoder().feed(stream)]


def short(stream: bytes) -> list[str]:
    """Each event by its type and what matters of it."""
    found = []
    for event in events(stream):
        delta = event.get("delta")
        said = [value for key, value in delta.items() if key != "type"] if isinstance(delta, dict) else []
        found.append(" ".join(str(word) for word in (event["type"], event.get("index", ""), *said)).strip())
    return found


def gather(stream: bytes) -> SdkMessage:
    """What the official SDK makes of the stream."""
    snapshot = None
    buffers: dict[int, bytes] = {}
    for event in SseDecoder().feed(stream):
        parsed = EVENT.validate_json(event.data)
        snapshot = accumulate_event(event=parsed, current_snapshot=snapshot, json_bufs=buffers)
    assert snapshot is not None
    return SdkMessage.model_validate(snapshot.to_dict())


@given(st.data(), replies(), st.integers(1, 200))
def test_any_order_of_deltas_gives_a_stream_that_clients_read(data: st.DataObject, reply: Reply, size: int) -> None:
    deltas = data.draw(streams(reply))
    writer = MessagesStreamWriter()
    stream = b"".join(writer.write([delta]) for delta in deltas)
    assert stream == MessagesStreamWriter().write(deltas)
    grammar = AnthropicMessagesGrammar()
    for start in range(0, len(stream), size):
        grammar.feed(stream[start : start + size])
    grammar.finish()
    whole = SdkMessage.model_validate_json(write_reply(reply))
    gathered = gather(stream)
    assert gathered.content == whole.content
    assert (gathered.stop_reason, gathered.stop_sequence) == (whole.stop_reason, whole.stop_sequence)
    assert gathered.usage.input_tokens == whole.usage.input_tokens
    assert gathered.usage.output_tokens == whole.usage.output_tokens
    assert gathered.usage.cache_read_input_tokens == whole.usage.cache_read_input_tokens


@given(st.data(), replies())
def test_a_stream_that_fails_anywhere_ends_in_an_error(data: st.DataObject, reply: Reply) -> None:
    deltas = data.draw(streams(reply))
    seen = data.draw(st.integers(0, len(deltas) - 1))
    writer = MessagesStreamWriter()
    stream = writer.write(deltas[:seen]) + writer.fail(FAULT, "req_1")
    grammar = AnthropicMessagesGrammar()
    grammar.feed(stream)
    grammar.finish()
    assert grammar.failed
    assert b"message_stop" not in stream
    assert writer.fail(FAULT, "req_1") == b""


def test_text_is_written_as_it_comes() -> None:
    writer = MessagesStreamWriter()
    assert short(writer.write([START])) == ["message_start"]
    assert writer.write([BlockStarted(0, Text(""))]) == b""
    assert short(writer.write([TextDelta(0, "Hé")])) == ["content_block_start 0", "content_block_delta 0 Hé"]
    assert short(writer.write([TextDelta(0, '\n"')])) == ['content_block_delta 0 \n"']
    assert short(writer.write([TextDelta(0, "")])) == []
    assert short(writer.write([BlockStopped(0)])) == ["content_block_stop 0"]
    assert writer.write(END[:2]) == b""
    assert short(writer.write(END[2:])) == ["message_delta  end_turn None", "message_stop"]


def test_the_start_tells_the_input_and_the_end_the_whole_usage() -> None:
    first, *_, last, _ = events(MessagesStreamWriter().write([START, *END]))
    message = first["message"]
    assert isinstance(message, dict)
    assert (message["usage"]["input_tokens"], message["usage"]["output_tokens"]) == (3, 1)
    assert isinstance(last["usage"], dict)
    assert (last["usage"]["input_tokens"], last["usage"]["output_tokens"]) == (3, 9)


def test_interleaved_calls_are_put_in_order() -> None:
    writer = MessagesStreamWriter()
    writer.write([START, BlockStarted(0, ToolCall("a", "f")), BlockStarted(1, ToolCall("b", "g"))])
    assert short(writer.write([ArgumentsDelta(1, '{"y"'), ArgumentsDelta(0, '{"x"')])) == ['content_block_delta 0 {"x"']
    assert short(writer.write([ArgumentsDelta(1, ":2}"), ArgumentsDelta(0, ":1}")])) == ["content_block_delta 0 :1}"]
    assert writer.write([BlockStopped(1)]) == b""
    assert short(writer.write([BlockStopped(0)])) == [
        "content_block_stop 0",
        "content_block_start 1",
        'content_block_delta 1 {"y":2}',
        "content_block_stop 1",
    ]
    assert "tool_use" in short(writer.write(END))[0]


def test_an_empty_text_takes_no_index() -> None:
    deltas: list[Delta] = [BlockStarted(0, Text("")), BlockStopped(0), BlockStarted(1, ToolCall("a", "f"))]
    stream = MessagesStreamWriter().write([START, *deltas, BlockStopped(1), *END])
    assert short(stream)[1:3] == ["content_block_start 0", "content_block_stop 0"]


def test_what_a_start_says_is_written() -> None:
    deltas: list[Delta] = [
        BlockStarted(0, Thinking("hm", "sig")),
        BlockStopped(0),
        BlockStarted(1, Text("Hi")),
        BlockStopped(1),
        BlockStarted(2, ToolCall("a", "f", '{"x":1}')),
        BlockStopped(2),
    ]
    assert [event for event in short(MessagesStreamWriter().write([START, *deltas])) if "delta" in event] == [
        "content_block_delta 0 hm",
        "content_block_delta 0 sig",
        "content_block_delta 1 Hi",
        'content_block_delta 2 {"x":1}',
    ]


def test_a_refusal_is_text_and_a_stop_reason() -> None:
    deltas: list[Delta] = [BlockStarted(0, Refusal("")), TextDelta(0, "No."), BlockStopped(0)]
    message = gather(MessagesStreamWriter().write([START, *deltas, *END]))
    assert message.stop_reason == "refusal"
    assert message.content[0].type == "text"


def test_a_vendors_failure_is_an_error_event() -> None:
    stream = MessagesStreamWriter().write([START, Failed(FAULT)])
    assert short(stream) == ["message_start", "error"]


TEXT = BlockStarted(0, Text(""))


@pytest.mark.parametrize(
    "deltas",
    [
        [TEXT],
        [START, START],
        [START, BlockStarted(0, Text(""), choice=1)],
        [START, TEXT, TextDelta(0, "x", choice=1)],
        [START, TEXT, TextDelta(0, "x"), TextDelta(0, "x", choice=1)],
        [START, TEXT, BlockStopped(0, choice=1)],
        [START, Finished(StopReason.END, choice=1)],
        [START, TEXT, TEXT],
        [START, TextDelta(0, "x")],
        [START, TEXT, ArgumentsDelta(0, "x")],
        [START, TEXT, TextDelta(0, "x"), ThinkingDelta(0, "x")],
        [START, TEXT, SignatureDelta(0, "x")],
        [START, TEXT, BlockStopped(0), TextDelta(0, "x")],
        [START, TEXT, *END],
        [START, *END[:2], TEXT],
        [START, *END[:1], *END],
        [START, Ended()],
        [START, *END, TEXT],
        [START, *END, TextDelta(0, "x")],
        [START, TEXT, TextDelta(0, "x"), Failed(FAULT), TextDelta(0, "x")],
    ],
)
def test_deltas_out_of_order_raise(deltas: Sequence[Delta]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        MessagesStreamWriter().write(deltas)
