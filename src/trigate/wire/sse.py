"""Server-sent events, bytes in, events out (WHATWG HTML 9.2.6, as LLM vendors and their imitators write it).

`SseDecoder.feed` takes chunks that are split anywhere and gives whole events, each with the exact bytes that carried
it, so that a relay may forward an event without writing it anew. LF, CRLF and CR line ends, comments, a missing space
after the colon and a missing blank line at the end are understood. Memory is bounded by `limit` bytes for one event.
"""

from typing import Final

import msgspec

DEFAULT_EVENT_LIMIT: Final = 1 << 20


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
        start = position = 0
        while True:
            end = _blank_line(chunk, position)
            if end < 0:
                break
            raw = chunk[start:end]
            events.append(_parse(raw, _unify(raw).rstrip(b"\n")))
            start = position = end
        self._keep(chunk[start:])
        return events

    def _keep(self, rest: bytes) -> None:
        if len(rest) > self._limit:
            raise EventTooLarge(f"an event of more than {self._limit} bytes")
        self._buffer = rest


def _unify(raw: bytes) -> bytes:
    return raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _blank_line(chunk: bytes, start: int) -> int:
    """The position after the first blank line at or after `start`, or -1.

    A CR at the very end of the chunk is left for the next one: an LF may follow it.
    """
    line_start = start
    while True:
        line_end = _line_end(chunk, line_start)
        if line_end < 0:
            return -1
        width = 2 if chunk.startswith(b"\r\n", line_end) else 1
        if chunk[line_end] == 13 and line_end + 1 == len(chunk):
            return -1
        if line_end == line_start and line_start > start:
            return line_end + width
        line_start = line_end + width
        if line_end == start:
            start = line_start


def _line_end(chunk: bytes, start: int) -> int:
    lf = chunk.find(b"\n", start)
    cr = chunk.find(b"\r", start, lf if lf >= 0 else len(chunk))
    return cr if cr >= 0 else lf


def _parse(raw: bytes, frame: bytes) -> SseEvent:
    if frame.startswith(b"data: ") and b"\n" not in frame:
        return SseEvent(raw, frame[6:])
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
