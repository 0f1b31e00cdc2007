"""The relay: an upstream's reply on its way to the client. A sans-io machine; bytes are pushed in, bytes come out.

Four kinds, by two questions. Is it a stream or whole? Does it go to the dialect it came from (bytes are forwarded as
they are, and metered on the way) or to another (events are read into the neutral contract and written anew)?

    feed(chunk) -> bytes    what may go to the client now
    finish()    -> bytes    the upstream ended; raises `AttemptFailed` if the reply was not complete
    fail(fault) -> bytes    an in-band error, after the commit point

`committed` turns true at the first content event of a stream, or when a whole reply is complete: until then nothing
comes out, and another target may still be tried. After `done` nothing more is wanted of the upstream. `usage` and its
neighbours hold what is known so far, at any time.
"""

from typing import Final, Protocol

import msgspec

from trigate.core.chat import (
    ArgumentsDelta,
    BlockStarted,
    Delta,
    Ended,
    Failed,
    Finished,
    Metered,
    Started,
    Text,
    TextDelta,
    ThinkingDelta,
)
from trigate.core.errors import AttemptFailed, Category, ErrorClass, Fault
from trigate.core.ports import CONTENT, ENDED, FAILED, HIDDEN, SILENT, Dialect, Meter, StreamReader, StreamWriter
from trigate.core.usage import Usage
from trigate.wire.sse import EventTooLarge, SseDecoder, SseEvent

TRUNCATED: Final = Fault("upstream_truncated", Category.UPSTREAM, 502, "the model's reply broke off before its end")
MALFORMED: Final = Fault("upstream_malformed", Category.UPSTREAM, 502, "the model's reply could not be understood")
OVERSIZED: Final = Fault(
    "upstream_too_large", Category.UPSTREAM, 502, "the model's reply is larger than the gateway allows"
)


_IN_BAND: Final = {
    Category.RATE_LIMITED: ErrorClass.RATE_LIMITED,
    Category.INVALID: ErrorClass.REJECTED,
    Category.CONTENT: ErrorClass.CONTENT_FILTER,
}


def in_band(fault: Fault) -> AttemptFailed:
    """An error that the vendor reported inside its stream, of the class that its category tells."""
    return AttemptFailed(_IN_BAND.get(fault.category, ErrorClass.UNAVAILABLE), fault, status=200)


class Relay(Protocol):
    """What the pipeline sees of all four."""

    @property
    def committed(self) -> bool:
        """The client has been, or is to be, promised this reply."""
        ...

    @property
    def done(self) -> bool:
        """The reply is complete."""
        ...

    @property
    def usage(self) -> Usage | None:
        """As reported so far; None if nothing was."""
        ...

    @property
    def served_model(self) -> str:
        """The model that the vendor names in its reply."""
        ...

    @property
    def stop(self) -> str:
        """The stop reason; empty while unknown."""
        ...

    @property
    def output_chars(self) -> int:
        """Characters of content so far."""
        ...

    def feed(self, chunk: bytes) -> bytes:
        """Take one chunk of the upstream's body. Raises `AttemptFailed`."""
        ...

    def finish(self) -> bytes:
        """The upstream's body ended. Raises `AttemptFailed` when it should not have."""
        ...

    def fail(self, fault: Fault, request_id: str) -> bytes:
        """The last bytes of a reply that was cut after the commit point."""
        ...


class Expected(msgspec.Struct, frozen=True):
    """What a translated reply needs and a vendor may not say: how many choices were asked for, and Unix seconds now.

    `end_implied`: with a stop reason the stream is complete, also without the vendor's own end.
    """

    choices: int = 1
    created: int = 0
    end_implied: bool = True


