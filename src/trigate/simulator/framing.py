"""Bends the bytes of a reply: framings that are unusual but legal, and events that are broken.

Contract: pure. Source for what is legal: WHATWG HTML, "Server-sent events". Above: `staging`. Below: `reply`, `script`.
"""

from typing import Final

from trigate.simulator.reply import Event
from trigate.simulator.script import Script

_COMMENT: Final = Event(b": keep-alive\n\n")
_UNKNOWN: Final = Event(b'event: simulator.unknown\ndata: {"type":"simulator.unknown"}\n\n')


def reframe(events: list[Event], script: Script) -> list[Event]:
    """The events as the script wants them on the wire. The broken one is the second, so that a stream has begun."""
    if script.malformed and len(events) > 1:
        events[1] = Event(_spoil(events[1].data, script.malformed), events[1].tokens)
    extra = [_COMMENT] * ("comments" in script.wire) + [_UNKNOWN] * ("unknown_events" in script.wire)
    if extra:
        events = [one for event in events for one in (*extra, event)]
    return [Event(_lines(event.data, script.wire), event.tokens) for event in events]


def slices(data: bytes, wire: frozenset[str]) -> list[bytes]:
    """The event cut into what is written at once: single bytes, or halves of its first multi-byte character."""
    if "bytes" in wire:
        return [data[i : i + 1] for i in range(len(data))]
    if "split" in wire:
        inside = next((i for i, byte in enumerate(data) if byte & 0xC0 == 0x80), 0)
        if inside:
            return [data[:inside], data[inside:]]
    return [data]


def spoil_body(body: bytes, malformed: frozenset[str]) -> bytes:
    """A whole reply that is no JSON any more."""
    if "json" in malformed:
        body = body[:-1]
    if "utf8" in malformed:
        body = body.replace(b'"', b'"\xff', 1)
    return body


def _spoil(data: bytes, malformed: frozenset[str]) -> bytes:
    if "json" in malformed:
        data = data.removesuffix(b"}\n\n") + b"\n\n"
    if "utf8" in malformed:
        data = data.replace(b'":"', b'":"\xff', 1)
    return data


def _lines(data: bytes, wire: frozenset[str]) -> bytes:
    if "nospace" in wire:
        data = data.replace(b"data: ", b"data:", 1).replace(b"event: ", b"event:", 1)
    if "crlf" in wire:
        return data.replace(b"\n", b"\r\n")
    return data.replace(b"\n", b"\r") if "cr" in wire else data
