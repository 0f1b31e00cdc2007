import json

import pytest

from trigate.dialects.grammar.anthropic_messages import AnthropicMessagesGrammar

Event = dict[str, object]

START: Event = {
    "type": "message_start",
    "message": {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [],
        "stop_reason": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    },
}
OPEN: Event = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
HI: Event = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi"}}
CLOSE: Event = {"type": "content_block_stop", "index": 0}
TOOL: Event = {
    "type": "content_block_start",
    "index": 0,
    "content_block": {"type": "tool_use", "id": "a", "name": "f", "input": {}},
}
THINK: Event = {
    "type": "content_block_start",
    "index": 0,
    "content_block": {"type": "thinking", "thinking": "", "signature": ""},
}
SIGN: Event = {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "s"}}
DELTA: Event = {
    "type": "message_delta",
    "delta": {"stop_reason": "end_turn", "stop_sequence": None},
    "usage": {"output_tokens": 2},
}
STOP: Event = {"type": "message_stop"}
PING: Event = {"type": "ping"}
ERROR: Event = {"type": "error", "error": {"type": "api_error", "message": "x"}}


def check(*events: Event) -> AnthropicMessagesGrammar:
    grammar = AnthropicMessagesGrammar()
    for event in events:
        grammar.feed(b"event: %s\ndata: %s\n\n" % (str(event["type"]).encode(), json.dumps(event).encode()))
    grammar.finish()
    return grammar


@pytest.mark.parametrize(
    "events",
    [
        [START, DELTA, STOP],
        [PING, START, PING, OPEN, PING, HI, HI, CLOSE, PING, DELTA, PING, STOP],
        [START, TOOL, CLOSE, DELTA, STOP],
        [START, THINK, SIGN, CLOSE, OPEN | {"index": 1}, CLOSE | {"index": 1}, DELTA, STOP],
    ],
)
def test_streams_that_every_client_reads(events: list[Event]) -> None:
    assert not check(*events).failed


@pytest.mark.parametrize("events", [[ERROR], [START, OPEN, HI, ERROR], [START, DELTA, ERROR]])
def test_an_error_ends_a_stream_anywhere(events: list[Event]) -> None:
    assert check(*events).failed


@pytest.mark.parametrize(
    "events",
    [
        [],
        [START],
        [START, DELTA],
        [OPEN],
        [START, START],
        [START, OPEN, OPEN],
        [START, OPEN | {"index": 1}],
        [START, OPEN, CLOSE, OPEN],
        [START, HI],
        [START, OPEN, CLOSE, HI],
        [START, TOOL, HI],
        [START, OPEN, SIGN],
        [START, THINK, SIGN, SIGN],
        [START, OPEN, HI | {"index": 1}],
        [START, OPEN, CLOSE | {"index": 1}],
        [START, CLOSE],
        [START, OPEN, DELTA],
        [START, STOP],
        [START, DELTA, DELTA, STOP],
        [START, DELTA, OPEN],
        [START, DELTA, STOP, PING],
        [START, ERROR, STOP],
        [START, DELTA | {"delta": {"stop_reason": "tired", "stop_sequence": None}}, STOP],
        [START, DELTA | {"delta": {"stop_reason": "end_turn"}}, STOP],
        [START, DELTA | {"usage": None}, STOP],
        [START, DELTA | {"usage": {"output_tokens": -1}}, STOP],
        [START, {"type": "message_mood"}],
        [START, OPEN | {"content_block": {"type": "text"}}],
        [START, TOOL | {"content_block": {"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}}}],
        [START, TOOL | {"content_block": {"type": "tool_use", "id": "", "name": "f", "input": {}}}],
        [START, OPEN, HI | {"delta": {"type": "text_delta"}}],
        [START | {"message": {"id": "a"}}],
        [ERROR | {"error": {"type": "api_error"}}],
    ],
)
def test_what_no_client_expects_is_found(events: list[Event]) -> None:
    with pytest.raises(AssertionError):
        check(*events)


def test_the_name_must_be_the_type() -> None:
    with pytest.raises(AssertionError, match="carries"):
        AnthropicMessagesGrammar().feed(b'event: ping\ndata: {"type":"message_stop"}\n\n')


def test_the_last_event_needs_its_blank_line() -> None:
    grammar = AnthropicMessagesGrammar()
    grammar.feed(b'event: ping\ndata: {"type":"ping"}\n')
    with pytest.raises(AssertionError, match="blank line"):
        grammar.finish()
