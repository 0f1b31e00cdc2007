"""Between Gemini and the other dialects: what is said in one is said in the other, or is named as lost."""

import json
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conformance.same_requests import HI, SAME, Json
from tests.conformance.test_translation import anthropic_body, carry, openai_body, replies, same
from tests.dialects.anthropic_messages.material import gathered, streams
from tests.dialects.gemini.samples import CHUNKS, WHOLE, deltas, encoded, stream
from trigate.core.chat import Chat, Ended, Reply, Thinking, ToolCall
from trigate.core.envelope import Envelope
from trigate.core.errors import ErrorClass
from trigate.core.ports import Dialect
from trigate.dialects.anthropic_messages import AnthropicMessages
from trigate.dialects.gemini import Gemini
from trigate.dialects.grammar.anthropic_messages import AnthropicMessagesGrammar
from trigate.dialects.grammar.gemini import GeminiGrammar
from trigate.dialects.grammar.openai_chat import OpenAIChatGrammar
from trigate.dialects.openai_chat import OpenAIChat
from trigate.dialects.parts import upstream_fault

ANTHROPIC: Final[Dialect] = AnthropicMessages()
OPENAI: Final[Dialect] = OpenAIChat()
GEMINI: Final[Dialect] = Gemini()
OTHERS: Final = pytest.mark.parametrize("other", [OPENAI, ANTHROPIC], ids=["openai", "anthropic"])

# What Gemini cannot be told of these requests.
LOST: Final = {
    "a strict tool": ["tools.strict"],
    "this tool, one call": ["parallel_tool_calls"],
    "sampling": ["user"],
}


@pytest.mark.parametrize("name", SAME)
def test_requests_that_say_the_same_say_it_to_gemini(name: str) -> None:
    openai, anthropic = SAME[name]
    asked = [OPENAI.read_request(openai_body(**openai)), ANTHROPIC.read_request(anthropic_body(**anthropic))]
    written = [json.loads(GEMINI.write_request(chat)) for chat in asked]
    assert written[0] == written[1]
    for chat in asked:
        assert chat.lost == LOST.get(name, [])


@pytest.mark.parametrize("name", [name for name in SAME if name not in LOST and name != "stream"])
def test_requests_come_back_from_gemini(name: str) -> None:
    chat = OPENAI.read_request(openai_body(**SAME[name][0]))
    again = GEMINI.read_request(GEMINI.write_request(chat))
    again.model = chat.model
    assert again.lost == []
    assert (again.messages, again.system, again.tools, again.tool_choice) == (
        chat.messages,
        chat.system,
        chat.tools,
        chat.tool_choice,
    )
    assert (again.max_tokens, again.temperature, again.stop) == (chat.max_tokens, chat.temperature, chat.stop)


@given(replies())
def test_whole_replies_pass_all_dialects(reply: Reply) -> None:
    through = GEMINI.read_reply(GEMINI.write_reply(ANTHROPIC.read_reply(ANTHROPIC.write_reply(reply))))
    again = OPENAI.read_reply(OPENAI.write_reply(through))
    assert json.loads(GEMINI.write_reply(again)) == json.loads(GEMINI.write_reply(reply))


@given(st.data(), replies())
def test_streams_of_the_others_reach_gemini_clients(data: st.DataObject, reply: Reply) -> None:
    envelope = Envelope(model="m", stream=True)
    for other in (OPENAI, ANTHROPIC):
        said = data.draw(streams(reply, prose_alone=True))
        _, heard = carry(other.stream_writer(envelope), other.stream_reader(), said)
        written, again = carry(GEMINI.stream_writer(envelope), GEMINI.stream_reader(), heard)
        grammar = GeminiGrammar()
        grammar.feed(written)
        grammar.finish()
        whole = GEMINI.read_reply(GEMINI.write_reply(reply))
        assert same(gathered([*again, Ended()])).choices == whole.choices


