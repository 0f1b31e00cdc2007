"""Evidence from replies that are forwarded as bytes: usage, model, stop reason, characters, errors.

`stop` (a `core.chat.StopReason` value, as in every dialect) is set once *every* choice has given its finish reason.
Many imitators never send `[DONE]`: an upstream that ends with `stop` set was complete, one that ends without was cut.
"""

from collections.abc import Callable

import msgspec

from trigate.core.envelope import Envelope
from trigate.core.errors import Fault
from trigate.core.ports import CONTENT, ENDED, FAILED, HIDDEN, SILENT
from trigate.core.usage import Usage
from trigate.dialects.openai_chat.shapes import DONE, CallShape, Chunk, Said, decode_chunk, decode_reply, stop_reason
from trigate.dialects.openai_chat.stream_reader import in_band_error
from trigate.dialects.openai_chat.usage import read_usage


class Meter:
    """One forwarded reply. The relay calls `event` for each event in order, or `whole` once."""

    __slots__ = ("_choices", "_hides_usage", "_read", "fault", "model", "output_chars", "stop", "usage")

    def __init__(self, envelope: Envelope, read: Callable[[bytes], Chunk] = decode_chunk) -> None:
        """`read` makes a chunk of an event's data."""
        self.usage: Usage | None = None
        self.model = ""
        self.stop = ""
        self.output_chars = 0
        self.fault: Fault | None = None
        self._read = read
        self._hides_usage = envelope.stream and not envelope.wants_usage
        self._choices = {index: _ChoiceSeen() for index in range(max(envelope.n, 1))}

    def event(self, name: str, data: bytes) -> int:
        """Judge one event. CONTENT is any text, refusal, reasoning or part of a tool call. Raises ValueError."""
        if not data:
            return SILENT
        if data.strip() == DONE:
            return ENDED
        chunk = self._read(data)
        if failed := in_band_error(name, data, chunk):
            self.fault = failed.fault
            return FAILED
        if chunk.usage is not None:
            self.usage = read_usage(chunk.usage)
            if not chunk.choices:
                return HIDDEN if self._hides_usage else SILENT
        if not self.model and chunk.model:
            self.model = chunk.model
        verdict = SILENT
        for choice in chunk.choices or ():
            said = choice.delta
            if said is not None and self._counts(choice.index, said):
                verdict = CONTENT
            if choice.finish_reason:
                self._finish(choice.index, choice.finish_reason)
        return verdict

    def whole(self, body: bytes) -> None:
        """Read a whole reply. Raises ValueError when it is not a reply of this dialect."""
        shape = decode_reply(body)
        if not shape.choices:
            raise ValueError("a reply without choices")
        self.model = shape.model or ""
        if shape.usage is not None:
            self.usage = read_usage(shape.usage)
        self._choices = {}
        for choice in shape.choices:
            self._counts(choice.index, choice.message)
            self._finish(choice.index, choice.finish_reason or "stop")

    def _counts(self, index: int, said: Said) -> bool:
        """Add the characters of what was said; whether anything was."""
        before = self.output_chars
        if said.content:
            self.output_chars += len(said.content)
        if thinking := said.reasoning_content or said.reasoning:
            self.output_chars += len(thinking)
        if said.refusal:
            self.output_chars += len(said.refusal)
            self._seen(index).refused = True
        if said.tool_calls:
            self._count_calls(self._seen(index), said.tool_calls)
            return True
        return self.output_chars > before

    def _count_calls(self, choice: "_ChoiceSeen", calls: list[CallShape]) -> None:
        choice.called = True
        for call in calls:
            if call.function is not None:
                self.output_chars += len(call.function.name or "") + len(call.function.arguments or "")

    def _seen(self, index: int) -> "_ChoiceSeen":
        return self._choices.setdefault(index, _ChoiceSeen())

    def _finish(self, index: int, reason: str) -> None:
        choice = self._seen(index)
        if not choice.stop:
            choice.stop = stop_reason(reason, called=choice.called, refused=choice.refused)
        if all(seen.stop for seen in self._choices.values()):
            self.stop = choice.stop


class _ChoiceSeen(msgspec.Struct):
    """What is known of one choice; `stop` is empty while it runs."""

    called: bool = False
    refused: bool = False
    stop: str = ""
