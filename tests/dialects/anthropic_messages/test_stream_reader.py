import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dialects.anthropic_messages.material import VALUES, gathered, replies, streams
from tests.dialects.anthropic_messages.test_meter import NAMES
from trigate.core.chat import (
    ArgumentsDelta,
    BlockStarted,
    BlockStopped,
    Delta,
    Ended,
    Failed,
    Finished,
    Metered,
    RedactedThinking,
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
from trigate.core.errors import Category
from trigate.core.usage import Usage
from trigate.dialects.anthropic_messages.reply import read_reply, write_reply
from trigate.dialects.anthropic_messages.stream_reader import MessagesStreamReader
from trigate.dialects.anthropic_messages.stream_writer import MessagesStreamWriter
from trigate.wire.sse import SseDecoder

START: dict[str, object] = {
    "type": "message_start",
    "message": {"id": "m", "model": "claude-x", "usage": {"input_tokens": 3}},
}
STOP: dict[str, object] = {"type": "message_stop"}


def block(index: int, **fields: object) -> dict[str, object]:
    return {"type": "content_block_start", "index": index, "content_block": fields}


def delta(index: int, **fields: object) -> dict[str, object]:
    return {"type": "content_block_delta", "index": index, "delta": fields}


def stop(index: int) -> dict[str, object]:
    return {"type": "content_block_stop", "index": index}


def read(*events: dict[str, object], named: bool = True) -> list[Delta]:
    reader = MessagesStreamReader()
    return [
        found
        for event in events
        for found in reader.read(str(event["type"]) if named else "", json.dumps(event).encode())
    ]


@pytest.mark.parametrize("named", [True, False])
def test_every_kind_of_block(named: bool) -> None:
    deltas = read(
        START,
        block(0, type="thinking", thinking="", signature=""),
        {"type": "ping"},
        delta(0, type="thinking_delta", thinking="hm"),
        delta(0, type="signature_delta", signature="sig"),
        stop(0),
        block(1, type="redacted_thinking", data="xx"),
        stop(1),
        block(2, type="text", text=""),
        delta(2, type="text_delta", text="Hi"),
        stop(2),
        block(3, type="tool_use", id="toolu_1", name="f", input={}),
        delta(3, type="input_json_delta", partial_json=""),
        delta(3, type="input_json_delta", partial_json='{"a"'),
        delta(3, type="input_json_delta", partial_json=":1}"),
        stop(3),
        {
            "type": "message_delta",
            "delta": {"stop_reason": "tool_use", "stop_sequence": None},
            "usage": {"output_tokens": 9},
        },
        STOP,
        named=named,
    )
    assert deltas == [
        Started("m", "claude-x", Usage(input=3)),
        BlockStarted(0, Thinking("")),
        ThinkingDelta(0, "hm"),
        SignatureDelta(0, "sig"),
        BlockStopped(0),
        BlockStarted(1, RedactedThinking("xx")),
        BlockStopped(1),
        BlockStarted(2, Text("")),
        TextDelta(2, "Hi"),
        BlockStopped(2),
        BlockStarted(3, ToolCall("toolu_1", "f")),
        ArgumentsDelta(3, '{"a"'),
        ArgumentsDelta(3, ":1}"),
        BlockStopped(3),
        Finished(StopReason.TOOL_CALLS),
        Metered(Usage(input=3, output=9)),
        Ended(),
    ]


def test_arguments_that_come_with_the_start_stand_if_no_fragment_follows() -> None:
    whole = read(START, block(0, type="tool_use", id="a", name="f", input={"x": 1}), stop(0))
    assert whole[2:] == [ArgumentsDelta(0, '{"x": 1}'), BlockStopped(0)]
    opening = block(0, type="tool_use", id="a", name="f", input={"x": 1})
    pieces = read(START, opening, delta(0, type="input_json_delta", partial_json='{"x":2}'), stop(0))
    assert pieces[2:] == [ArgumentsDelta(0, '{"x":2}'), BlockStopped(0)]


def test_a_tool_without_arguments_has_an_empty_object() -> None:
    deltas = read(START, block(0, type="tool_use", id="a", name="f"), stop(0))
    assert deltas[2:] == [ArgumentsDelta(0, "{}"), BlockStopped(0)]


def test_content_in_a_start_is_not_lost() -> None:
    deltas = read(
        START, block(0, type="thinking", thinking="a", signature="b"), stop(0), block(1, type="text", text="c")
    )
    assert deltas[2:4] == [ThinkingDelta(0, "a"), SignatureDelta(0, "b")]
    assert deltas[-1] == TextDelta(1, "c")


def test_an_error_ends_the_stream() -> None:
    deltas = read(START, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})
    assert isinstance(deltas[-1], Failed)
    assert deltas[-1].fault.category is Category.OVERLOADED


def test_unknown_events_are_passed_over() -> None:
    assert len(read(START, {"type": "message_mood", "mood": "good"})) == 1


def test_a_stop_without_a_reason_is_a_plain_end() -> None:
    assert read(START, STOP)[1:] == [Finished(StopReason.END), Ended()]


OPEN = block(0, type="text", text="")


@pytest.mark.parametrize(
    "events",
    [
        [START, START],
        [OPEN],
        [STOP],
        [{"type": "message_delta", "delta": {"stop_reason": "end_turn"}}],
        [START, block(1, type="text", text="")],
        [START, OPEN, block(1, type="text", text="")],
        [START, stop(0)],
        [START, OPEN, stop(1)],
        [START, OPEN, STOP],
        [START, OPEN, delta(1, type="text_delta", text="x")],
        [START, OPEN, delta(0, type="input_json_delta", partial_json="x")],
        [START, OPEN, delta(0, type="citations_delta", citation={})],
        [START, OPEN, stop(0), delta(0, type="text_delta", text="x")],
        [START, block(0, type="server_tool_use", id="a", name="web_search")],
        [START, block(0, type="tool_use", name="f")],
        [START, STOP, STOP],
    ],
)
def test_what_is_out_of_order_raises(events: list[dict[str, object]]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read(*events)


@given(st.lists(st.tuples(st.sampled_from(NAMES), VALUES.map(json.dumps) | st.text(max_size=9)), max_size=4))
def test_only_value_errors_come_out(events: list[tuple[str, str]]) -> None:
    reader = MessagesStreamReader()
    try:
        reader.read("message_start", json.dumps(START).encode())
        for name, text in events:
            reader.read(name, text.encode())
    except ValueError:
        return


def test_endless_nesting_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="nested"):
        MessagesStreamReader().read("message_start", b'{"x":' + b"[" * 100_000)


@given(st.data(), replies())
def test_streamed_and_whole_read_alike(data: st.DataObject, reply: Reply) -> None:
    reader = MessagesStreamReader()
    events = SseDecoder().feed(MessagesStreamWriter().write(data.draw(streams(reply))))
    deltas = [found for event in events for found in reader.read(event.event, event.data)]
    assert gathered(deltas) == read_reply(write_reply(reply)) == reply
