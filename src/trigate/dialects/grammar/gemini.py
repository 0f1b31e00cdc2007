"""Checks a client-side stream of `GenerateContentResponse` chunks against Gemini's grammar; for tests and live checks.

Contract: feed every byte in order, then call `finish`. What is wrong raises AssertionError with the reason. Grammar:

    stream    = chunk+  |  chunk* error
    candidate = part*  finishReason

Each event is one plain `data:` line. Chunks name one model and one response. Nothing of a candidate follows its finish
reason, and every candidate has one; the last chunk carries usage that sums up. A part is text, a thought, a signature
or a whole function call. Source: ai.google.dev/api/generate-content.
"""

from typing import Final

import msgspec

from trigate.wire.sse import SseDecoder, SseEvent

FINISH_REASONS: Final = frozenset({"STOP", "MAX_TOKENS", "SAFETY"})
_PART_KEYS: Final = frozenset({"text", "thought", "thoughtSignature", "functionCall"})
_COUNTS: Final = ("promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount")

Json = dict[str, object]


def _require(holds: bool, reason: str) -> None:
    if not holds:
        raise AssertionError(reason)


def _object(value: object, what: str) -> Json:
    if not isinstance(value, dict):
        raise AssertionError(f"{what} must be an object, not {value!r}")
    return value


def _list(value: object, what: str) -> list[object]:
    if not isinstance(value, list):
        raise AssertionError(f"{what} must be a list, not {value!r}")
    return value


class GeminiGrammar:
    """One stream."""

    def __init__(self) -> None:
        self.failed = False
        """The stream ended with an error chunk."""
        self._events = SseDecoder()
        self._identity: tuple[object, ...] = ()
        self._finished: dict[int, bool] = {}
        self._usage_seen = False

    def feed(self, data: bytes) -> None:
        """Take more bytes, split anywhere."""
        for event in self._events.feed(data):
            self._event(event)

    def finish(self) -> None:
        """The stream has ended."""
        _require(not self._events.finish(), "the last event has no blank line")
        if not self.failed:
            _require(bool(self._finished), "the stream ends without a candidate")
            _require(all(self._finished.values()), "the stream ends before every candidate has finished")
            _require(self._usage_seen, "the last chunk has no usage")

    def _event(self, event: SseEvent) -> None:
        _require(not self.failed, "a chunk after an error")
        _require(event.raw == b"data: " + event.data + b"\n\n", f"not one plain data line: {event.raw!r}")
        chunk = _object(msgspec.json.decode(event.data), "a chunk")
        if "error" in chunk:
            error = _object(chunk["error"], "error")
            _require(isinstance(error.get("code"), int) and isinstance(error.get("status"), str), "an error's code")
            _require(isinstance(error.get("message"), str), "an error has a message")
            self.failed = True
            return
        identity = (chunk.get("responseId"), chunk.get("modelVersion"))
        _require(all(isinstance(name, str) for name in identity), "a chunk names its response and model")
        _require(self._identity in ((), identity), f"{identity} after {self._identity}")
        self._identity = identity
        candidates = _list(chunk.get("candidates"), "candidates")
        _require(bool(candidates), "a chunk without candidates")
        for candidate in candidates:
            self._candidate(_object(candidate, "a candidate"))
        self._usage_seen = "usageMetadata" in chunk
        if self._usage_seen:
            _usage(_object(chunk["usageMetadata"], "usageMetadata"))

    def _candidate(self, candidate: Json) -> None:
        index = candidate.get("index")
        if not isinstance(index, int):
            raise AssertionError(f"index is {index!r}")
        _require(not self._finished.get(index), f"candidate {index} goes on after its finish reason")
        content = _object(candidate.get("content"), "content")
        _require(content.get("role") == "model", f"the role is {content.get('role')!r}")
        for part in _list(content.get("parts"), "parts"):
            _part(_object(part, "a part"))
        reason = candidate.get("finishReason")
        _require(reason is None or reason in FINISH_REASONS, f"finishReason is {reason!r}")
        self._finished[index] = reason is not None


def _part(part: Json) -> None:
    _require(bool(part) and part.keys() <= _PART_KEYS, f"a part with {sorted(part)}")
    _require(("text" in part) + ("functionCall" in part) <= 1, "a part that is two things")
    for key in ("text", "thoughtSignature"):
        _require(isinstance(part.get(key, ""), str), f"{key} must be a string")
    if "functionCall" in part:
        call = _object(part["functionCall"], "functionCall")
        _require(bool(call.get("name")), "a function call without a name")
        _object(call.get("args"), "args")


def _usage(usage: Json) -> None:
    counts = [usage.get(key, 0) for key in _COUNTS]
    total = sum(count for count in counts if isinstance(count, int))
    _require(usage.get("totalTokenCount") == total, f"usage does not sum up: {usage}")