def test_geminis_streams_reach_the_others() -> None:
    said = [*deltas(GEMINI.stream_reader(), stream(CHUNKS)), Ended()]
    envelope = Envelope(model="m", stream=True)
    written, _ = carry(OPENAI.stream_writer(envelope), OPENAI.stream_reader(), said)
    openai = OpenAIChatGrammar(wants_usage=True)
    openai.feed(written)
    openai.finish()
    written, heard = carry(ANTHROPIC.stream_writer(envelope), ANTHROPIC.stream_reader(), said)
    anthropic = AnthropicMessagesGrammar()
    anthropic.feed(written)
    anthropic.finish()
    whole = ANTHROPIC.read_reply(ANTHROPIC.write_reply(GEMINI.read_reply(encoded(WHOLE))))
    assert same(gathered(heard)).choices == whole.choices


@OTHERS
def test_a_signature_comes_back_to_gemini_whole_and_streamed(other: Dialect) -> None:
    whole = other.read_reply(other.write_reply(GEMINI.read_reply(encoded(WHOLE))))
    said = [*deltas(GEMINI.stream_reader(), stream(CHUNKS)), Ended()]
    _, heard = carry(other.stream_writer(Envelope()), other.stream_reader(), said)
    for reply in (whole, gathered(heard)):
        turn = other.write_reply(reply)
        history = _history(other, turn)
        sent = json.loads(GEMINI.write_request(history))["contents"][1]["parts"]
        signed = {part["functionCall"]["name"]: part.get("thoughtSignature") for part in sent if "functionCall" in part}
        assert signed == {"weather": "c2ln", "time": None}


def _history(other: Dialect, turn: bytes) -> Chat:
    """What a client of that dialect sends next: its history, with the reply as it got it."""
    body = json.loads(turn)
    if other is OPENAI:
        message = {key: value for key, value in body["choices"][0]["message"].items() if value is not None}
        return OPENAI.read_request(openai_body(messages=[*HI, message]))
    return ANTHROPIC.read_request(anthropic_body(messages=[*HI, {"role": "assistant", "content": body["content"]}]))


@OTHERS
def test_a_signature_is_nothing_to_the_others(other: Dialect) -> None:
    body: Json = {
        "contents": [
            {"role": "user", "parts": [{"text": "Hi"}]},
            {"role": "model", "parts": [{"functionCall": {"name": "f"}, "thoughtSignature": "c2ln"}]},
        ]
    }
    chat = GEMINI.read_request(encoded(body))
    assert b"c2ln" not in other.write_request(chat)
    assert "thought_signature" in chat.lost


def test_thinking_that_anthropic_signed_comes_back_through_geminis_clients() -> None:
    reply = GEMINI.read_reply(encoded(WHOLE))
    reply.choices[0].content[:1] = [Thinking("why", "a+/b")]
    content = json.loads(GEMINI.write_reply(reply))["candidates"][0]["content"]
    content["parts"][0]["thoughtSignature"] = (
        content["parts"][0]["thoughtSignature"].replace("+", "-").replace("/", "_")
    )
    chat = GEMINI.read_request(encoded({"contents": [{"parts": [{"text": "Hi"}]}, content]}))
    assert chat.messages[1].content[0] == Thinking("why", "a+/b")
    assert isinstance(chat.messages[1].content[-1], ToolCall)


@OTHERS
@pytest.mark.parametrize(
    ("status", "word", "found"),
    [
        (429, "RESOURCE_EXHAUSTED", ErrorClass.RATE_LIMITED),
        (503, "UNAVAILABLE", ErrorClass.UNAVAILABLE),
        (400, "INVALID_ARGUMENT", ErrorClass.REJECTED),
    ],
)
def test_geminis_errors_are_the_clients_own(other: Dialect, status: int, word: str, found: ErrorClass) -> None:
    error = GEMINI.read_error(status, encoded({"error": {"code": status, "message": "why", "status": word}}))
    assert error.error_class is found
    assert other.read_error(status, other.write_error(upstream_fault(error), "req_1")).error_class is found
