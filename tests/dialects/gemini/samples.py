"""What Gemini sends, as its documentation shows it."""

import json
from collections.abc import Iterable
from typing import Final

from trigate.core.chat import Delta
from trigate.core.ports import StreamReader
from trigate.wire.sse import SseDecoder

Json = dict[str, object]

USAGE: Final[Json] = {
    "promptTokenCount": 9,
    "candidatesTokenCount": 3,
    "thoughtsTokenCount": 11,
    "totalTokenCount": 23,
}
CALL: Final[Json] = {"functionCall": {"name": "weather", "args": {"city": "Oslo"}}, "thoughtSignature": "c2ln"}


def response(*parts: Json, finish: str | None = None, usage: Json | None = None, **fields: object) -> Json:
    candidate: Json = {"content": {"parts": list(parts), "role": "model"}, "index": 0}
    if finish is not None:
        candidate["finishReason"] = finish
    more = {} if usage is None else {"usageMetadata": usage}
    return {"candidates": [candidate], "modelVersion": "gemini-3-pro", "responseId": "r1", **more, **fields}


CHUNKS: Final = (
    response({"text": "Hm", "thought": True}, usage={"promptTokenCount": 9, "totalTokenCount": 9}),
    response({"text": "m.", "thought": True}),
    response({"text": "Grüße"}),
    response({"text": " dir"}),
    response(CALL),
    response({"functionCall": {"id": "v2", "name": "time"}}),
    response({"text": ""}, finish="STOP", usage=USAGE),
)
WHOLE: Final = response(
    {"text": "Hmm.", "thought": True},
    {"text": "Grüße dir"},
    CALL,
    {"functionCall": {"id": "v2", "name": "time"}},
    finish="STOP",
    usage=USAGE,
)
BLOCKED: Final[Json] = {
    "promptFeedback": {"blockReason": "SAFETY"},
    "usageMetadata": {"promptTokenCount": 9, "totalTokenCount": 9},
    "modelVersion": "gemini-3-pro",
    "responseId": "r1",
}


def stream(chunks: Iterable[Json]) -> bytes:
    return b"".join(b"data: %b\r\n\r\n" % encoded(chunk) for chunk in chunks)


def encoded(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def deltas(reader: StreamReader, data: bytes, step: int = 1 << 20) -> list[Delta]:
    """What the reader makes of a stream that comes in pieces of `step` bytes."""
    decoder = SseDecoder()
    events = [event for at in range(0, len(data), step) for event in decoder.feed(data[at : at + step])]
    return [delta for event in [*events, *decoder.finish()] for delta in reader.read(event.event, event.data)]
