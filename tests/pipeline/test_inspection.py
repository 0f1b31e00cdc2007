"""Guardrails on requests and replies: the same verdict whole and streamed, at whatever point a stream is split."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.plant import CHAT, MESSAGE, MESSAGES, STREAM, Bench
from tests.support.vendors import ANTHROPIC_STREAM, anthropic_reply, openai_chunk, openai_reply, says, streams
from trigate.config.published import PublishedGuardrail
from trigate.core.decision import Verdict
from trigate.core.envelope import Envelope
from trigate.dialects.openai_chat import OpenAIChat
from trigate.guardrails.words import Words
from trigate.pipeline.inspection import GuardrailDenied, InspectedStream
from trigate.pipeline.relay import ForwardedStream

OPENAI = OpenAIChat()
DONE = b"data: [DONE]\n\n"


def words(*deny: str, on: tuple[str, ...] = ("request", "reply")) -> PublishedGuardrail:
    return PublishedGuardrail("no-names", "words", msgspec.Raw(json.dumps({"deny": deny, "on": on}).encode()))


def bench(guardrail: PublishedGuardrail, **vendors: object) -> Bench:
    return Bench(vendors, guardrails=(guardrail,))  # type: ignore[arg-type]  # accounts by name


def spoken(body: bytes) -> str:
    """The text of a client's chat completion stream."""
    events = [line[6:] for line in body.split(b"\n") if line.startswith(b"data: {")]
    choices = [choice for event in events for choice in json.loads(event).get("choices", ())]
    return "".join(choice["delta"].get("content") or "" for choice in choices)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", {**CHAT, "messages": [{"role": "user", "content": "who is Falcon?"}]}),
        ("/v1/chat/completions", {**STREAM, "messages": [{"role": "system", "content": "you are falcon"}]}),
        ("/v1/messages", {**MESSAGE, "messages": [{"role": "user", "content": [{"type": "text", "text": "falcon"}]}]}),
    ],
)
def test_a_denied_request_reaches_no_vendor(path: str, body: object) -> None:
    gateway = bench(words("falcon"))
    view = gateway.ask(path, body)
    assert (view.status, gateway.calls) == (400, [])
    assert view.error["code"] == "guardrail_denied"
    assert "falcon" not in view.body.decode().lower()
    decision = gateway.settle.decisions[0]
    assert (decision.rule, decision.verdict) == ("guardrails.no-names", Verdict.DENY)


def test_a_guardrail_looks_only_where_it_is_told_to() -> None:
    gateway = bench(words("falcon", on=("reply",)))
    assert gateway.ask(body={**CHAT, "messages": [{"role": "user", "content": "falcon"}]}).status == 200


@pytest.mark.parametrize(
    ("path", "body", "account", "reply"),
    [
        ("/v1/chat/completions", CHAT, "o1", openai_reply("It is Falcon.")),
        ("/v1/messages", MESSAGE, "a1", anthropic_reply("It is Falcon.")),
        ("/v1/messages", {**MESSAGE, "model": "chat"}, "o1", openai_reply("It is Falcon.")),
    ],
)
def test_a_denied_whole_reply_does_not_reach_the_client_and_is_not_routed_around(
    path: str, body: object, account: str, reply: bytes
) -> None:
    gateway = bench(words("falcon"), **{account: says(reply)})
    view = gateway.ask(path, body)
    assert view.status == 400
    assert b"Falcon" not in view.body
    assert len(gateway.calls) == 1
    assert gateway.settle.decisions[0].rule == "guardrails.no-names"
    assert gateway.settle.charge is not None and gateway.settle.charge.total > 0, "the vendor wrote it"


def test_a_stream_that_passes_arrives_byte_for_byte() -> None:
    gateway = bench(words("falcon"), a1=streams(ANTHROPIC_STREAM))
    view = gateway.ask(MESSAGES, {**MESSAGE, "stream": True})
    assert (view.body, gateway.settle.outcome) == (b"".join(ANTHROPIC_STREAM), "ok")


def test_a_stream_is_cut_before_the_first_character_of_a_match() -> None:
    chunks = [openai_chunk(text) for text in ("", "It is the secret ", "called ", "Fal", "con", " of", " course")]
    gateway = bench(words("falcon"), o1=streams((*chunks, openai_chunk(finish="stop"), DONE)))
    view = gateway.ask(body=STREAM)
    assert spoken(view.body) == "It is the secret "
    assert b"guardrail_denied" in view.body and DONE not in view.body
    assert (gateway.settle.outcome, gateway.settle.code) == ("cut", "guardrail_denied")


def test_a_stream_that_is_denied_at_its_very_start_is_an_error_and_no_stream() -> None:
    chunks = [openai_chunk(text) for text in ("", "Falcon", " it is")]
    gateway = bench(words("falcon"), o1=streams((*chunks, openai_chunk(finish="stop"), DONE)))
    view = gateway.ask(body=STREAM)
    assert (view.status, view.error["code"]) == (400, "guardrail_denied")


def test_a_guardrail_that_needs_the_whole_part_holds_the_stream() -> None:
    settings = msgspec.Raw(b'{"max_characters": 5, "on": ["reply"]}')
    guardrail = PublishedGuardrail("short", "length", settings)
    chunks = [openai_chunk(text) for text in ("", "123", "456")]
    gateway = bench(guardrail, o1=streams((*chunks, openai_chunk(finish="stop"), DONE)))
    view = gateway.ask(body=STREAM)
    assert (view.status, view.error["code"]) == (400, "guardrail_denied")
    assert b"123" not in view.body


def relayed(chunks: list[bytes], *deny: str) -> tuple[str, bool]:
    """What came through a guarded relay, and whether it was denied."""
    guardrail = Words("no-names", deny, frozenset({"reply"}))
    relay = InspectedStream(ForwardedStream(OPENAI, OPENAI.meter(Envelope()), 1 << 20), OPENAI, [guardrail], 1 << 20)
    out = b""
    try:
        for chunk in chunks:
            out += relay.feed(chunk)
        out += relay.finish()
    except GuardrailDenied:
        return spoken(out), True
    assert relay.done
    return spoken(out), False


@given(
    text=st.text(alphabet="ab .", max_size=24),
    cuts=st.lists(st.integers(1, 5), min_size=1, max_size=24),
)
def test_streamed_and_whole_give_the_same_verdict(text: str, cuts: list[int]) -> None:
    pieces, rest = [], text
    for cut in cuts:
        pieces.append(rest[:cut])
        rest = rest[cut:]
    chunks = [openai_chunk(piece) for piece in (*pieces, rest) if piece]
    passed, denied = relayed([openai_chunk(""), *chunks, openai_chunk(finish="stop"), DONE], "ab", "b a")
    whole = Words("no-names", ("ab", "b a"), frozenset({"reply"}))
    found = whole._pattern.search(text)
    assert denied == (found is not None)
    if found is None:
        assert passed == text
    else:
        assert text.startswith(passed) and len(passed) <= found.start()
