"""The texts of a `generateContent` request, for guardrails."""

from collections.abc import Iterator

from trigate.core.part import Part, PartKind
from trigate.dialects.gemini.proto import camel
from trigate.dialects.texts import Path, decode, texts


def parts(body: bytes) -> list[Part]:
    """The system instruction, then contents in order; function calls and responses apart. Raises `Refused`."""
    request = decode(body)
    found: list[Part] = []
    for key, value in request.items():
        if camel(key) == "systemInstruction":
            found += texts(value, PartKind.SYSTEM, (key,))
    contents = request.get("contents")
    for index, content in enumerate(contents if isinstance(contents, list) else [contents]):
        path: Path = ("contents", index) if isinstance(contents, list) else ("contents",)
        if isinstance(content, dict):
            found += _content(content, path)
    return found


def _content(content: dict[str, object], path: Path) -> Iterator[Part]:
    kind = PartKind.ASSISTANT if content.get("role") == "model" else PartKind.USER
    said = content.get("parts")
    if not isinstance(said, list):
        yield from texts(said, kind, (*path, "parts"))
        return
    for index, part in enumerate(said):
        for key, value in part.items() if isinstance(part, dict) else ():
            yield from _field(camel(key), value, kind, (*path, "parts", index, key))


def _field(name: str, value: object, kind: PartKind, path: Path) -> Iterator[Part]:
    match name:
        case "functionCall" | "executableCode":
            yield from texts(value, PartKind.TOOL_ARGUMENTS, path)
        case "functionResponse" | "codeExecutionResult":
            yield from texts(value, PartKind.TOOL_RESULT, path)
        case "thoughtSignature":
            return
        case _:
            yield from texts(value, kind, path)
