"""Checks a client-side stream of chat completion chunks against OpenAI's grammar; for tests and live checks.

Contract: feed every byte in order, then call `finish`. What is wrong raises AssertionError with the reason. Grammar:

    stream  = chunk+ usage? "[DONE]"  |  chunk* error
    choice  = role  (content | refusal | reasoning | call)*  finish

Choices begin in order, as SDKs gather them in a list. A choice's finish reason stands on a chunk of its own and nothing
of that choice follows; tool calls are numbered from 0 without gaps, and only the first fragment of each has its id and
name. Usage comes once, last, with empty `choices`, if
it was asked for; every other chunk then has `usage: null`.
Source: platform.openai.com/docs/api-reference/chat-streaming.
"""

from typing import Final, TypeVar

import msgspec

from trigate.wire.sse import SseDecoder, SseEvent

FINISH_REASONS: Final = frozenset({"stop", "length", "tool_calls", "content_filter"})
_TEXTS: Final = ("content", "refusal", "reasoning_content")

T = TypeVar("T")


def _require(holds: bool, reason: str) -> None:
    if not holds:
        raise AssertionError(reason)


def _typed(value: object, kind: type[T], what: str) -> T:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise AssertionError(f"{what} must be of type {kind.__name__}, not {value!r}")
    return value


class OpenAIChatGrammar:
    """One stream. `wants_usage`: the client sent `stream_options.include_usage`."""

    def __init__(self, *, wants_usage: bool = False) -> None:
        self.failed = False
        """The stream ended with an error event."""
        self._wants_usage = wants_usage
        self._events = SseDecoder()
        self._identity: tuple[object, ...] = ()
        self._choices: dict[int, _Choice] = {}
        self._usage_seen = False
        self._over = False

    def feed(self, data: bytes) -> None:
        """Take more bytes, split anywhere."""
        for event in self._events.feed(data):
            self._event(event)

    def finish(self) -> None:
        """The stream has ended."""
        _require(not self._events.finish(), "the last event has no blank line")
        _require(self._over, "the stream ends without [DONE] or an error")

    def _event(self, event: SseEvent) -> None:
        _require(not self._over, "an event after the end")
        _require(event.raw == b"data: " + event.data + b"\n\n", f"not one plain data line: {event.raw!r}")
        if event.data == b"[DONE]":
            self._done()
            return
        chunk = _typed(msgspec.json.decode(event.data), dict, "a chunk")
        if "error" in chunk:
            _error(chunk["error"])
            self._over = self.failed = True
        else:
            self._chunk(chunk)

    def _done(self) -> None:
        self._over = True
        _require(bool(self._choices), "[DONE] before any choice")
        _require(all(choice.finished for choice in self._choices.values()), "[DONE] before every choice has finished")
        _require(self._usage_seen or not self._wants_usage, "[DONE] without the usage that was asked for")

    def _chunk(self, chunk: dict[str, object]) -> None:
        _require(not self._usage_seen, "a chunk after usage")
        _require(chunk.get("object") == "chat.completion.chunk", f"object is {chunk.get('object')!r}")
        _typed(chunk.get("id"), str, "id")
        _typed(chunk.get("model"), str, "model")
        _typed(chunk.get("created"), int, "created")
        identity = (chunk["id"], chunk["model"], chunk["created"])
        _require(self._identity in ((), identity), f"{identity} after {self._identity}")
        self._identity = identity
        choices = _typed(chunk.get("choices"), list, "choices")
        for choice in choices:
            self._choice(_typed(choice, dict, "a choice"))
        self._usage(chunk, last=not choices)

    def _usage(self, chunk: dict[str, object], *, last: bool) -> None:
        if not self._wants_usage:
            _require(not last, "a chunk without choices")
            _require("usage" not in chunk, "usage that was not asked for")
        elif not last:
            _require("usage" in chunk and chunk["usage"] is None, "usage must be null before the last chunk")
        else:
            _require(
                all(choice.finished for choice in self._choices.values()), "usage before every choice has finished"
            )
            usage = _typed(chunk.get("usage"), dict, "usage")
            counts = [
                _typed(usage.get(key), int, key) for key in ("prompt_tokens", "completion_tokens", "total_tokens")
            ]
            _require(counts[0] + counts[1] == counts[2], f"usage does not sum up: {counts}")
            self._usage_seen = True

    def _choice(self, shape: dict[str, object]) -> None:
        index = _typed(shape.get("index"), int, "index")
        delta = _typed(shape.get("delta"), dict, "delta")
        _require("finish_reason" in shape, "a choice without finish_reason")
        _require(index <= len(self._choices), f"choice {index} begins before choice {len(self._choices)}")
        choice = self._choices.setdefault(index, _Choice())
        _require(not choice.finished, f"choice {index} goes on after its finish reason")
        choice.delta(delta)
        if shape["finish_reason"] is not None:
            _require(shape["finish_reason"] in FINISH_REASONS, f"finish_reason is {shape['finish_reason']!r}")
            _require(not delta, "a finish reason together with content")
            _require(bool(choice.calls) or shape["finish_reason"] != "tool_calls", "tool_calls without a tool call")
            choice.finished = True


def _error(error: object) -> None:
    error = _typed(error, dict, "error")
    _typed(error.get("message"), str, "error.message")
    _typed(error.get("type"), str, "error.type")
    _require("param" in error and "code" in error, "an error has param and code, null or not")


class _Choice:
    """What one choice has said so far."""

    def __init__(self) -> None:
        self.calls = 0
        self.finished = False
        self._introduced = False

    def delta(self, delta: dict[str, object]) -> None:
        if self._introduced:
            _require("role" not in delta, "a second role")
        else:
            _require(delta.get("role") == "assistant", "the first chunk of a choice has no role")
            self._introduced = True
        for key in _TEXTS:
            if delta.get(key) is not None:
                _typed(delta[key], str, key)
        if "tool_calls" in delta:
            fragments = _typed(delta["tool_calls"], list, "tool_calls")
            _require(bool(fragments), "empty tool_calls")
            for fragment in fragments:
                self._fragment(_typed(fragment, dict, "a tool call"))

    def _fragment(self, fragment: dict[str, object]) -> None:
        index = _typed(fragment.get("index"), int, "the index of a tool call")
        function = _typed(fragment.get("function"), dict, "function")
        _typed(function.get("arguments"), str, "arguments")
        if index < self.calls:
            _require("id" not in fragment and "name" not in function, "a second id or name of one tool call")
            return
        _require(index == self.calls, f"tool call {index} after {self.calls} calls")
        _require(bool(_typed(fragment.get("id"), str, "the id of a tool call")), "a tool call with an empty id")
        _require(bool(_typed(function.get("name"), str, "the name of a tool call")), "a tool call with an empty name")
        _require(fragment.get("type") == "function", f"the type of a tool call is {fragment.get('type')!r}")
        self.calls += 1
