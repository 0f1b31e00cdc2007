"""Whole replies, both ways."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dialects.anthropic_messages.material import IDS, TOKENS, WORDS
from tests.dialects.gemini.samples import BLOCKED, WHOLE, Json, encoded, response
from trigate.core.chat import Block, Choice, Image, RedactedThinking, Reply, StopReason, Text, Thinking, ToolCall
from trigate.core.usage import Usage
from trigate.dialects.gemini.reply import read_reply, write_reply

SIGNATURES = st.binary(min_size=1, max_size=9).map(lambda data: base64.b64encode(data).decode())
OBJECTS = st.dictionaries(WORDS, WORDS, max_size=2).map(lambda value: json.dumps(value, separators=(",", ":")))


@st.composite
def replies(draw: st.DrawFn) -> Reply:
    """What the dialect can say as it is: blocks of one kind do not follow each other."""
    content: list[Block] = []
    if draw(st.booleans()):
        content.append(Thinking(draw(WORDS), draw(st.none() | SIGNATURES)))
    if draw(st.booleans()):
        content += [RedactedThinking(draw(SIGNATURES)), Text(draw(WORDS)), Thinking("", draw(SIGNATURES))]
    calls = draw(st.lists(st.builds(ToolCall, IDS, IDS, OBJECTS, st.none(), st.none() | SIGNATURES), max_size=3))
    stop = StopReason.TOOL_CALLS if calls else draw(st.sampled_from([StopReason.END, StopReason.LENGTH]))
    usage = draw(st.builds(Usage, input=TOKENS, cache_read=TOKENS, output=TOKENS, reasoning=TOKENS))
    return Reply(id=draw(IDS), model=draw(IDS), choices=[Choice([*content, *calls], stop)], usage=usage)


@given(replies())
def test_what_is_written_is_read_again(reply: Reply) -> None:
    assert read_reply(write_reply(reply)) == reply


def test_a_reply_of_the_vendor() -> None:
    reply = read_reply(json.dumps(WHOLE, indent=2).encode())
    assert reply.choices == [
        Choice(
            [
                Thinking("Hmm."),
                Text("Grüße dir"),
                ToolCall("call_r1_0_0", "weather", '{"city":"Oslo"}', signature="c2ln"),
                ToolCall("v2", "time", "{}"),
            ],
            StopReason.TOOL_CALLS,
        )
    ]
    assert (reply.id, reply.model, reply.usage.reasoning) == ("r1", "gemini-3-pro", 11)


def test_a_blocked_prompt_is_a_choice_that_the_filter_stopped() -> None:
    assert read_reply(encoded(BLOCKED)).choices == [Choice([], StopReason.CONTENT_FILTER)]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"candidates": []},
        response({"text": ""}, finish="MALFORMED_FUNCTION_CALL"),
        response({"functionCall": {"args": {}}}, finish="STOP"),
        response({"functionCall": {"name": "f", "args": []}}, finish="STOP"),
        response({"inlineData": {"mimeType": "image/png", "data": ""}}, finish="STOP"),
    ],
)
def test_what_is_no_reply(body: Json) -> None:
    with pytest.raises(ValueError):
        read_reply(encoded(body))


def test_arguments_that_were_cut_are_empty() -> None:
    cut = Reply(id="r", model="m", choices=[Choice([ToolCall("c", "f", '{"a')], StopReason.LENGTH)])
    part = json.loads(write_reply(cut))["candidates"][0]["content"]["parts"][0]
    assert part == {"functionCall": {"id": "c", "name": "f", "args": {}}}
    cut.choices[0].stop = StopReason.TOOL_CALLS
    with pytest.raises(ValueError):
        write_reply(cut)


def test_a_signature_that_is_no_base64_has_no_place() -> None:
    said: list[Block] = [Thinking("a", "no!"), RedactedThinking("no!"), Thinking("", "no!")]
    written = json.loads(write_reply(Reply(id="r", model="m", choices=[Choice(said, StopReason.END)])))
    assert written["candidates"][0]["content"]["parts"] == [{"text": "a", "thought": True}]


def test_a_picture_is_no_reply() -> None:
    with pytest.raises(ValueError, match="image"):
        write_reply(Reply(id="r", model="m", choices=[Choice([Image(url="u")], StopReason.END)]))