class ForwardedStream:
    """A stream for the dialect it came from: event bytes go through untouched, a meter looks at each."""

    __slots__ = ("_decoder", "_dialect", "_held", "_meter", "committed", "done")

    def __init__(self, dialect: Dialect, meter: Meter, event_limit: int) -> None:
        self._dialect = dialect
        self._meter = meter
        self._decoder = SseDecoder(event_limit)
        self._held: list[bytes] = []
        self.committed = False
        self.done = False

    @property
    def usage(self) -> Usage | None:
        """As metered so far."""
        return self._meter.usage

    @property
    def served_model(self) -> str:
        """The model that the vendor names in its reply."""
        return self._meter.model

    @property
    def stop(self) -> str:
        """The vendor's stop reason; empty while unknown."""
        return self._meter.stop

    @property
    def output_chars(self) -> int:
        """Characters of content so far."""
        return self._meter.output_chars

    def feed(self, chunk: bytes) -> bytes:
        """Raises `AttemptFailed` on an error event, an oversized event, or JSON that is none."""
        try:
            self._judge(self._decoder.feed(chunk))
        except EventTooLarge:
            raise AttemptFailed(ErrorClass.MALFORMED, OVERSIZED) from None
        except ValueError:
            raise AttemptFailed(ErrorClass.MALFORMED, MALFORMED) from None
        return self._release()

    def finish(self) -> bytes:
        """A stream without its own end is complete only if its dialect says that a stop reason is enough."""
        if not self.done:
            try:
                self._judge(self._decoder.finish())
            except ValueError:
                raise AttemptFailed(ErrorClass.TRUNCATED, TRUNCATED) from None
        if not self.done:
            if not self.stop or self._dialect.implied_end is None:
                raise AttemptFailed(ErrorClass.TRUNCATED, TRUNCATED)
            self.committed = self.done = True
            self._held.append(self._dialect.implied_end)
        return self._release()

    def _judge(self, events: list[SseEvent]) -> None:
        held = self._held
        meter = self._meter
        for event in events:
            kind = meter.event(event.event, event.data) if event.data else SILENT
            if kind == CONTENT:
                self.committed = True
            elif kind == ENDED:
                self.committed = self.done = True
            elif kind == HIDDEN:
                continue
            elif kind == FAILED:
                raise in_band(meter.fault or MALFORMED)
            held.append(event.raw)

    def fail(self, fault: Fault, request_id: str) -> bytes:
        """What came before the failure, and an error event in the client's dialect."""
        return self._release() + self._dialect.stream_error(fault, request_id)

    def _release(self) -> bytes:
        if not self.committed or not self._held:
            return b""
        out = self._held[0] if len(self._held) == 1 else b"".join(self._held)
        self._held = []
        return out


