import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dialects.anthropic_messages.material import VALUES, replies, streams
from trigate.core.chat import Reply, StopReason
from trigate.core.errors import Category
from trigate.core.ports import CONTENT, ENDED, FAILED, SILENT
from trigate.core.usage import Usage
from trigate.dialects.anthropic_messages.meter import MessagesMeter
from trigate.dialects.anthropic_messages.reply import write_reply
from trigate.dialects.anthropic_messages.stream_writer import MessagesStreamWriter
from trigate.wire.sse import SseDecoder

START = b"""{"type":"message_start","message":{"id":"msg_1","model":"claude-x","usage":{"input_tokens":25,
"cache_read_input_tokens":7,"output_tokens":1}}}"""
NAMES = (
    "message_start",
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "message_delta",
    "message_stop",
    "ping",
    "error",
    "",
)


def test_a_stream_of_text() -> None:
    meter = MessagesMeter()
    events = [
        ("message_start", START, SILENT),
        ("content_block_start", b'{"index":0,"content_block":{"type":"text","text":""}}', SILENT),
        ("ping", b'{"type":"ping"}', SILENT),
        ("content_block_delta", b'{"index":0,"delta":{"type":"text_delta","text":"Hello"}}', CONTENT),
        ("content_block_delta", b'{"index":0,"delta":{"type":"text_delta","text":""}}', SILENT),
        ("content_block_delta", b'{"index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}', CONTENT),
        ("content_block_delta", b'{"index":0,"delta":{"type":"signature_delta","signature":"x"}}', SILENT),
        ("content_block_stop", b'{"index":0}', SILENT),
        ("message_delta", b'{"delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":12}}', SILENT),
        ("message_stop", b'{"type":"message_stop"}', ENDED),
    ]
    assert [meter.event(name, data) for name, data, _ in events] == [verdict for *_, verdict in events]
    assert meter.usage == Usage(input=25, cache_read=7, output=12)
    assert (meter.model, meter.stop, meter.output_chars, meter.fault) == ("claude-x", StopReason.END, 7, None)


def test_without_names_the_type_in_the_data_counts() -> None:
    meter = MessagesMeter()
    delta = b'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}}'
    assert [meter.event("", data) for data in (START, delta, b'{"type":"message_stop"}')] == [SILENT, CONTENT, ENDED]
    assert meter.model == "claude-x"
    assert meter.event("", b'{"type":""}') == SILENT


@pytest.mark.parametrize(
    "block",
    [
        b'{"type":"tool_use","id":"a","name":"f","input":{}}',
        b'{"type":"redacted_thinking","data":"x"}',
        b'{"type":"server_tool_use","id":"a","name":"web_search"}',
        b'{"type":"web_search_tool_result","content":[]}',
        b'{"type":"text","text":"whole"}',
    ],
)
def test_a_block_that_starts_with_content_is_content(block: bytes) -> None:
    data = b'{"type":"content_block_start","index":0,"content_block":%s}' % block
    assert MessagesMeter().event("content_block_start", data) == CONTENT


def test_the_output_stays_unknown_until_it_is_reported() -> None:
    meter = MessagesMeter()
    assert meter.usage is None
    meter.event("message_start", START)
    assert meter.usage == Usage(input=25, cache_read=7)


def test_the_largest_report_of_each_number_counts() -> None:
    meter = MessagesMeter()
    meter.event("message_start", START)
    meter.event("message_delta", b'{"delta":{},"usage":{"input_tokens":40,"output_tokens":5}}')
    meter.event("message_delta", b'{"delta":{"stop_reason":"tool_use"},"usage":{"input_tokens":0,"output_tokens":9}}')
    assert meter.usage == Usage(input=40, cache_read=7, output=9)
    assert meter.stop == StopReason.TOOL_CALLS


def test_an_error_event_fails() -> None:
    meter = MessagesMeter()
    data = b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'
    assert meter.event("error", data) == FAILED
    assert meter.fault is not None
    assert meter.fault.category is Category.OVERLOADED


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("content_block_delta", b"{"),
        ("content_block_delta", b'{"index":0}'),
        ("content_block_delta", b'{"delta":{"type":"text_delta","text":7}}'),
        ("message_start", b"[]"),
        ("error", b"oops"),
        ("", b"[DONE]"),
        ("", b"{}"),
        ("content_block_delta", b'{"x":' + b"[" * 100_000),
    ],
)
def test_malformed_events_raise(name: str, data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        MessagesMeter().event(name, data)


@given(st.sampled_from(NAMES), VALUES.map(json.dumps) | st.text(max_size=20))
def test_only_value_errors_come_out(name: str, text: str) -> None:
    with contextlib.suppress(ValueError):
        MessagesMeter().event(name, text.encode())
    with contextlib.suppress(ValueError):
        MessagesMeter().whole(text.encode())


def test_a_whole_message() -> None:
    meter = MessagesMeter()
    meter.whole(
        b'{"type":"message","model":"claude-x","content":[{"type":"text","text":"four"},{"type":"tool_use","id":"a",'
        b'"name":"f","input":{"a":1}}],"stop_reason":"tool_use","usage":{"input_tokens":2,"output_tokens":3}}'
    )
    assert (meter.model, meter.stop, meter.output_chars) == ("claude-x", StopReason.TOOL_CALLS, 12)
    assert meter.usage == Usage(input=2, output=3)


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"type":"error","error":{}}', b"<html>", b'{"type":"message"}'])
def test_what_is_no_message_raises(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        MessagesMeter().whole(body)


@given(st.data(), replies())
def test_streamed_and_whole_measure_alike(data: st.DataObject, reply: Reply) -> None:
    whole, streamed = MessagesMeter(), MessagesMeter()
    whole.whole(write_reply(reply))
    for event in SseDecoder().feed(MessagesStreamWriter().write(data.draw(streams(reply)))):
        streamed.event(event.event, event.data)
    assert whole.usage == streamed.usage == reply.usage
    assert (whole.model, whole.stop, whole.output_chars) == (streamed.model, streamed.stop, streamed.output_chars)
