"""Reads an upstream's stream as neutral deltas. A chunk has the shape of a whole reply, and adds to it.

Contract: `core.ports.StreamReader`. Function calls come whole. The API has no end of its own: a stream is complete when
each candidate has its finish reason. Usage is told with that, since the totals of earlier chunks are not final.
Source: ai.google.dev/api/generate-content#method:-models.streamgeneratecontent. Above: the relay. Below: `shapes`,
`usage`, `reply`, `error`.
"""

from trigate.core.chat import (
    ArgumentsDelta,
    BlockStarted,
    BlockStopped,
    Delta,
    Ended,
    Failed,
    Finished,
    Metered,
    RedactedThinking,
    SignatureDelta,
    Started,
    StopReason,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    ToolCall,
)
from trigate.dialects.gemini.error import read_event_error
from trigate.dialects.gemini.reply import read_call
from trigate.dialects.gemini.shapes import (
    BROKEN,
    NOTHING,
    CandidateShape,
    PartShape,
    ResponseShape,
    read_response,
    stop_reason,
)
from trigate.dialects.gemini.usage import Tally


class GeminiStreamReader:
    """One per reply."""

    __slots__ = ("_candidates", "_over", "_reply_id", "_started", "_tally")

    def __init__(self) -> None:
        self._tally = Tally()
        self._candidates: dict[int, _Candidate] = {}
        self._reply_id = ""
        self._started = self._over = False

    def read(self, name: str, data: bytes) -> list[Delta]:
        """The deltas of one chunk. Raises ValueError on malformed data."""
        if self._over or not data:
            return []
        chunk = read_response(data)
        if chunk.error is not NOTHING:
            self._over = True
            return [Failed(read_event_error(data))]
        if chunk.says_nothing:
            return []
        deltas: list[Delta] = []
        if not self._started:
            self._started = True
            self._reply_id = chunk.response_id or ""
            deltas.append(Started(self._reply_id, chunk.model_version or ""))
        finished = self._said(chunk, deltas)
        if chunk.usage_metadata is not None:
            usage = self._tally.add(chunk.usage_metadata)
            if finished:
                deltas.append(Metered(usage))
        if chunk.is_blocked:
            self._over = True
            deltas.append(Ended())
        return deltas

    def _said(self, chunk: ResponseShape, deltas: list[Delta]) -> bool:
        """Whether something finished, now or before."""
        if chunk.is_blocked:
            deltas.append(Finished(StopReason.CONTENT_FILTER))
            return True
        for shape in chunk.candidates or ():
            candidate = self._candidates.get(shape.index)
            if candidate is None:
                candidate = self._candidates[shape.index] = _Candidate(shape.index, self._reply_id)
            candidate.read(shape, deltas)
        return any(candidate.finished for candidate in self._candidates.values())


class _Candidate:
    """The blocks of one choice."""

    __slots__ = ("_blocks", "_calls", "_index", "_is_thinking", "_open", "_reply_id", "finished")

    def __init__(self, index: int, reply_id: str) -> None:
        self.finished = False
        self._index = index
        self._reply_id = reply_id
        self._blocks = self._calls = 0
        self._open = -1  # the block of prose that is open
        self._is_thinking = False

    def read(self, shape: CandidateShape, deltas: list[Delta]) -> None:
        for part in shape.parts:
            self._part(part, deltas)
        if shape.finish_reason and not self.finished:
            if shape.finish_reason in BROKEN:
                raise ValueError(f"the model stopped with {shape.finish_reason}")
            self._stop(deltas)
            self.finished = True
            stop = stop_reason(shape.finish_reason, called=self._calls > 0)
            deltas.append(Finished(stop, None, self._index))

    def _part(self, part: PartShape, deltas: list[Delta]) -> None:
        if part.is_foreign:
            raise ValueError("a part that was not asked for")
        text, signature = part.text or "", part.thought_signature or None
        if part.function_call is not None:
            self._call(part, deltas)
        elif part.thought and part.text is None:
            if signature:
                self._whole(RedactedThinking(signature), deltas)
        elif part.thought:
            self._thought(text, signature, deltas)
        else:
            if text:
                self._prose(False, deltas)
                deltas.append(TextDelta(self._open, text, self._index))
            if signature:
                self._whole(Thinking(""), deltas, signature)

    def _thought(self, text: str, signature: str | None, deltas: list[Delta]) -> None:
        if text:
            self._prose(True, deltas)
            deltas.append(ThinkingDelta(self._open, text, self._index))
        if not signature:
            return
        if self._open >= 0 and self._is_thinking:
            deltas.append(SignatureDelta(self._open, signature, self._index))
            self._stop(deltas)
        else:
            self._whole(Thinking(""), deltas, signature)

    def _call(self, part: PartShape, deltas: list[Delta]) -> None:
        call = read_call(part, self._reply_id, self._index, self._calls)
        self._calls += 1
        self._stop(deltas)
        index = self._begin(ToolCall(call.id, call.name, signature=call.signature), deltas)
        deltas.append(ArgumentsDelta(index, call.arguments, self._index))
        deltas.append(BlockStopped(index, self._index))

    def _whole(self, block: Thinking | RedactedThinking, deltas: list[Delta], signature: str | None = None) -> None:
        self._stop(deltas)
        index = self._begin(block, deltas)
        if signature is not None:
            deltas.append(SignatureDelta(index, signature, self._index))
        deltas.append(BlockStopped(index, self._index))

    def _prose(self, thinking: bool, deltas: list[Delta]) -> None:
        """Open a block of that kind, unless it is the one that is open."""
        if self._open < 0 or self._is_thinking is not thinking:
            self._stop(deltas)
            self._open = self._begin(Thinking("") if thinking else Text(""), deltas)
            self._is_thinking = thinking

    def _begin(self, block: Text | Thinking | RedactedThinking | ToolCall, deltas: list[Delta]) -> int:
        if self.finished:
            raise ValueError("content after a finish reason")
        index, self._blocks = self._blocks, self._blocks + 1
        deltas.append(BlockStarted(index, block, self._index))
        return index

    def _stop(self, deltas: list[Delta]) -> None:
        if self._open >= 0:
            deltas.append(BlockStopped(self._open, self._index))
            self._open = -1
