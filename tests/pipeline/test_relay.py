"""The relay without anything around it: bytes in, bytes out."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.vendors import (
    ANTHROPIC_STREAM,
    DONE,
    OPENAI_STREAM,
    OPENAI_USAGE_CHUNK,
    anthropic_reply,
    data,
    openai_chunk,
    openai_reply,
)
from trigate.core.envelope import Envelope
from trigate.core.errors import INTERNAL, AttemptFailed
from trigate.core.ports import Dialect
from trigate.dialects.anthropic_messages import AnthropicMessages
from trigate.dialects.openai_chat import OpenAIChat
from trigate.pipeline.relay import Expected, ForwardedStream, Relay, TranslatedStream, WholeReply

OPENAI, ANTHROPIC = OpenAIChat(), AnthropicMessages()
ASKED = Envelope(stream=True)
LIMIT = 1_048_576


def forwarded(dialect: Dialect, envelope: Envelope = ASKED, limit: int = LIMIT) -> ForwardedStream:
    return ForwardedStream(dialect, dialect.meter(envelope), limit)


def translated(upstream: Dialect, client: Dialect, choices: int = 1) -> TranslatedStream:
    writer = client.stream_writer(ASKED)
    return TranslatedStream(upstream.stream_reader(), writer, LIMIT, Expected(choices, 1_700_000_000))


def whole(client: Dialect, upstream: Dialect, limit: int = LIMIT) -> WholeReply:
    return WholeReply(client, upstream, upstream.meter(Envelope()), limit, 1_700_000_000)


def told(relay: Relay, chunks: list[bytes]) -> bytes:
    return b"".join(map(relay.feed, chunks)) + relay.finish()


def sliced(text: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % len(text) for cut in cuts), len(text)]
    return [text[start:end] for start, end in pairwise(edges)]


@pytest.mark.parametrize(("dialect", "events"), [(OPENAI, OPENAI_STREAM), (ANTHROPIC, ANTHROPIC_STREAM)])
@given(cuts=st.lists(st.integers(0, 2000), max_size=30))
def test_however_it_is_cut_up_a_stream_is_forwarded_as_it_is(
    dialect: Dialect, events: tuple[bytes, ...], cuts: list[int]
) -> None:
    relay = forwarded(dialect)
    assert told(relay, sliced(b"".join(events), cuts)) == b"".join(events)
    assert relay.done and relay.usage is not None and relay.usage.total == 15


@pytest.mark.parametrize(
    ("upstream", "client", "events"),
    [(OPENAI, ANTHROPIC, OPENAI_STREAM), (ANTHROPIC, OPENAI, ANTHROPIC_STREAM)],
)
@given(cuts=st.lists(st.integers(0, 2000), max_size=30))
def test_however_it_is_cut_up_a_stream_is_translated_alike(
    upstream: Dialect, client: Dialect, events: tuple[bytes, ...], cuts: list[int]
) -> None:
    relay = translated(upstream, client)
    at_once = told(translated(upstream, client), list(events))
    assert told(relay, sliced(b"".join(events), cuts)) == at_once
    assert relay.done and relay.usage is not None and relay.usage.total == 15
    assert (relay.stop, relay.output_chars) == ("end", 6)


@pytest.mark.parametrize("relay", [forwarded(OPENAI), translated(OPENAI, ANTHROPIC)])
def test_nothing_comes_out_before_the_first_content(relay: Relay) -> None:
    assert (relay.feed(openai_chunk("")), relay.committed) == (b"", False)
    assert relay.feed(openai_chunk("H")) != b""
    assert (relay.committed, relay.done) == (True, False)


def test_comments_and_unknown_events_go_through() -> None:
    events = [b": keep-alive\n\n", *OPENAI_STREAM[:2], b"event: ping\ndata: {}\n\n", *OPENAI_STREAM[2:]]
    assert told(forwarded(OPENAI), events) == b"".join(events)


def test_crlf_streams_are_forwarded_as_they_are() -> None:
    text = b"".join(OPENAI_STREAM).replace(b"\n", b"\r\n")
    assert told(forwarded(OPENAI), [text[:100], text[100:]]) == text


def test_usage_nobody_asked_for_is_hidden() -> None:
    relay = forwarded(OPENAI, Envelope(stream=True, wants_usage=False))
    assert OPENAI_USAGE_CHUNK not in told(relay, list(OPENAI_STREAM))
    assert relay.usage is not None


def test_openai_streams_may_end_without_done_once_they_have_stopped() -> None:
    assert told(forwarded(OPENAI), list(OPENAI_STREAM[:-1])).endswith(DONE)
    with pytest.raises(AttemptFailed) as failed:
        told(forwarded(OPENAI), list(OPENAI_STREAM[:3]))
    assert failed.value.fault.code == "upstream_truncated"


def test_anthropic_streams_may_not() -> None:
    with pytest.raises(AttemptFailed) as failed:
        told(forwarded(ANTHROPIC), list(ANTHROPIC_STREAM[:-1]))
    assert failed.value.error_class == "truncated"


@pytest.mark.parametrize("end", [[], [b"data: {"]])
def test_a_translated_stream_needs_a_stop_reason(end: list[bytes]) -> None:
    with pytest.raises(AttemptFailed) as failed:
        told(translated(OPENAI, ANTHROPIC), [*OPENAI_STREAM[:3], *end])
    assert failed.value.error_class == "truncated"
    with pytest.raises(AttemptFailed):
        told(translated(OPENAI, OPENAI, choices=2), list(OPENAI_STREAM[:-1]))


@pytest.mark.parametrize("relay", [forwarded(OPENAI), translated(OPENAI, ANTHROPIC)])
def test_what_is_no_json_is_malformed(relay: Relay) -> None:
    with pytest.raises(AttemptFailed) as failed:
        relay.feed(b"data: {no\n\n")
    assert failed.value.error_class == "malformed"


@pytest.mark.parametrize("build", [lambda: forwarded(OPENAI), lambda: translated(OPENAI, ANTHROPIC)])
def test_an_event_without_end_is_given_up(build: Callable[[], Relay]) -> None:
    relay = build()
    with pytest.raises(AttemptFailed) as failed:
        relay.feed(b"data: " + b"x" * (LIMIT + 1))
    assert failed.value.fault.code == "upstream_too_large"


@pytest.mark.parametrize("build", [lambda: forwarded(OPENAI), lambda: translated(OPENAI, ANTHROPIC)])
def test_an_error_in_band_fails_and_what_came_before_it_is_told(build: Callable[[], Relay]) -> None:
    relay = build()
    error = data({"error": {"message": "slow down", "type": "rate_limit_error"}})
    relay.feed(openai_chunk("H"))
    with pytest.raises(AttemptFailed) as failed:
        relay.feed(openai_chunk("ello") + error)
    assert failed.value.error_class == "rate_limited"
    end = relay.fail(failed.value.fault, "req_1")
    assert b"ello" in end and b"slow down" in end and b"[DONE]" not in end and b"message_stop" not in end


def test_usage_that_is_never_reported_is_unknown() -> None:
    events = [each for each in OPENAI_STREAM if each != OPENAI_USAGE_CHUNK]
    for relay in (forwarded(OPENAI), translated(OPENAI, ANTHROPIC)):
        told(relay, events)
        assert relay.done and relay.usage is None


def test_a_whole_reply_comes_out_at_once() -> None:
    relay = whole(OPENAI, OPENAI)
    assert relay.feed(openai_reply()[:20]) == relay.feed(openai_reply()[20:]) == b""
    assert (relay.committed, relay.usage) == (False, None)
    assert relay.finish() == openai_reply()
    assert (relay.committed, relay.done, relay.output_chars) == (True, True, 6)
    assert (relay.served_model, relay.stop) == ("gpt-4.1-2025", "end")


def test_a_whole_reply_is_translated() -> None:
    relay = whole(OPENAI, ANTHROPIC)
    out = told(relay, [anthropic_reply()])
    assert b'"chat.completion"' in out and b"1700000000" in out
    assert relay.usage is not None and relay.usage.total == 15


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"error": {"message": "x"}}', openai_reply()[:-1]])
@pytest.mark.parametrize("client", [OPENAI, ANTHROPIC])
def test_what_is_no_reply_is_malformed(body: bytes, client: Dialect) -> None:
    with pytest.raises(AttemptFailed) as failed:
        told(whole(client, OPENAI), [body])
    assert failed.value.error_class == "malformed"


def test_a_whole_reply_is_kept_to_a_cap_and_has_nothing_to_say_when_it_fails() -> None:
    relay = whole(OPENAI, OPENAI, limit=10)
    relay.feed(b"x" * 10)
    with pytest.raises(AttemptFailed) as failed:
        relay.feed(b"x")
    assert failed.value.fault.code == "upstream_too_large"
    assert relay.fail(INTERNAL, "req_1") == b""
