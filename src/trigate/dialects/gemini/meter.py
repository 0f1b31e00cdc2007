"""Reads, beside the byte path, what evidence needs of a forwarded reply: usage, model, stop reason, size of content.

Contract: `core.ports.Meter`. Nothing is HIDDEN: the API reports usage unasked. There is no ENDED but for a prompt that
was blocked: a stream is complete when every candidate has its finish reason, and usage may still follow.
Source: ai.google.dev/api/generate-content. Above: the relay. Below: `shapes`, `usage`, `error`.
"""

from trigate.core.chat import StopReason
from trigate.core.envelope import Envelope
from trigate.core.errors import Fault
from trigate.core.ports import CONTENT, ENDED, FAILED, SILENT
from trigate.core.usage import Usage
from trigate.dialects.gemini.error import read_event_error
from trigate.dialects.gemini.shapes import (
    NOTHING,
    CandidateShape,
    PartShape,
    ResponseShape,
    read_response,
    stop_reason,
)
from trigate.dialects.gemini.usage import Tally


class GeminiMeter:
    """One per reply. `stop` is a `StopReason` once every choice has one."""

    __slots__ = ("_called", "_stops", "_tally", "fault", "model", "output_chars", "stop", "usage")

    def __init__(self, envelope: Envelope) -> None:
        self.usage: Usage | None = None
        self.model = ""
        self.stop = ""
        self.output_chars = 0
        self.fault: Fault | None = None
        self._tally = Tally()
        self._stops = dict.fromkeys(range(max(envelope.n, 1)), "")
        self._called: set[int] = set()

    def event(self, name: str, data: bytes) -> int:
        """Judge one chunk. Raises ValueError on malformed data."""
        if not data:
            return SILENT
        chunk = read_response(data)
        if chunk.error is not NOTHING:
            self.fault = read_event_error(data)
            return FAILED
        before = self.output_chars
        called = self._take(chunk)
        if chunk.is_blocked:
            return ENDED
        return CONTENT if called or self.output_chars > before else SILENT

    def whole(self, body: bytes) -> None:
        """Read a whole reply. Raises ValueError when it is none."""
        shape = read_response(body)
        if not shape.candidates and not shape.is_blocked:
            raise ValueError("a reply without candidates")
        self._stops = {}
        self._take(shape)

    def _take(self, shape: ResponseShape) -> bool:
        """Whether it holds something other than text."""
        self.model = shape.model_version or self.model
        if shape.usage_metadata is not None:
            self.usage = self._tally.add(shape.usage_metadata)
        if shape.is_blocked:
            self.stop = StopReason.CONTENT_FILTER
        told = [self._candidate(candidate) for candidate in shape.candidates or ()]
        return any(told)

    def _candidate(self, shape: CandidateShape) -> bool:
        told = [self._part(part, shape.index) for part in shape.parts]
        if shape.finish_reason:
            self._stops[shape.index] = stop_reason(shape.finish_reason, called=shape.index in self._called)
            if all(self._stops.values()):
                self.stop = self._stops[shape.index]
        return any(told)

    def _part(self, part: PartShape, index: int) -> bool:
        self.output_chars += len(part.text or "")
        if part.function_call is not None:
            self._called.add(index)
            self.output_chars += len(part.function_call.name or "") + len(bytes(part.function_call.args))
            return True
        return part.is_foreign
