"""Events come out the same however their bytes arrive."""

from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigate.wire.sse import EventTooLarge, SseDecoder, SseEvent, encode


class Written(NamedTuple):
    """A stream and what it says."""

    stream: bytes
    events: list[tuple[str, bytes]]


VALUES = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=12)
NAMES = st.sampled_from(["", "message_start", "ping", "error"])


@st.composite
def streams(draw: st.DrawFn) -> Written:
    """Events in any spelling the standard allows: line ends, comments, unknown fields, with and without spaces."""
    stream = b""
    events = []
    for _ in range(draw(st.integers(0, 5))):
        space = draw(st.sampled_from([b"", b" "]))
        name = draw(NAMES)
        values = draw(st.lists(VALUES.map(str.encode).filter(lambda v: not v.startswith(b" ")), min_size=1, max_size=3))
        lines = [b"data:" + space + value for value in values]
        if name:
            lines.insert(draw(st.integers(0, len(lines))), b"event:" + space + name.encode())
        for extra in draw(st.lists(st.sampled_from([b": keep-alive", b"id: 7", b"retry", b":"]), max_size=2)):
            lines.insert(draw(st.integers(0, len(lines))), extra)
        end = draw(st.sampled_from([b"\n", b"\r\n", b"\r"]))
        stream += end.join(lines) + end + end
        events.append((name, b"\n".join(values)))
    return Written(stream, events)


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[start:end] for start, end in pairwise(edges)]


def decode(chunks: list[bytes]) -> list[SseEvent]:
    decoder = SseDecoder()
    return [event for chunk in chunks for event in decoder.feed(chunk)] + decoder.finish()


def said(events: list[SseEvent]) -> list[tuple[str, bytes]]:
    return [(event.event, event.data) for event in events]


@given(streams(), st.lists(st.integers(0, 10_000), max_size=12))
def test_any_split_gives_the_same_events(written: Written, cuts: list[int]) -> None:
    assert said(decode(split(written.stream, cuts))) == written.events


@given(st.lists(st.sampled_from([b"data: a", b"event: b", b":", b"\n", b"\r", b"\r\n", b" "]), max_size=25), st.data())
def test_any_bytes_split_anywhere_give_the_same_events_and_all_bytes(pieces: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(pieces)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=8))
    whole, parts = decode([stream]), decode(split(stream, cuts))
    assert said(whole) == said(parts)
    for events in (whole, parts):
        assert b"".join(event.raw for event in events).rstrip() == stream.rstrip()


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_each_event_keeps_the_bytes_that_carried_it(end: bytes) -> None:
    first, second = b"event: x" + end + b"data: 1" + end + end, b"data:2" + end + end
    events = SseDecoder().feed(first + second + b"data: of the next")
    assert [event.raw for event in events] == [first, second]
    assert said(events) == [("x", b"1"), ("", b"2")]


def test_an_event_is_given_as_soon_as_its_blank_line_is_there() -> None:
    decoder = SseDecoder()
    assert decoder.feed(b"data: 1\n") == []
    assert said(decoder.feed(b"\ndata: 2")) == [("", b"1")]
    assert decoder.feed(b"\r\n\r") == []
    assert said(decoder.feed(b"\n")) == [("", b"2")]


def test_a_last_event_without_its_blank_line_is_given_at_the_end_and_completed() -> None:
    decoder = SseDecoder()
    assert decoder.feed(b"data: [DONE]") == []
    assert [(event.raw, event.data) for event in decoder.finish()] == [(b"data: [DONE]\n\n", b"[DONE]")]
    assert decoder.finish() == []


def test_a_comment_is_an_event_without_data() -> None:
    assert said(decode([b": OPENROUTER PROCESSING\n\n"])) == [("", b"")]


def test_broken_utf8_in_a_name_does_not_break_the_stream() -> None:
    assert said(decode([b"event: \xff\ndata: 1\n\n"])) == [("\ufffd", b"1")]


def test_an_event_beyond_the_limit_is_refused_whatever_its_line_ends() -> None:
    for end in (b"\n", b"\r\n"):
        decoder = SseDecoder(limit=64)
        assert decoder.feed(b"data: " + b"x" * 40 + end) == []
        with pytest.raises(EventTooLarge, match="64 bytes"):
            decoder.feed(b"data: " + b"x" * 40)


@given(NAMES, VALUES)
def test_what_is_encoded_is_decoded(name: str, value: str) -> None:
    assert said(decode([encode(value.encode(), name)])) == [(name, value.encode())]
