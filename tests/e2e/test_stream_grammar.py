"""Whatever an upstream sends, in whatever framing, what leaves is a stream that every client can read."""

import re
from typing import Final

import pytest

from tests.e2e.world import ANT, OAI, UPSTREAMS
from tests.support.caller import Caller, chat, message
from trigate.dialects.grammar.anthropic_messages import AnthropicMessagesGrammar
from trigate.dialects.grammar.openai_chat import OpenAIChatGrammar

pytestmark = pytest.mark.e2e

PARAMETERS: Final = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
OPENAI_TOOLS: Final = [{"type": "function", "function": {"name": f"f{n}", "parameters": PARAMETERS}} for n in range(3)]
ANTHROPIC_TOOLS: Final = [{"name": f"f{n}", "input_schema": PARAMETERS} for n in range(3)]

SAID: Final = (
    "tokens=7",
    "tools=1",
    "tools=3",
    "thinking=9",
    "thinking=9;tools=2",
    "redacted_thinking;thinking=9;tools=1",
    "refusal",
    "content_filter",
    "text=%0A%3B%22%5C%C3%A9%F0%9F%98%80",
    "usage=missing;tokens=7",
    "cached=5;tokens=7",
    "quirk=empty_content,empty_tool_calls;tools=2",
    "quirk=no_index;tools=2",
    "quirk=repeat_id;tools=2",
    "quirk=interleave;tools=3",
    "quirk=reasoning_content;thinking=9;tokens=7",
    "quirk=pings;tokens=7",
    "quirk=no_input_usage;tokens=7",
)
FRAMED: Final = ("crlf", "cr", "nospace", "comments", "unknown_events", "bytes", "split", "crlf,bytes")
BROKEN: Final = ("error_event=9", "close=9", "reset=9", "eof=9")
DIALECTS: Final = ("openai", "anthropic")

upstreams = pytest.mark.parametrize("model", UPSTREAMS)
dialects = pytest.mark.parametrize("dialect", DIALECTS)


def stream_of(client: Caller, dialect: str, model: str) -> bytes:
    """The whole stream, its grammar checked; asserts that there is one."""
    if dialect == "openai":
        body = chat(model, stream=True, tools=OPENAI_TOOLS, stream_options={"include_usage": True})
        reply = client.post("/v1/chat/completions", body)
    else:
        thinking = {"type": "enabled", "budget_tokens": 1024}
        reply = client.post(
            "/v1/messages", message(model, stream=True, tools=ANTHROPIC_TOOLS, max_tokens=4000, thinking=thinking)
        )
    assert reply.status == 200, reply.body
    assert reply.headers["content-type"].startswith("text/event-stream")
    return reply.body


def failed(dialect: str, raw: bytes) -> bool:
    """Whether a grammatical stream ends in an error event."""
    grammar = OpenAIChatGrammar(wants_usage=True) if dialect == "openai" else AnthropicMessagesGrammar()
    grammar.feed(raw)
    grammar.finish()
    return grammar.failed


@dialects
@upstreams
@pytest.mark.parametrize("script", SAID)
def test_all_that_can_be_said(client: Caller, dialect: str, model: str, script: str) -> None:
    native = ("oai" in model) == (dialect == "openai")
    if native and ("quirk=" in script or "usage=" in script):
        pytest.skip("the same dialect is relayed as it is, oddities included")
    assert not failed(dialect, stream_of(client, dialect, f"{model}+{script}"))


@dialects
@upstreams
@pytest.mark.parametrize("wire", FRAMED)
def test_every_legal_framing(client: Caller, dialect: str, model: str, wire: str) -> None:
    """The content is the same however it is framed; tool calls stay whole."""
    plain = stream_of(client, dialect, f"{model}+tools=2")
    framed = stream_of(client, dialect, f"{model}+tools=2;wire={wire}")
    names = re.compile(rb'"(?:name|arguments|partial_json)" ?: ?"((?:[^"\\]|\\.)*)"')
    assert names.findall(framed) == names.findall(plain) != []
    native = ("oai" in model) == (dialect == "openai")
    if not native:
        assert not failed(dialect, framed)


@dialects
@upstreams
@pytest.mark.parametrize("fault", BROKEN)
def test_a_stream_that_breaks_ends_in_an_error_event(client: Caller, dialect: str, model: str, fault: str) -> None:
    raw = stream_of(client, dialect, f"{model}+{fault};tokens=20;rate=200/s")
    assert failed(dialect, raw), raw
    assert b"[DONE]" not in raw and b"message_stop" not in raw
    assert b"upstream_" in raw


@dialects
@upstreams
def test_nothing_is_begun_on_rubbish(client: Caller, dialect: str, model: str) -> None:
    """The second event is broken JSON: nothing was said yet, so the failure is a status."""
    asked = f"{model}+malformed=json;tokens=20"
    if dialect == "openai":
        reply = client.post("/v1/chat/completions", chat(asked, stream=True))
    else:
        reply = client.post("/v1/messages", message(asked, stream=True))
    assert (reply.status, "upstream_malformed" in reply.body.decode()) == (502, True)


@dialects
@pytest.mark.parametrize(("model", "complete"), [(OAI, True), (ANT, False)])
def test_a_missing_terminal_event(client: Caller, dialect: str, model: str, complete: bool) -> None:
    """OpenAI's last chunk has said how it ends, so an end can be added; Anthropic's `message_stop` cannot be forged,
    whatever the client speaks."""
    raw = stream_of(client, dialect, f"{model}+quirk=no_done;tokens=8")
    assert failed(dialect, raw) is not complete
