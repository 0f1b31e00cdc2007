"""Checks a client's stream of Messages events: is it one that every client of the API can read?

Fed with the bytes as they are written, split anywhere; shares no code with the writer. `message_start`, then blocks
one after another (start, deltas that fit, stop; indexes 0, 1, 2 ...), then `message_delta` with the stop reason, then
`message_stop`, and nothing after; `ping` anywhere, and `error` anywhere as the last event.
Source: platform.claude.com/docs/en/build-with-claude/streaming. Used by tests. Below: `wire.sse`.
"""

from typing import Final

import msgspec

from trigate.wire.sse import SseDecoder, SseEvent

_DELTAS: Final = {
    "text": ("text_delta", "citations_delta"),
    "thinking": ("thinking_delta", "signature_delta"),
    "tool_use": ("input_json_delta",),
    "redacted_thinking": (),
}
_PAYLOADS: Final = {
    "text_delta": "text",
    "thinking_delta": "thinking",
    "signature_delta": "signature",
    "input_json_delta": "partial_json",
}
_NEEDED: Final = {
    "text": ("text",),
    "thinking": ("thinking", "signature"),
    "tool_use": ("id", "name", "input"),
    "redacted_thinking": ("data",),
}
_STOPS: Final = frozenset(
    "end_turn max_tokens stop_sequence tool_use pause_turn refusal model_context_window_exceeded".split()
)


class _Data(msgspec.Struct):
    type: str
    index: int | None = None
    message: dict[str, object] | None = None
    content_block: dict[str, object] | None = None
    delta: dict[str, object] | None = None
    usage: dict[str, object] | None = None
    error: dict[str, object] | None = None


class AnthropicMessagesGrammar:
    """Feed it every chunk, then `finish`. Raises AssertionError with the reason."""

    def __init__(self) -> None:
        self._sse = SseDecoder()
        self._started = self._stopped = self._over = self._failed = False
        self._blocks = 0
        self._kind = ""  # of the open block
        self._signed = False

    def feed(self, chunk: bytes) -> None:
        """Check the events that `chunk` completes."""
        for event in self._sse.feed(chunk):
            self._event(event)

    def finish(self) -> None:
        """Check that the stream has ended: by `message_stop`, or by an `error`."""
        _check(not self._sse.finish(), "the last event has no blank line")
        _check(self._over, "neither message_stop nor error at the end")

    @property
    def failed(self) -> bool:
        """Whether it ended by an `error`."""
        return self._failed

    def _event(self, event: SseEvent) -> None:
        _check(not self._over, f"{event.event} after the end")
        data = msgspec.json.decode(event.data, type=_Data)
        _check(event.event == data.type, f"event {event.event} carries {data.type}")
        if data.type == "ping":
            return
        if data.type == "error":
            self._error(data.error or {})
            return
        _check(self._started is (data.type != "message_start"), f"{data.type} out of order")
        _check(not self._stopped or data.type == "message_stop", f"{data.type} after message_delta")
        self._ordered(data)

    def _ordered(self, data: _Data) -> None:
        match data.type:
            case "message_start":
                self._start(data.message or {})
            case "content_block_start":
                self._block_start(data)
            case "content_block_delta":
                self._block_delta(data)
            case "content_block_stop":
                self._block_stop(data)
            case "message_delta":
                self._message_delta(data)
            case "message_stop":
                _check(self._stopped, "message_stop without message_delta")
                self._over = True
            case kind:
                raise AssertionError(f"unknown event {kind}")

    def _error(self, error: dict[str, object]) -> None:
        _check(isinstance(error.get("type"), str) and isinstance(error.get("message"), str), f"error {error}")
        self._over = self._failed = True

    def _start(self, message: dict[str, object]) -> None:
        self._started = True
        _check(message.get("type") == "message" and message.get("role") == "assistant", "message_start: no message")
        _check(
            isinstance(message.get("id"), str) and isinstance(message.get("model"), str), "message_start: no id, model"
        )
        _check(message.get("content") == [], "message_start: content")
        _check("stop_reason" in message and message["stop_reason"] is None, "message_start: stop_reason")
        _tokens(message.get("usage"), "input_tokens", "output_tokens")

    def _block_start(self, data: _Data) -> None:
        block = data.content_block or {}
        kind = str(block.get("type"))
        _check(not self._kind, f"block {data.index} starts inside another")
        _check(data.index == self._blocks, f"block {data.index} starts where {self._blocks} is due")
        _check(kind in _NEEDED, f"unknown block {kind}")
        _check(all(name in block for name in _NEEDED[kind]), f"block {kind} lacks a field")
        _check(kind != "tool_use" or block["input"] == {}, "tool_use starts with input")
        _check(kind != "tool_use" or bool(block["id"] and block["name"]), "tool_use without id or name")
        self._kind, self._signed = kind, False

    def _block_delta(self, data: _Data) -> None:
        delta = data.delta or {}
        kind = str(delta.get("type"))
        _check(bool(self._kind) and data.index == self._blocks, f"a delta of block {data.index}, which is not open")
        _check(kind in _DELTAS[self._kind], f"{kind} in a block of {self._kind}")
        payload = delta.get(_PAYLOADS.get(kind, "citation"))
        _check(payload is not None, f"{kind} without its payload")
        _check(not self._signed, f"{kind} after the signature")
        self._signed = kind == "signature_delta"

    def _block_stop(self, data: _Data) -> None:
        _check(bool(self._kind) and data.index == self._blocks, f"block {data.index} stops, which is not open")
        self._blocks += 1
        self._kind = ""

    def _message_delta(self, data: _Data) -> None:
        delta = data.delta or {}
        _check(not self._kind, "message_delta inside a block")
        _check(delta.get("stop_reason") in _STOPS, f"stop_reason {delta.get('stop_reason')}")
        _check("stop_sequence" in delta, "message_delta without stop_sequence")
        _tokens(data.usage, "output_tokens")
        self._stopped = True


def _tokens(usage: object, *names: str) -> None:
    _check(isinstance(usage, dict), "no usage")
    assert isinstance(usage, dict)
    for name in names:
        number = usage.get(name)
        _check(isinstance(number, int) and number >= 0, f"usage.{name} is {number}")


def _check(holds: bool, reason: str) -> None:
    if not holds:
        raise AssertionError(reason)