class TranslatedStream:
    """A stream for another dialect: events become deltas, deltas become the client's own events."""

    __slots__ = (
        "_created",
        "_decoder",
        "_end_implied",
        "_held",
        "_reader",
        "_unfinished",
        "_writer",
        "committed",
        "done",
        "output_chars",
        "served_model",
        "stop",
        "usage",
    )

    def __init__(self, reader: StreamReader, writer: StreamWriter, event_limit: int, expected: Expected) -> None:
        self._unfinished = expected.choices
        self._created = expected.created
        self._end_implied = expected.end_implied
        self._reader = reader
        self._writer = writer
        self._decoder = SseDecoder(event_limit)
        self._held: list[Delta] = []
        self.committed = False
        self.done = False
        self.usage: Usage | None = None
        self.served_model = ""
        self.stop = ""
        self.output_chars = 0

    def feed(self, chunk: bytes) -> bytes:
        """Raises `AttemptFailed` on an error event, an oversized event, or JSON that is none."""
        try:
            self._read(self._decoder.feed(chunk))
            return self._release()
        except EventTooLarge:
            raise AttemptFailed(ErrorClass.MALFORMED, OVERSIZED) from None
        except ValueError:
            raise AttemptFailed(ErrorClass.MALFORMED, MALFORMED) from None

    def finish(self) -> bytes:
        """Where the vendor's dialect lets a stop reason stand for its end, so does this."""
        try:
            if not self.done:
                self._read(self._decoder.finish())
            if not self.done:
                if not (self.stop and self._end_implied):
                    raise AttemptFailed(ErrorClass.TRUNCATED, TRUNCATED)
                self._take([Ended()])
            return self._release()
        except ValueError:
            raise AttemptFailed(ErrorClass.TRUNCATED, TRUNCATED) from None

    def _read(self, events: list[SseEvent]) -> None:
        for event in events:
            if event.data:
                self._take(self._reader.read(event.event, event.data))

    def fail(self, fault: Fault, request_id: str) -> bytes:
        """What came before the failure, and an error event in the client's dialect."""
        try:
            before = self._release()
        except ValueError:
            before = b""
        return before + self._writer.fail(fault, request_id)

    def _take(self, deltas: list[Delta]) -> None:
        for delta in deltas:
            self._note(delta)
        self._held += deltas

    def _note(self, delta: Delta) -> None:
        match delta:
            case TextDelta(text=text) | ThinkingDelta(text=text) | ArgumentsDelta(fragment=text):
                self.output_chars += len(text)
                self.committed = True
            case BlockStarted(block=block):
                self.committed = self.committed or not isinstance(block, Text)
            case Started():
                delta.created = delta.created or self._created
                self.served_model = delta.model
                self.usage = delta.usage if delta.usage.total else None
            case Metered(usage=usage):
                self.usage = usage if self.usage is None else self.usage.merged(usage)
            case Finished(stop=stop):
                self._unfinished -= 1
                self.stop = stop if self._unfinished <= 0 else ""
            case Ended():
                self.committed = self.done = True
            case Failed(fault=fault):
                raise in_band(fault)

    def _release(self) -> bytes:
        if not self.committed or not self._held:
            return b""
        deltas, self._held = self._held, []
        return self._writer.write(deltas)


class WholeReply:
    """A whole reply: kept to a cap, judged when complete, and then released at once, forwarded or translated."""

    __slots__ = ("_chunks", "_client", "_created", "_limit", "_meter", "_size", "_upstream", "committed", "done")

    def __init__(self, client: Dialect, upstream: Dialect, meter: Meter, limit: int, created: int) -> None:
        """`meter` reads the upstream's dialect; `created` is Unix seconds, for vendors that do not say."""
        self._created = created
        self._client = client
        self._upstream = upstream
        self._meter = meter
        self._limit = limit
        self._chunks: list[bytes] = []
        self._size = 0
        self.committed = False
        self.done = False

    @property
    def usage(self) -> Usage | None:
        """As metered; None until the reply is complete."""
        return self._meter.usage

    @property
    def served_model(self) -> str:
        """The model that the vendor names in its reply."""
        return self._meter.model

    @property
    def stop(self) -> str:
        """The vendor's stop reason; empty while unknown."""
        return self._meter.stop

    @property
    def output_chars(self) -> int:
        """Characters of content; 0 until the reply is complete."""
        return self._meter.output_chars

    def feed(self, chunk: bytes) -> bytes:
        """Keeps the chunk. Raises `AttemptFailed` beyond the cap."""
        self._size += len(chunk)
        if self._size > self._limit:
            raise AttemptFailed(ErrorClass.MALFORMED, OVERSIZED)
        self._chunks.append(chunk)
        return b""

    def finish(self) -> bytes:
        """The whole reply in the client's dialect. Raises `AttemptFailed` when it is not a reply."""
        body = b"".join(self._chunks)
        try:
            self._meter.whole(body)
            if self._client.name != self._upstream.name:
                reply = self._upstream.read_reply(body)
                reply.created = reply.created or self._created
                body = self._client.write_reply(reply)
        except ValueError:
            raise AttemptFailed(ErrorClass.MALFORMED, MALFORMED) from None
        self.committed = self.done = True
        return body

    def fail(self, fault: Fault, request_id: str) -> bytes:
        """Nothing: a whole reply that fails was never begun."""
        return b""
