"""Neutral deltas as Gemini's stream."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dialects.anthropic_messages.material import gathered, streams
from tests.dialects.gemini.samples import deltas
from tests.dialects.gemini.test_reply import replies
from trigate.core.chat import (
    ArgumentsDelta,
    BlockStarted,
    BlockStopped,
    Delta,
    Ended,
    Failed,
    Finished,
    Refusal,
    Reply,
    Started,
    StopReason,
    Text,
    TextDelta,
    ToolCall,
)
from trigate.core.errors import INTERNAL
from trigate.dialects.gemini.stream_reader import GeminiStreamReader
from trigate.dialects.gemini.stream_writer import GeminiStreamWriter
from trigate.dialects.grammar.gemini import GeminiGrammar

START = Started("r", "m")
CALL = BlockStarted(0, ToolCall("c", "f"))


def checked(stream: bytes) -> GeminiGrammar:
    grammar = GeminiGrammar()
    grammar.feed(stream)
    grammar.finish()
    return grammar


@given(st.data(), replies())
def test_what_is_written_is_read_again(data: st.DataObject, reply: Reply) -> None:
    said = data.draw(streams(reply, prose_alone=True))
    writer = GeminiStreamWriter()
    stream = b"".join(writer.write([delta]) for delta in said)
    checked(stream)
    heard = gathered([*deltas(GeminiStreamReader(), stream), Ended()])
    assert heard.usage == reply.usage
    assert {block.id for block in heard.choices[0].content if isinstance(block, ToolCall)} == {
        block.id for block in reply.choices[0].content if isinstance(block, ToolCall)
    }
    assert heard.choices[0].stop is reply.choices[0].stop


def test_a_call_waits_until_it_is_whole() -> None:
    writer = GeminiStreamWriter()
    assert writer.write([START, CALL, ArgumentsDelta(0, '{"a":'), ArgumentsDelta(0, "1}")]) == b""
    chunk = json.loads(writer.write([BlockStopped(0)])[6:])
    part = chunk["candidates"][0]["content"]["parts"][0]
    assert part == {"functionCall": {"id": "c", "name": "f", "args": {"a": 1}}}


@pytest.mark.parametrize(("stop", "sound"), [(StopReason.LENGTH, True), (StopReason.TOOL_CALLS, False)])
def test_arguments_that_were_cut(stop: StopReason, sound: bool) -> None:
    writer = GeminiStreamWriter()
    before = writer.write([START, CALL, ArgumentsDelta(0, '{"a'), BlockStopped(0), Finished(stop)])
    assert before == b""
    if sound:
        checked(writer.write([Ended()]))
    else:
        with pytest.raises(ValueError):
            writer.write([Ended()])


def test_text_that_a_block_begins_with_and_a_refusal() -> None:
    writer = GeminiStreamWriter()
    said: list[Delta] = [START, BlockStarted(0, Text("a")), BlockStopped(0), BlockStarted(1, Refusal("no"))]
    stream = writer.write([*said, BlockStopped(1), Finished(StopReason.REFUSAL), Ended()])
    checked(stream)
    assert b'{"text":"a"}' in stream and b'{"text":"no"}' in stream and b'"SAFETY"' in stream


def test_a_failure_never_looks_complete() -> None:
    writer = GeminiStreamWriter()
    stream = writer.write([START, BlockStarted(0, Text("")), TextDelta(0, "a"), Failed(INTERNAL)])
    assert checked(stream).failed
    assert writer.fail(INTERNAL, "req_1") == b""


@pytest.mark.parametrize(
    "said",
    [
        [CALL],
        [START, TextDelta(0, "a")],
        [START, Ended()],
        [START, CALL, Finished(StopReason.END), Ended()],
        [START, Finished(StopReason.END), CALL],
    ],
)
def test_deltas_out_of_order(said: list[Delta]) -> None:
    with pytest.raises(ValueError):
        GeminiStreamWriter().write(said)
