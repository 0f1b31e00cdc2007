"""The checker passes what Gemini sends and names what is wrong with the rest."""

import pytest

from tests.dialects.gemini.samples import Json, encoded, response
from trigate.dialects.grammar.gemini import GeminiGrammar

USAGE: Json = {"promptTokenCount": 9, "candidatesTokenCount": 3, "thoughtsTokenCount": 11, "totalTokenCount": 23}
TEXT = response({"text": "a"})
CALL = response({"functionCall": {"name": "f", "args": {}}, "thoughtSignature": "MQ=="})
END = response({"text": ""}, finish="STOP", usage=USAGE)
ERROR: Json = {"error": {"code": 503, "message": "m", "status": "UNAVAILABLE"}}


def check(*chunks: Json, step: int = 7) -> GeminiGrammar:
    stream = b"".join(b"data: %b\n\n" % encoded(chunk) for chunk in chunks)
    grammar = GeminiGrammar()
    for start in range(0, len(stream), step):
        grammar.feed(stream[start : start + step])
    grammar.finish()
    return grammar


@pytest.mark.parametrize("chunks", [[END], [TEXT, CALL, END], [TEXT, ERROR], [ERROR]])
def test_sound_streams_pass(chunks: list[Json]) -> None:
    assert check(*chunks).failed == (ERROR in chunks)


@pytest.mark.parametrize(
    ("chunks", "reason"),
    [
        ([TEXT], "finished"),
        ([], "without a candidate"),
        ([END, TEXT], "goes on"),
        ([response(finish="STOP")], "no usage"),
        ([response(finish="END_TURN", usage=USAGE)], "finishReason"),
        ([response(finish="STOP", usage=USAGE | {"totalTokenCount": 1})], "sum up"),
        ([ERROR, ERROR], "after an error"),
        ([{"error": {"code": "503"}}], "code"),
        ([TEXT, response(finish="STOP", usage=USAGE, responseId="r2")], "after"),
        ([response({"text": "a", "functionCall": {}})], "two things"),
        ([response({})], "a part with"),
        ([response({"functionCall": {"args": {}}})], "without a name"),
        ([TEXT | {"candidates": []}], "without candidates"),
    ],
)
def test_what_is_wrong_is_named(chunks: list[Json], reason: str) -> None:
    with pytest.raises(AssertionError, match=reason):
        check(*chunks)


def test_the_form_of_an_event() -> None:
    with pytest.raises(AssertionError, match="plain data line"):
        GeminiGrammar().feed(b"event: x\ndata: {}\n\n")
