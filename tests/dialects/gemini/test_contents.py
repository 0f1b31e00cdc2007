"""A client's contents as neutral blocks."""

import pytest

from tests.dialects.gemini.samples import Json, encoded
from trigate.core.chat import Block, Image, Message, RedactedThinking, Text, Thinking, ToolCall, ToolResult
from trigate.dialects.fields import Misfit, Unsaid
from trigate.dialects.gemini.contents import History, read_texts
from trigate.dialects.gemini.proto import ProtoFields

CALL: Json = {"functionCall": {"name": "f", "args": {"a": 1}}}
ANSWER: Json = {"functionResponse": {"name": "f", "response": {"output": "x"}}}


def read(*contents: Json) -> tuple[list[Message], list[str]]:
    lost: list[str] = []
    history = History(lost)
    for content in contents:
        history.add(ProtoFields(encoded(content)))
    return history.messages, lost


def blocks(*parts: Json, role: str = "user") -> list[Block]:
    return read({"role": role, "parts": list(parts)})[0][0].content


def test_parts_become_blocks() -> None:
    assert blocks(
        {"text": "a"},
        {"inline_data": {"mime_type": "image/PNG", "data": "a-_b"}},
        {"fileData": {"fileUri": "https://x.example/a.jpg"}},
    ) == [Text("a"), Image(media_type="image/png", data="a+/b"), Image(url="https://x.example/a.jpg")]


def test_thoughts_and_their_signatures() -> None:
    assert blocks(
        {"text": "why", "thought": True, "thoughtSignature": "a-_b"},
        {"thought": True, "thoughtSignature": "Mw=="},
        {"text": "b", "thoughtSignature": "NA=="},
        CALL | {"thought_signature": "NQ=="},
        role="model",
    ) == [
        Thinking("why", "a+/b"),
        RedactedThinking("Mw=="),
        Text("b"),
        Thinking("", "NA=="),
        ToolCall("call_0", "f", '{"a":1}', signature="NQ=="),
    ]


def test_responses_answer_by_id_or_else_by_name_and_order() -> None:
    named: Json = {"functionCall": {"name": "g", "id": "own"}}
    messages, _ = read(
        {"role": "model", "parts": [CALL, named, CALL]},
        {
            "parts": [
                {"functionResponse": {"id": "own", "name": "g", "response": {"error": "no"}}},
                ANSWER,
                {"functionResponse": {"name": "f", "response": {"t": 1}}},
            ]
        },
    )
    assert messages[1].content == [
        ToolResult("own", [Text("no")], is_error=True),
        ToolResult("call_0", [Text("x")]),
        ToolResult("call_2", [Text('{"t": 1}')]),
    ]


def test_a_response_with_pictures() -> None:
    picture: Json = {"inlineData": {"mimeType": "image/png", "data": "QUJD"}}
    messages, _ = read(
        {"role": "model", "parts": [CALL]},
        {"role": "function", "parts": [{"functionResponse": {"name": "f", "response": {}, "parts": [picture]}}]},
    )
    assert messages[1].content == [ToolResult("call_0", [Image(media_type="image/png", data="QUJD")])]


def test_what_says_nothing_is_no_turn() -> None:
    assert read({"role": "user", "parts": [{"text": ""}]}, {"parts": []}) == ([], [])


@pytest.mark.parametrize(
    "part",
    [
        {"inlineData": {"mimeType": "audio/wav", "data": "QUJD"}},
        {"fileData": {"mimeType": "image/png", "fileUri": "gs://bucket/a.png"}},
        {"fileData": {"mimeType": "image/png", "fileUri": "https://generativelanguage.googleapis.com/v1beta/files/a"}},
        {"fileData": {"fileUri": "https://x.example/a.pdf"}},
        {"executableCode": {"code": "1"}},
        {"videoMetadata": {"fps": 1}, "text": "a"},
    ],
)
def test_what_no_other_dialect_can_be_told(part: Json) -> None:
    with pytest.raises(Unsaid):
        blocks(part)


@pytest.mark.parametrize(
    "content",
    [
        {"role": "system", "parts": [{"text": "a"}]},
        {"parts": [ANSWER]},
        {"parts": [{"functionCall": {"args": {}}}]},
        {"parts": [{"functionCall": {"name": "f", "args": []}}]},
        {"parts": "a"},
    ],
)
def test_what_does_not_fit(content: Json) -> None:
    with pytest.raises(Misfit):
        read(content)


def test_a_system_instruction_is_text() -> None:
    assert read_texts(None, []) == []
    assert read_texts(ProtoFields(b'{"parts":[{"text":"a"}]}'), []) == [Text("a")]
    with pytest.raises(Unsaid):
        read_texts(ProtoFields(b'{"parts":[{"inlineData":{}}]}'), [])
