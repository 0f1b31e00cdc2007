"""Server-sent events, bytes in, events out (WHATWG HTML 9.2.6, as LLM vendors and their imitators write it).

`SseDecoder.feed` takes chunks that are split anywhere and gives whole events, each with the exact bytes that carried
it, so that a relay may forward an event without writing it anew. LF, CRLF and CR line ends, comments, a missing space
after the colon and a missing blank line at the end are understood. Memory is bounded by `limit` bytes for one event.
"""

import re
from typing import Final

import msgspec

DEFAULT_EVENT_LIMIT: Final = 1 << 20

# A CR at the very end of what has arrived is no line end yet: an LF may follow it.
_LINE_END: Final = rb"(?:\r\n|\r(?=[^\n])|\n)"
_BLANK_LINE: Final = re.compile(_LINE_END * 2)


class EventTooLarge(ValueError):
    """One event is longer than the decoder's limit."""


class SseEvent(msgspec.Struct):
    """`raw` is the event as it came, blank line included. `data` joins its data lines; empty if it had none."""

    raw: bytes
    data: bytes
    event: str = ""


class SseDecoder:
    """Cuts a byte stream into events. Feed it every chunk in order, then call `finish` once."""

    __slots__ = ("_buffer", "_limit")

    def __init__(self, limit: int = DEFAULT_EVENT_LIMIT) -> None:
        self._buffer = b""
        self._limit = limit

    def feed(self, chunk: bytes) -> list[SseEvent]:
        """The events that `chunk` completes. Raises `EventTooLarge`."""
        if self._buffer:
            chunk = self._buffer + chunk
            self._buffer = b""
        if b"\r" in chunk:
            return self._feed_mixed(chunk)
        *frames, rest = chunk.split(b"\n\n")
        self._keep(rest)
        return [_parse(frame + b"\n\n", frame) for frame in frames]

    def finish(self) -> list[SseEvent]:
        """The last event, if the stream ended without its blank line."""
        rest, self._buffer = self._buffer, b""
        if not rest.strip():
            return []
        return [_parse(rest + b"\n\n", _unify(rest))]

    def _feed_mixed(self, chunk: bytes) -> list[SseEvent]:
        """The slow way, for streams that use CR: the end of an event may be any pair of line ends."""
        events = []
        start = 0
        for blank_line in _BLANK_LINE.finditer(chunk):
            events.append(_parse(chunk[start : blank_line.end()], _unify(chunk[start : blank_line.start()])))
            start = blank_line.end()
        self._keep(chunk[start:])
        return events

    def _keep(self, rest: bytes) -> None:
        if len(rest) > self._limit:
            raise EventTooLarge(f"an event of more than {self._limit} bytes")
        self._buffer = rest


def _unify(raw: bytes) -> bytes:
    return raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _parse(raw: bytes, frame: bytes) -> SseEvent:
    """The event of the lines in `frame`, which end in LF. First the two shapes that vendors write."""
    if frame.startswith(b"data: ") and b"\n" not in frame:
        return SseEvent(raw, frame[6:])
    if frame.startswith(b"event: ") and frame.count(b"\n") == 1:
        name, separator, data = frame.partition(b"\ndata: ")
        if separator:
            return SseEvent(raw, data, name[7:].decode("utf-8", "replace"))
    return _parse_lines(raw, frame)


def _parse_lines(raw: bytes, frame: bytes) -> SseEvent:
    data: list[bytes] = []
    name = ""
    for line in frame.split(b"\n"):
        field, _, value = line.partition(b":")
        if value.startswith(b" "):
            value = value[1:]
        if field == b"data":
            data.append(value)
        elif field == b"event":
            name = value.decode("utf-8", "replace")
    return SseEvent(raw, b"\n".join(data), name)


def encode(data: bytes, event: str = "") -> bytes:
    """One event; `data` must not hold a line end (JSON as the vendors write it never does)."""
    if event:
        return b"event: %s\ndata: %s\n\n" % (event.encode(), data)
    return b"data: %s\n\n" % data
