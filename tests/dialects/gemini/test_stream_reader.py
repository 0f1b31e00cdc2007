"""Streams of Gemini as neutral deltas."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dialects.anthropic_messages.material import gathered
from tests.dialects.gemini.samples import BLOCKED, CHUNKS, USAGE, WHOLE, Json, deltas, encoded, response, stream
from trigate.core.chat import (
    Block,
    Choice,
    Delta,
    Ended,
    Failed,
    Finished,
    RedactedThinking,
    Reply,
    StopReason,
    Text,
    Thinking,
)
from trigate.dialects.gemini.reply import read_reply
from trigate.dialects.gemini.stream_reader import GeminiStreamReader

STREAM = stream(CHUNKS)


def read(*chunks: Json) -> list[Delta]:
    return deltas(GeminiStreamReader(), stream(chunks))


def reply_of(*chunks: Json) -> Reply:
    return gathered([*read(*chunks), Ended()])


def test_a_stream_says_what_the_whole_reply_says() -> None:
    assert reply_of(*CHUNKS) == read_reply(encoded(WHOLE))


@given(st.integers(1, len(STREAM)))
def test_any_split_gives_the_same(step: int) -> None:
    assert deltas(GeminiStreamReader(), STREAM, step) == read(*CHUNKS)


def test_signatures_stand_where_they_came() -> None:
    reply = reply_of(
        response({"text": "a", "thought": True}),
        response({"text": "", "thought": True, "thoughtSignature": "MQ=="}),
        response({"text": "b", "thought": True, "thoughtSignature": "Mg=="}),
        response({"thought": True, "thoughtSignature": "Mw=="}),
        response({"text": "c"}),
        response({"text": "", "thoughtSignature": "NA=="}, finish="STOP", usage=USAGE),
    )
    said: list[Block] = [
        Thinking("a", "MQ=="),
        Thinking("b", "Mg=="),
        RedactedThinking("Mw=="),
        Text("c"),
        Thinking("", "NA=="),
    ]
    assert reply.choices == [Choice(said, StopReason.END)]


def test_candidates_interleave() -> None:
    second: Json = {"candidates": [{"content": {"parts": [{"text": "b"}]}, "finishReason": "STOP", "index": 1}]}
    found = read(response({"text": "a"}), second, response(finish="MAX_TOKENS"))
    assert [(each.choice, each.stop) for each in found if isinstance(each, Finished)] == [
        (1, StopReason.END),
        (0, StopReason.LENGTH),
    ]


def test_a_blocked_prompt_ends_the_stream() -> None:
    found = read(BLOCKED, response({"text": "late"}))
    assert [type(each).__name__ for each in found] == ["Started", "Finished", "Metered", "Ended"]


def test_an_error_ends_the_stream() -> None:
    found = read(response({"text": "a"}), {"error": {"code": 503, "message": "m", "status": "UNAVAILABLE"}})
    assert isinstance(found[-1], Failed) and found[-1].fault.code == "upstream_unavailable"


@pytest.mark.parametrize(
    "chunks",
    [
        [response(finish="MALFORMED_FUNCTION_CALL")],
        [response(finish="STOP"), response({"text": "late"})],
        [response({"executableCode": {"code": "1"}})],
        [response({"functionCall": {}})],
    ],
)
def test_what_cannot_be(chunks: list[Json]) -> None:
    with pytest.raises(ValueError):
        read(*chunks)


def test_what_says_nothing_is_passed_over() -> None:
    assert read({}, {"unheardOf": 1}) == []
