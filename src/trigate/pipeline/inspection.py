"""Inspection: guardrails on a request before it is sent, and on a reply before the client has it.

A streamed reply is held back by the largest reach of its guardrails, no more: what is released can be part of no
match that was not seen. Blocks are judged apart, and to their end when they stop. A reply that cannot be read in full
is not let through: a guardrail that did not run fails closed.
"""

from collections import deque
from collections.abc import Sequence

import msgspec

from trigate.core.chat import (
    ArgumentsDelta,
    Block,
    BlockStarted,
    BlockStopped,
    Delta,
    Refusal,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    ToolCall,
)
from trigate.core.decision import Decision, Verdict
from trigate.core.errors import AttemptFailed, Category, ErrorClass, Fault
from trigate.core.part import Part, PartKind
from trigate.core.ports import Dialect, Guardrail, Side
from trigate.core.usage import Usage
from trigate.pipeline.relay import MALFORMED, Relay
from trigate.wire.sse import SseDecoder

BlockKey = tuple[int, int]
"""Choice and index."""


def first_denial(guardrails: Sequence[Guardrail], side: Side, parts: Sequence[Part]) -> Decision | None:
    """The decision of the first guardrail that lets one of the parts not pass; None when all pass."""
    for guardrail in guardrails:
        if side not in guardrail.on:
            continue
        for part in parts:
            reason = guardrail.inspect(part)
            if reason is not None:
                return Decision(f"guardrails.{guardrail.name}", Verdict.DENY, f"{side}, {part.kind}: {reason}")
    return None


def denied(decision: Decision) -> Fault:
    """What the client is told: which rule, and on which side; nothing of the content."""
    message = f"{decision.rule} does not let this pass ({decision.reason})"
    return Fault("guardrail_denied", Category.CONTENT, 400, message)


