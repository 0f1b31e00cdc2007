"""Gemini's clients at the front door: model and streaming from the path, before vendors of every dialect."""

import json

import msgspec
import pytest

from tests.dialects.gemini.samples import BLOCKED, CHUNKS, WHOLE, Json, encoded, stream
from tests.support.plant import ACCOUNTS, KEY, Bench, account, model, target
from tests.support.vendors import OPENAI_STREAM, openai_reply, refuses, says, streams
from tests.support.virtual_time import run
from trigate.config.published import PublishedGuardrail
from trigate.dialects.grammar.gemini import GeminiGrammar
from trigate.upstream.memory import Vendor

HI: Json = {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}], "generationConfig": {"maxOutputTokens": 9}}
PATH = "/v1beta/models/gem:"


def bench(vendor: Vendor, *guardrails: PublishedGuardrail) -> Bench:
    """A model `gem` at a Gemini account, and `chat` at an OpenAI account."""
    models = [model("gem", target("g1", model="gemini-2.5-pro")), model("chat", "o1")]
    google = account("g1", "gemini", base_url="https://g1.test/v1beta")
    return Bench(
        {"g1": vendor, "o1": says(openai_reply())}, models, providers=(*ACCOUNTS, google), guardrails=guardrails
    )


def test_a_whole_reply_is_forwarded_byte_by_byte() -> None:
    place = bench(says(encoded(WHOLE)))
    body = b'{"model":"models/other", "contents":[{"parts":[{"text":"Hi"}]}] ,"unknown":1}'
    view = place.ask(PATH + "generateContent", body, {"x-goog-api-key": KEY}, key=None)
    assert (view.status, view.body) == (200, encoded(WHOLE))
    call = place.calls[0]
    assert call.url == "https://g1.test/v1beta/models/gemini-2.5-pro:generateContent"
    assert json.loads(call.body) == {"contents": [{"parts": [{"text": "Hi"}]}], "unknown": 1}
    usage = place.settle.usage
    assert usage is not None and (usage.input, usage.output, usage.reasoning) == (9, 3, 11)
    assert (place.settle.surface, place.settle.stop) == ("gemini", "tool_calls")


def ask_stream(place: Bench, name: str, query: str) -> bytes:
    async def asked() -> bytes:
        request, view = place.request(f"/gemini/v1beta/models/{name}:streamGenerateContent", HI)
        request.query = query
        await place.gateway(request, view)
        assert view.status == 200 and view.ended
        kind = "text/event-stream" if query else "application/json"
        assert (view.header("content-type") or "").startswith(kind)
        return view.body

    return run(asked())


def test_a_stream_is_forwarded_or_made_an_array() -> None:
    vendor = streams([stream([chunk]) for chunk in CHUNKS])
    place = bench(vendor)
    assert ask_stream(place, "gem", "alt=sse") == stream(CHUNKS)
    assert place.calls[0].url.endswith("/models/gemini-2.5-pro:streamGenerateContent?alt=sse")
    assert json.loads(ask_stream(bench(vendor), "gem", "")) == list(CHUNKS)


def test_a_stream_of_another_vendor() -> None:
    place = bench(refuses(503))
    place.vendors["o1"] = streams(OPENAI_STREAM)
    grammar = GeminiGrammar()
    grammar.feed(ask_stream(place, "chat", "alt=sse"))
    grammar.finish()
    assert place.sent["stream"] is True and place.sent["max_completion_tokens"] == 9


def test_a_stream_that_was_cut_is_told_in_band() -> None:
    place = bench(streams([stream([chunk]) for chunk in CHUNKS[:3]]))
    elements = json.loads(ask_stream(place, "gem", ""))
    assert elements[-1]["error"]["details"][0]["reason"] == "upstream_truncated"
    assert place.settle.outcome == "cut"


def test_a_blocked_prompt_is_a_complete_reply() -> None:
    place = bench(streams([stream([BLOCKED])]))
    assert json.loads(ask_stream(place, "gem", "")) == [BLOCKED]
    assert (place.settle.outcome, place.settle.stop) == ("ok", "content_filter")


def test_counting_where_the_vendor_counts_and_where_nobody_does() -> None:
    place = bench(says(b'{"totalTokens":42}'))
    assert place.ask(PATH + "countTokens", HI).json == {"totalTokens": 42}
    assert place.calls[0].url.endswith(":countTokens")
    view = bench(refuses(503)).ask("/v1beta/models/chat:countTokens", HI)
    assert isinstance(view.json["totalTokens"], int)
    assert view.header("x-trigate-lost") == "exact_count"


def test_a_count_in_another_dialect_is_an_estimate() -> None:
    body = {"model": "gem", "messages": [{"role": "user", "content": "Hi"}]}
    view = bench(refuses(503)).ask("/v1/messages/count_tokens", body)
    assert list(view.json) == ["input_tokens"]


def test_the_models_list() -> None:
    place = bench(refuses(503))
    listed = place.ask("/v1beta/models", method="GET").json["models"]
    assert isinstance(listed, list) and [each["name"] for each in listed] == ["models/gem", "models/chat"]
    assert place.ask("/v1beta/models/gem", method="GET").json["name"] == "models/gem"
    assert place.ask("/v1beta/models/nobody", method="GET").error["status"] == "NOT_FOUND"


def test_a_key_in_the_url_is_not_taken() -> None:
    async def asked() -> Json:
        place = bench(says(encoded(WHOLE)))
        request, view = place.request(PATH + "generateContent", HI)
        request.query = f"key={KEY}"
        await place.gateway(request, view)
        assert view.status == 401 and not place.calls and KEY not in view.body.decode()
        return view.error

    error = run(asked())
    assert error["status"] == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        (PATH + "generateContent", "GET", 405),
        ("/v1beta/models/nobody:generateContent", "POST", 404),
        ("/v1beta/nothing", "GET", 404),
        (PATH + "embedContent", "POST", 405),
    ],
)
def test_refusals_have_geminis_shape(path: str, method: str, status: int) -> None:
    view = bench(says(encoded(WHOLE))).ask(path, HI, method=method)
    assert (view.status, view.error["code"]) == (status, status)


def test_the_vendors_wish_to_wait_is_passed_on() -> None:
    detail = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7s"}
    body = encoded({"error": {"code": 429, "message": "m", "status": "RESOURCE_EXHAUSTED", "details": [detail]}})
    view = bench(says(body, status=429)).ask(PATH + "generateContent", HI)
    assert (view.status, view.header("retry-after")) == (429, "7")


def guarded(word: str) -> tuple[Bench, list[Json]]:
    """The elements of a stream behind a guardrail on replies."""
    settings = msgspec.Raw(json.dumps({"on": ["reply"], "deny": [word]}).encode())
    place = bench(streams([stream([chunk]) for chunk in CHUNKS]), PublishedGuardrail("g", "words", settings))
    elements: list[Json] = json.loads(place.ask(PATH + "streamGenerateContent", HI).body)
    return place, elements


def test_guardrails_read_geminis_streams() -> None:
    place, elements = guarded("absent")
    assert (place.settle.outcome, elements) == ("ok", list(CHUNKS))
    place, elements = guarded("grüße")
    assert (place.settle.outcome, place.settle.code) == ("cut", "guardrail_denied")
    assert elements == [*CHUNKS[:2], elements[-1]] and "error" in elements[-1]
