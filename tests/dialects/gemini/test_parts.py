"""The texts of a request, for guardrails."""

from tests.dialects.gemini.samples import encoded
from trigate.core.part import Part, PartKind
from trigate.dialects.gemini.parts import parts


def test_every_text_is_found_in_order() -> None:
    body = {
        "contents": [
            {"role": "user", "parts": [{"text": "a"}, {"inline_data": {"mimeType": "image/png", "data": "QUJD"}}]},
            {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {"q": "b"}}, "thoughtSignature": "s"}]},
            {"parts": [{"function_response": {"name": "f", "response": {"output": "c"}}}]},
        ],
        "system_instruction": {"parts": [{"text": "be brief"}]},
    }
    found = parts(encoded(body))
    assert found[0] == Part(PartKind.SYSTEM, "be brief", ("system_instruction", "parts", 0, "text"))
    assert found[1] == Part(PartKind.USER, "a", ("contents", 0, "parts", 0, "text"))
    kinds = [(part.kind, part.text) for part in found[2:]]
    assert (PartKind.TOOL_ARGUMENTS, "b") in kinds
    assert kinds[-1] == (PartKind.TOOL_RESULT, "c")
    assert not {"QUJD", "s", "image/png"} & {text for _, text in kinds}


def test_unusual_shapes_hide_nothing() -> None:
    assert [part.text for part in parts(b'{"contents":{"parts":"x"}}')] == ["x"]
    assert [part.text for part in parts(b'{"contents":[{"parts":[{"newKind":{"deep":["y"]}}]}]}')] == ["y"]
    assert parts(b"{}") == []