class GuardrailDenied(AttemptFailed):
    """A reply was not let through. No other target is tried: the verdict would be routed around."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(ErrorClass.CONTENT_FILTER, denied(decision), status=200)
        self.decision = decision


class _Held(msgspec.Struct):
    """One event that waits: it may go when its block is judged up to `end`. `block` is None for events without text."""

    raw: bytes
    block: BlockKey | None
    end: int


class _Window(msgspec.Struct):
    """One block: the window of its last `text`, new from `fresh` on; its `length`, and how much of it was `judged`."""

    text: str = ""
    fresh: int = 0
    length: int = 0
    judged: int = 0


class _Inspected:
    """What both kinds have in common: a relay behind another, with what that one knows."""

    def __init__(self, inner: Relay, guardrails: Sequence[Guardrail]) -> None:
        self._inner = inner
        self._guardrails = guardrails
        self.committed = False
        self.done = False

    @property
    def usage(self) -> Usage | None:
        """As reported so far."""
        return self._inner.usage

    @property
    def served_model(self) -> str:
        """The model that the vendor names in its reply."""
        return self._inner.served_model

    @property
    def stop(self) -> str:
        """The stop reason; empty while unknown."""
        return self._inner.stop

    @property
    def output_chars(self) -> int:
        """Characters of content so far, held or not: the vendor wrote them."""
        return self._inner.output_chars


class InspectedStream(_Inspected):
    """Reads the client's own events on their way out, and lets go only what was judged."""

    def __init__(self, inner: Relay, client: Dialect, guardrails: Sequence[Guardrail], event_limit: int) -> None:
        super().__init__(inner, guardrails)
        self._decoder = SseDecoder(event_limit)
        self._reader = client.stream_reader()
        reaches = [guardrail.reach for guardrail in guardrails]
        self._reach = None if None in reaches else max(each for each in reaches if each is not None)
        self._held: deque[_Held] = deque()
        self._blocks: dict[BlockKey, _Window] = {}
        self._kinds: dict[BlockKey, PartKind] = {}

    def feed(self, chunk: bytes) -> bytes:
        """Raises `AttemptFailed`; `GuardrailDenied` when a guardrail does not let the reply pass."""
        return self._judge(self._inner.feed(chunk))

    def finish(self) -> bytes:
        """The end of the inner relay is the end of every block."""
        return self._judge(self._inner.finish())

    def fail(self, fault: Fault, request_id: str) -> bytes:
        """An error event in the client's dialect; what is held goes nowhere."""
        self._held.clear()
        return self._inner.fail(fault, request_id)

    def _judge(self, out: bytes) -> bytes:
        try:
            for event in self._decoder.feed(out):
                deltas = self._reader.read(event.event, event.data) if event.data else []
                block, end = self._note(deltas)
                self._held.append(_Held(event.raw, block, end))
        except ValueError:
            raise AttemptFailed(ErrorClass.MALFORMED, MALFORMED, status=200) from None
        if self._inner.done:
            for key in list(self._blocks):
                self._close(key)
        return self._release()

    def _note(self, deltas: Sequence[Delta]) -> tuple[BlockKey | None, int]:
        """Take an event's deltas in; returns the last block that got text, and its length then."""
        last: BlockKey | None = None
        for delta in deltas:
            match delta:
                case BlockStarted(index=index, block=block, choice=choice):
                    self._kinds[choice, index] = _kind(block)
                    self._blocks[choice, index] = _Window()
                    last = self._add((choice, index), _opening(block)) or last
                case (
                    TextDelta(index=index, text=text, choice=choice)
                    | ThinkingDelta(index=index, text=text, choice=choice)
                ):
                    last = self._add((choice, index), text) or last
                case ArgumentsDelta(index=index, fragment=fragment, choice=choice):
                    last = self._add((choice, index), fragment) or last
                case BlockStopped(index=index, choice=choice):
                    self._close((choice, index))
        return last, self._blocks[last].length if last is not None and last in self._blocks else 0

    def _add(self, key: BlockKey, text: str) -> BlockKey | None:
        if not text:
            return None
        block = self._blocks[key]
        block.text += text
        block.length += len(text)
        if self._reach is not None:
            self._inspect(key, block, complete=False)
            block.judged = block.length - self._reach
            block.text = block.text[-2 * self._reach :]
            block.fresh = len(block.text)
        return key

    def _close(self, key: BlockKey) -> None:
        block = self._blocks.pop(key, None)
        if block is not None:
            self._inspect(key, block, complete=True)

    def _inspect(self, key: BlockKey, block: _Window, *, complete: bool) -> None:
        part = Part(self._kinds[key], block.text, complete=complete, fresh=block.fresh)
        decision = first_denial(self._guardrails, "reply", (part,))
        if decision is not None:
            raise GuardrailDenied(decision)

    def _release(self) -> bytes:
        """Events in order, up to the first whose block is not judged so far; the first time, not without content."""
        ready = 0
        content = self._inner.done
        for held in self._held:
            block = self._blocks.get(held.block) if held.block is not None else None
            if block is not None and block.judged < held.end:
                break
            content = content or held.block is not None
            ready += 1
        if not (self.committed or content):
            return b""
        out = b"".join(self._held.popleft().raw for _ in range(ready))
        self.committed = True
        self.done = self._inner.done and not self._held
        return out


class InspectedReply(_Inspected):
    """A whole reply, judged when complete, before its first byte."""

    def __init__(self, inner: Relay, client: Dialect, guardrails: Sequence[Guardrail]) -> None:
        super().__init__(inner, guardrails)
        self._client = client

    def feed(self, chunk: bytes) -> bytes:
        """Nothing comes out before the end. Raises `AttemptFailed`."""
        return self._inner.feed(chunk)

    def finish(self) -> bytes:
        """Raises `AttemptFailed`; `GuardrailDenied` when a guardrail does not let the reply pass."""
        body = self._inner.finish()
        try:
            reply = self._client.read_reply(body)
        except ValueError:
            raise AttemptFailed(ErrorClass.MALFORMED, MALFORMED, status=200) from None
        parts = [Part(_kind(block), _opening(block)) for choice in reply.choices for block in choice.content]
        decision = first_denial(self._guardrails, "reply", parts)
        if decision is not None:
            raise GuardrailDenied(decision)
        self.committed = self.done = True
        return body

    def fail(self, fault: Fault, request_id: str) -> bytes:
        """Nothing: a whole reply that fails was never begun."""
        return b""


def _kind(block: Block) -> PartKind:
    return PartKind.TOOL_ARGUMENTS if isinstance(block, ToolCall) else PartKind.ASSISTANT


def _opening(block: Block) -> str:
    """The text that a block has from its start."""
    match block:
        case Text(text=text) | Thinking(text=text) | Refusal(text=text):
            return text
        case ToolCall(arguments=arguments):
            return arguments
    return ""
