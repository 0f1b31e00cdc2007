"""Between the dialects: what is said in one is said in the other, whole and streamed, or is named as lost."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conformance.same_requests import HI, PIXEL, SAME, Json
from tests.dialects.anthropic_messages.material import IDS, OBJECTS, WORDS, gathered, streams
from trigate.core.chat import Block, Choice, Delta, Reply, StopReason, Text, Thinking, ToolCall
from trigate.core.envelope import Envelope
from trigate.core.errors import Category, ErrorClass, Refused
from trigate.core.ports import Dialect, StreamReader, StreamWriter
from trigate.core.usage import Usage
from trigate.dialects.anthropic_messages import AnthropicMessages
from trigate.dialects.grammar.anthropic_messages import AnthropicMessagesGrammar
from trigate.dialects.grammar.openai_chat import OpenAIChatGrammar
from trigate.dialects.openai_chat import OpenAIChat
from trigate.dialects.parts import upstream_fault
from trigate.wire.sse import SseDecoder

ANTHROPIC: Dialect = AnthropicMessages()
OPENAI: Dialect = OpenAIChat()


def compact(body: Json) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()


def openai_body(**fields: object) -> bytes:
    return compact({"model": "m", "max_completion_tokens": 100, **fields})


def anthropic_body(**fields: object) -> bytes:
    return compact({"model": "m", "max_tokens": 100, **fields})


@pytest.mark.parametrize("name", SAME)
def test_openai_requests_reach_anthropic(name: str) -> None:
    openai, anthropic = SAME[name]
    chat = OPENAI.read_request(openai_body(**openai))
    assert json.loads(ANTHROPIC.write_request(chat)) == json.loads(anthropic_body(**anthropic))
    assert chat.lost == []


@pytest.mark.parametrize("name", SAME)
def test_anthropic_requests_reach_openai(name: str) -> None:
    openai, anthropic = SAME[name]
    chat = ANTHROPIC.read_request(anthropic_body(**anthropic))
    assert json.loads(OPENAI.write_request(chat)) == json.loads(openai_body(**openai))
    assert chat.lost == []


@pytest.mark.parametrize(
    ("fields", "lost"),
    [
        ({"temperature": 1.5}, ["temperature"]),
        ({"seed": 1, "presence_penalty": 1, "frequency_penalty": 1}, ["seed", "presence_penalty", "frequency_penalty"]),
        ({"service_tier": "flex"}, ["service_tier"]),
        ({"logit_bias": {"5": 1}}, ["logit_bias"]),
        ({"reasoning_effort": "minimal"}, ["reasoning_effort"]),
        ({"unheard_of": 1}, ["unheard_of"]),
        ({"n": 1}, []),
    ],
)
def test_what_anthropic_cannot_tune_is_named(fields: Json, lost: Sequence[str]) -> None:
    chat = OPENAI.read_request(openai_body(messages=HI, **fields))
    ANTHROPIC.write_request(chat)
    assert chat.lost == lost


@pytest.mark.parametrize(
    ("fields", "lost"),
    [
        ({"top_k": 5}, ["top_k"]),
        ({"inference_geo": "eu", "context_management": {"edits": [1]}}, ["inference_geo", "context_management"]),
        ({"thinking": {"type": "enabled", "budget_tokens": 2048}}, ["thinking.budget_tokens"]),
        ({"system": [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}]}, ["cache_control"]),
    ],
)
def test_what_openai_cannot_tune_is_named(fields: Json, lost: Sequence[str]) -> None:
    chat = ANTHROPIC.read_request(anthropic_body(messages=HI, **fields))
    OPENAI.write_request(chat)
    assert chat.lost == lost


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"n": 2}, "n > 1"),
        ({"response_format": {"type": "json_object"}}, "json_object"),
        ({"modalities": ["text", "audio"]}, "audio"),
    ],
)
def test_what_anthropic_cannot_do_is_refused(fields: Json, words: str) -> None:
    with pytest.raises(Refused) as caught:
        ANTHROPIC.write_request(OPENAI.read_request(openai_body(messages=HI, **fields)))
    assert caught.value.fault.category is Category.UNSUPPORTED
    assert words in caught.value.fault.message


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"tools": [{"type": "web_search_20260318", "name": "web_search"}]}, "web_search"),
        ({"messages": [{"role": "user", "content": [{"type": "document", "source": {}}]}]}, "document"),
        ({"container": "c"}, "container"),
    ],
)
def test_what_openai_cannot_do_is_refused(fields: Json, words: str) -> None:
    with pytest.raises(Refused) as caught:
        OPENAI.write_request(ANTHROPIC.read_request(anthropic_body(**{"messages": HI, **fields})))
    assert caught.value.fault.category is Category.UNSUPPORTED
    assert words in caught.value.fault.message


def test_pictures_in_a_tool_result_follow_the_results() -> None:
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}}
    result = {"type": "tool_result", "tool_use_id": "c1", "is_error": True, "content": [picture]}
    call = {"type": "tool_use", "id": "c1", "name": "shot", "input": {}}
    turns: list[Json] = [*HI, {"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]
    chat = ANTHROPIC.read_request(anthropic_body(messages=turns))
    messages = json.loads(OPENAI.write_request(chat))["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant", "tool", "user"]
    assert messages[3]["content"][-1]["image_url"]["url"].endswith(PIXEL)
    assert chat.lost == ["messages.content.is_error"]


# --- replies ----------------------------------------------------------------------------------------------------------

USAGES = st.builds(Usage, input=st.integers(0, 999), cache_read=st.integers(0, 999), output=st.integers(0, 999))
STOPS = st.sampled_from([StopReason.END, StopReason.LENGTH, StopReason.TOOL_CALLS])


@st.composite
def replies(draw: st.DrawFn) -> Reply:
    """What both dialects can say: thinking, then text, then calls."""
    content: list[Block] = []
    if draw(st.booleans()):
        content.append(Thinking(draw(WORDS)))
    if draw(st.booleans()):
        content.append(Text(draw(WORDS)))
    ids = draw(st.lists(IDS, max_size=3, unique=True))
    content += [ToolCall(ident, draw(IDS), draw(OBJECTS)) for ident in ids]
    stop = StopReason.TOOL_CALLS if ids else draw(st.sampled_from([StopReason.END, StopReason.LENGTH]))
    return Reply(id=draw(IDS), model=draw(IDS), choices=[Choice(content, stop)], usage=draw(USAGES))


def same(reply: Reply) -> Reply:
    """Without what is a matter of the moment, not of the content."""
    return Reply(id=reply.id, model=reply.model, choices=reply.choices, usage=reply.usage)


@given(replies())
def test_whole_replies_pass_both_dialects(reply: Reply) -> None:
    through_openai = OPENAI.read_reply(OPENAI.write_reply(reply))
    through_both = ANTHROPIC.read_reply(ANTHROPIC.write_reply(through_openai))
    assert same(through_openai) == same(through_both) == reply


def carry(writer: StreamWriter, reader: StreamReader, deltas: Sequence[Delta]) -> tuple[bytes, list[Delta]]:
    """A stream as its bytes, and as the deltas that the same dialect reads from them."""
    stream = b"".join(writer.write([delta]) for delta in deltas)
    found = [delta for event in SseDecoder().feed(stream) for delta in reader.read(event.event, event.data)]
    return stream, found


@given(st.data(), replies())
def test_streams_pass_both_dialects(data: st.DataObject, reply: Reply) -> None:
    envelope = Envelope(model="m", stream=True)
    said = data.draw(streams(reply, prose_alone=True))
    stream, heard = carry(OPENAI.stream_writer(envelope), OPENAI.stream_reader(), said)
    openai = OpenAIChatGrammar(wants_usage=True)
    openai.feed(stream)
    openai.finish()
    stream, heard_again = carry(ANTHROPIC.stream_writer(envelope), ANTHROPIC.stream_reader(), heard)
    anthropic = AnthropicMessagesGrammar()
    anthropic.feed(stream)
    anthropic.finish()
    assert same(gathered(heard)).choices == same(gathered(heard_again)).choices == reply.choices
    assert gathered(heard_again).usage == reply.usage


@given(st.data(), replies())
def test_anthropic_streams_reach_openai_clients(data: st.DataObject, reply: Reply) -> None:
    envelope = Envelope(model="m", stream=True)
    _, heard = carry(ANTHROPIC.stream_writer(envelope), ANTHROPIC.stream_reader(), data.draw(streams(reply)))
    stream, heard_again = carry(OPENAI.stream_writer(envelope), OPENAI.stream_reader(), heard)
    openai = OpenAIChatGrammar(wants_usage=True)
    openai.feed(stream)
    openai.finish()
    assert gathered(heard_again).choices == reply.choices


def chunk(*calls: Json, **fields: object) -> bytes:
    choice = {"index": 0, "delta": {"tool_calls": calls} if calls else {}, "finish_reason": None, **fields}
    return b"data: %s\n\n" % json.dumps({"id": "c1", "created": 1, "model": "g", "choices": [choice]}).encode()


def fragment(index: int, arguments: str) -> Json:
    return {"index": index, "function": {"arguments": arguments}}


INTERLEAVED = b"".join(
    [
        chunk(delta={"role": "assistant", "content": ""}),
        chunk({"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}),
        chunk({"index": 1, "id": "b", "type": "function", "function": {"name": "g", "arguments": '{"y"'}}),
        chunk(fragment(0, "{}")),
        chunk(fragment(1, ":2}")),
        chunk(finish_reason="tool_calls"),
        b'data: {"id":"c1","model":"g","choices":[],"usage":{"prompt_tokens":10,"completion_tokens":5,'
        b'"total_tokens":15,"prompt_tokens_details":{"cached_tokens":4}}}\n\n',
        b"data: [DONE]\n\n",
    ]
)


def test_interleaved_calls_of_openai_are_blocks_in_order() -> None:
    reader = OPENAI.stream_reader()
    deltas = [delta for event in SseDecoder().feed(INTERLEAVED) for delta in reader.read(event.event, event.data)]
    stream, heard = carry(ANTHROPIC.stream_writer(Envelope()), ANTHROPIC.stream_reader(), deltas)
    grammar = AnthropicMessagesGrammar()
    grammar.feed(stream)
    grammar.finish()
    reply = gathered(heard)
    assert reply.choices == [Choice([ToolCall("a", "f", "{}"), ToolCall("b", "g", '{"y":2}')], StopReason.TOOL_CALLS)]
    assert reply.usage == Usage(input=6, cache_read=4, output=5)


# --- errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "openai", "anthropic", "error_class"),
    [
        (429, "rate_limit_exceeded", "rate_limit_error", ErrorClass.RATE_LIMITED),
        (400, "context_length_exceeded", "invalid_request_error", ErrorClass.CONTEXT_TOO_LONG),
        (503, "server_error", "overloaded_error", ErrorClass.UNAVAILABLE),
        (404, "model_not_found", "not_found_error", ErrorClass.NOT_FOUND),
    ],
)
def test_openais_errors_are_anthropics_for_the_client(
    status: int, openai: str, anthropic: str, error_class: ErrorClass
) -> None:
    body = json.dumps({"error": {"message": "why", "type": "x", "param": None, "code": openai}}).encode()
    error = OPENAI.read_error(status, body)
    assert error.error_class is error_class
    assert json.loads(ANTHROPIC.write_error(upstream_fault(error), "req_1"))["error"]["type"] == anthropic


@pytest.mark.parametrize(
    ("status", "anthropic", "openai"),
    [
        (429, "rate_limit_error", "upstream_rate_limited"),
        (529, "overloaded_error", "upstream_unavailable"),
        (400, "invalid_request_error", "upstream_rejected"),
    ],
)
def test_anthropics_errors_are_openais_for_the_client(status: int, anthropic: str, openai: str) -> None:
    body = json.dumps({"type": "error", "error": {"type": anthropic, "message": "why"}}).encode()
    fault = upstream_fault(ANTHROPIC.read_error(status, body))
    error = json.loads(OPENAI.write_error(fault, "req_1"))["error"]
    assert (error["code"], error["message"]) == (openai, "why")
