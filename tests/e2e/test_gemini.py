"""Gemini's clients, as `google-genai` sends its requests, before the real gateway with vendors of other dialects."""

import json
from typing import Final

import pytest

from tests.e2e.world import UPSTREAMS
from tests.support.caller import Caller
from trigate.dialects.grammar.gemini import GeminiGrammar

pytestmark = pytest.mark.e2e

Json = dict[str, object]

ANSWER: Final = 'This is a simulated answer to: "Hello, wörld"'
HELLO: Final[Json] = {
    "contents": [{"role": "user", "parts": [{"text": "Hello, wörld"}]}],
    "systemInstruction": {"parts": [{"text": "Be brief."}], "role": "user"},
    "generationConfig": {"maxOutputTokens": 100},
}
TOOLS: Final[Json] = {
    "tools": [
        {
            "functionDeclarations": [
                {"name": "weather", "parameters": {"type": "OBJECT", "properties": {"city": {"type": "STRING"}}}}
            ]
        }
    ],
    "toolConfig": {"functionCallingConfig": {"mode": "ANY"}},
}

upstreams = pytest.mark.parametrize("model", UPSTREAMS)
bases = pytest.mark.parametrize("base", ["/v1beta", "/gemini/v1beta"])


def text_of(chunks: list[Json]) -> str:
    parts = [part for chunk in chunks for part in _parts(chunk)]
    return "".join(str(part.get("text", "")) for part in parts if not part.get("thought"))


def _parts(chunk: Json) -> list[Json]:
    candidates = chunk["candidates"]
    assert isinstance(candidates, list)
    found: list[Json] = candidates[0]["content"]["parts"]
    return found


@bases
@upstreams
def test_a_whole_reply(client: Caller, model: str, base: str) -> None:
    reply = client.post(f"{base}/models/{model}:generateContent", HELLO)
    body: Json = json.loads(reply.body)
    usage = body["usageMetadata"]
    assert (reply.status, text_of([body])) == (200, ANSWER)
    assert (
        isinstance(usage, dict)
        and usage["promptTokenCount"] + usage["candidatesTokenCount"] == (usage["totalTokenCount"])
    )


@upstreams
def test_a_stream_of_events_passes_the_grammar(client: Caller, model: str) -> None:
    reply = client.post(f"/v1beta/models/{model}:streamGenerateContent?alt=sse", HELLO)
    grammar = GeminiGrammar()
    grammar.feed(reply.body)
    grammar.finish()
    chunks = [json.loads(line[6:]) for line in reply.body.decode().split("\n\n") if line]
    assert text_of(chunks) == ANSWER


@upstreams
def test_a_stream_as_an_array(client: Caller, model: str) -> None:
    reply = client.post(f"/gemini/v1beta/models/{model}:streamGenerateContent", HELLO)
    chunks = json.loads(reply.body)
    assert len(chunks) > 1 and text_of(chunks) == ANSWER


@upstreams
def test_a_round_of_tools(client: Caller, model: str) -> None:
    path = f"/v1beta/models/{model}:generateContent"
    first = json.loads(client.post(path, HELLO | TOOLS).body)
    content = first["candidates"][0]["content"]
    call = next(part["functionCall"] for part in content["parts"] if "functionCall" in part)
    assert (call["name"], type(call["args"])) == ("weather", dict)
    answer = {"functionResponse": {"id": call["id"], "name": "weather", "response": {"output": "wet"}}}
    contents = [{"role": "user", "parts": [{"text": "Hi"}]}, content, {"role": "user", "parts": [answer]}]
    second = json.loads(client.post(path, HELLO | {"contents": contents, "tools": TOOLS["tools"]}).body)
    assert text_of([second]) == 'The tool says: "wet"'


@upstreams
def test_counting(client: Caller, model: str) -> None:
    reply = client.post(f"/v1beta/models/{model}:countTokens", {"contents": HELLO["contents"]})
    assert json.loads(reply.body)["totalTokens"] > 0


def test_a_key_in_the_url_is_refused(client: Caller) -> None:
    reply = client.post("/v1beta/models/any:generateContent?key=x", HELLO)
    assert reply.status == 401
    assert json.loads(reply.body)["error"]["details"][0]["reason"] == "key_in_url"
