"""Stages a reply: turns it, with the faults of its script, into the steps that a connection plays.

Contract: pure. Steps are immutable, so they can be kept and played again for the same request.
Above: `endpoints`, `player`. Below: `reply`, `script`, `framing`.
"""

import enum
import gzip
import http
import zlib
from typing import Final

import msgspec

from trigate.simulator import framing
from trigate.simulator.reply import Event, Reply
from trigate.simulator.script import HEAD, Script

_BEFORE_BREAK: Final = 0.02
"""Seconds before a reset, so that what was written has left and arrives."""


class Head(msgspec.Struct, frozen=True):
    """The head of a reply, which the player completes with date and request id after `line`."""

    line: bytes
    rest: bytes
    tokens: int = 0


class Piece(msgspec.Struct, frozen=True):
    data: bytes
    tokens: int = 0


class Pad(msgspec.Struct, frozen=True):
    """So many spaces, written as fast as they are taken."""

    size: int


class End(enum.Enum):
    SILENCE = "nothing more, until the client goes"
    CLOSE = "close the connection when all is written"
    RESET = "reset the connection"


Step = Head | Piece | Pad | End | float


class Channel(msgspec.Struct, frozen=True):
    """What the request says of its connection."""

    keep_alive: bool = True
    chunked: bool = True
    """HTTP/1.1; a client of 1.0 gets streams that end with the connection."""
    bodyless: bool = False


def stage(reply: Reply, script: Script, channel: Channel, error_event: bytes = b"") -> tuple[Step, ...]:
    """All steps of a reply. `error_event` is what `error_event=N` puts into a stream."""
    waits: list[Step] = [script.latency] if script.latency else []
    ending = _ending(script)
    if ending is not None and ending[1] == HEAD:
        return (*waits, *_break(ending[0]))
    body = _whole(reply, script, channel) if reply.events is None else _stream(reply, script, channel, error_event)
    return (*waits, *_merge(body))


def _ending(script: Script) -> tuple[End, int] | None:
    if script.silence is not None:
        return End.SILENCE, script.silence
    if script.reset is not None:
        return End.RESET, script.reset
    if script.close is not None:
        return End.CLOSE, script.close
    if script.eof is not None and script.eof == HEAD:
        return End.CLOSE, HEAD
    return None


def _break(end: End) -> list[Step]:
    return [_BEFORE_BREAK, end] if end is End.RESET else [end]


def _head(reply: Reply, script: Script, channel: Channel, more: list[tuple[str, str]]) -> Head:
    status = script.status or reply.status
    try:
        phrase = http.HTTPStatus(status).phrase
    except ValueError:
        phrase = "Overloaded"
    headers = [("content-type", script.content_type or reply.content_type), *reply.headers, *more]
    if not channel.keep_alive:
        headers.append(("connection", "close"))
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return Head(f"HTTP/1.1 {status} {phrase}\r\n".encode(), f"{lines}\r\n".encode())


def _whole(reply: Reply, script: Script, channel: Channel) -> list[Step]:
    body = framing.spoil_body(reply.body, script.malformed)
    encoding: list[tuple[str, str]] = []
    if script.gzip or script.gzip_bomb:
        body = _compress(body, script.gzip_bomb)
        encoding = [("content-encoding", "gzip")]
    ending = _ending(script)
    if script.eof is not None:
        body = body[: len(body) // 2 if script.eof else 0]
    declared = script.huge + len(body) + script.content_length
    head = _head(reply, script, channel, [*encoding, ("content-length", str(max(declared, 0)))])
    if channel.bodyless:
        return [head, *_closing(channel)]
    if ending is not None:
        sent = body[: len(body) // 2] if ending[1] else b""
        return [head, Piece(sent), *_break(ending[0])]
    pad: list[Step] = [Pad(script.huge)] if script.huge else []
    closing = [End.CLOSE] if script.content_length else _closing(channel)
    return [head, *pad, Piece(body, reply.tokens), *closing]


def _closing(channel: Channel) -> list[End]:
    return [] if channel.keep_alive else [End.CLOSE]


def _compress(body: bytes, padding: int) -> bytes:
    if not padding:
        return gzip.compress(body, mtime=0)
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b" " * (1 << 20)
    packed = [packer.compress(block) for _ in range(padding // len(block) + 1)]
    return b"".join((*packed, packer.compress(body), packer.flush()))


def _stream(reply: Reply, script: Script, channel: Channel, error_event: bytes) -> list[Step]:
    ending = _ending(script)
    events = list(reply.events or ())
    stop = ending[1] if ending is not None else script.eof
    if script.error_event is not None:
        events = [*events[: max(script.error_event, 0)], Event(error_event)]
    events = framing.reframe(events[:stop], script)

    more = [("cache-control", "no-cache")]
    if channel.chunked:
        more.append(("transfer-encoding", "chunked"))
    steps: list[Step] = [_head(reply, script, channel, more)]
    if channel.bodyless:
        return [*steps, *_closing(channel)]
    if script.ttft:
        steps.append(script.ttft)
    for number, event in enumerate(events):
        if script.rate and event.tokens:
            steps.append(event.tokens / script.rate)
        steps += _written(event, script, script.long_line if number == 0 else 0, channel.chunked)
    if ending is not None:
        return [*steps, *_break(ending[0])]
    if channel.chunked:
        steps.append(Piece(b"0\r\n\r\n"))
    return [*steps, *_closing(channel)]


def _written(event: Event, script: Script, padding: int, chunked: bool) -> list[Step]:
    """One event on the wire: one chunk, or several if it is sliced or padded."""
    if padding:
        start = event.data.index(b"data:") + len(b"data:")
        size = b"%x\r\n" % (len(event.data) + padding) if chunked else b""
        end = b"\r\n" if chunked else b""
        return [Piece(size + event.data[:start]), Pad(padding), Piece(event.data[start:] + end, event.tokens)]
    slices = framing.slices(event.data, script.wire)
    if len(slices) == 1:
        return [Piece(_chunk(event.data, chunked), event.tokens)]
    steps: list[Step] = [Piece(b"", event.tokens)]
    for data in slices:
        steps += [Piece(_chunk(data, chunked)), 0.0]
    return steps


def _chunk(data: bytes, chunked: bool) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data) if chunked else data


def _merge(steps: list[Step]) -> list[Step]:
    """Pieces with nothing between them become one write."""
    merged: list[Step] = []
    run: list[Piece] = []
    for step in [*steps, None]:
        if isinstance(step, Piece):
            run.append(step)
            continue
        if run:
            data, tokens = b"".join(piece.data for piece in run), sum(piece.tokens for piece in run)
            last = merged[-1] if merged else None
            if isinstance(last, Head):
                merged[-1] = Head(last.line, last.rest + data, tokens)
            else:
                merged.append(Piece(data, tokens))
            run = []
        if step is not None:
            merged.append(step)
    return merged
