"""Writes Anthropic messages: the whole object, or its stream of named events.

Contract: pure. Source: platform.claude.com/docs/en/api/messages and .../build-with-claude/streaming.
Above: `anthropic`. Below: `answer`, `ids`, `tokens`.
"""

import base64
from typing import Final

import msgspec

from trigate.simulator import ids, tokens
from trigate.simulator.answer import Answer, Stop
from trigate.simulator.prefixes import CacheUse
from trigate.simulator.reply import Ask, Event, Reply

_STOP: Final[dict[Stop, str]] = {
    "end": "end_turn",
    "stop_sequence": "stop_sequence",
    "length": "max_tokens",
    "tools": "tool_use",
    "filter": "refusal",
    "refusal": "refusal",
}
_PING: Final = Event(b'event: ping\ndata: {"type": "ping"}\n\n')
_encode = msgspec.json.encode
_Block = dict[str, object]


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be written. `input_tokens` excludes those of the cache."""

    ask: Ask
    answer: Answer
    input_tokens: int
    cache: CacheUse
    repeatable: bool

    @property
    def id(self) -> str:
        return ids.ident("msg_01", 22, self.ask.seed)

    @property
    def stop(self) -> dict[str, object]:
        reason = self.ask.script.finish or _STOP[self.answer.stop]
        details = {"type": "refusal", "category": None, "explanation": None} if reason == "refusal" else None
        return {"stop_reason": reason, "stop_sequence": self.answer.stop_sequence, "stop_details": details}


def whole(written: Written) -> Reply:
    """The `message` object."""
    body: dict[str, object] = {
        "id": written.id,
        "type": "message",
        "role": "assistant",
        "model": written.ask.model,
        "content": _blocks(written),
        **written.stop,
    }
    if written.ask.script.usage != "missing":
        body["usage"] = _usage(written, written.answer.output_tokens)
    return Reply(body=_encode(body), tokens=written.answer.output_tokens, repeatable=written.repeatable)


def stream(written: Written) -> Reply:
    """The events, `message_start` to `message_stop`."""
    quirk = written.ask.script.quirk
    missing = written.ask.script.usage == "missing"
    message: dict[str, object] = {
        "id": written.id,
        "type": "message",
        "role": "assistant",
        "model": written.ask.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "stop_details": None,
    }
    if not missing:
        message["usage"] = _usage(written, 1)
    events = [_event("message_start", {"message": message})]
    for index, block in enumerate(_blocks(written)):
        events += _block_events(index, block)
        if index == 0:
            events.insert(2, _PING)
    ending: dict[str, object] = {"delta": written.stop}
    if not missing:
        ending["usage"] = _final_usage(written)
    events.append(_event("message_delta", ending))
    if "no_done" not in quirk:
        events.append(_event("message_stop", {}))
    if "pings" in quirk:
        events = [one for event in events for one in (_PING, event)]
    return Reply(content_type="text/event-stream; charset=utf-8", events=tuple(events), repeatable=written.repeatable)


def _usage(written: Written, output: int) -> dict[str, object]:
    factor = _factor(written)
    cache = written.cache
    return {
        "input_tokens": written.input_tokens * factor,
        "cache_creation_input_tokens": (cache.written_5m + cache.written_1h) * factor,
        "cache_read_input_tokens": cache.read * factor,
        "cache_creation": {
            "ephemeral_5m_input_tokens": cache.written_5m * factor,
            "ephemeral_1h_input_tokens": cache.written_1h * factor,
        },
        "output_tokens": output * factor,
        "service_tier": "standard",
        "inference_geo": "global",
    }


def _final_usage(written: Written) -> dict[str, object]:
    """The cumulative usage of `message_delta`."""
    factor = _factor(written)
    output = written.answer.output_tokens * factor
    if "no_input_usage" in written.ask.script.quirk:
        return {"output_tokens": output}
    cache = written.cache
    return {
        "input_tokens": written.input_tokens * factor,
        "cache_creation_input_tokens": (cache.written_5m + cache.written_1h) * factor,
        "cache_read_input_tokens": cache.read * factor,
        "output_tokens": output,
        "output_tokens_details": {"thinking_tokens": written.answer.thinking_tokens * factor},
    }


def _factor(written: Written) -> int:
    return {"zero": 0, "wrong": 10}.get(written.ask.script.usage or "", 1)


def _blocks(written: Written) -> list[_Block]:
    """The content: thinking, then text or calls."""
    answer, script, seed = written.answer, written.ask.script, written.ask.seed
    signature = base64.b64encode(ids.digest(seed.encode(), b"signature").encode()).decode()
    blocks: list[_Block] = []
    if script.redacted_thinking:
        blocks.append({"type": "redacted_thinking", "data": signature})
    if answer.thinking_tokens:
        blocks.append({"type": "thinking", "thinking": answer.thinking, "signature": signature})
    if answer.text or "empty_content" in script.quirk:
        blocks.append({"type": "text", "text": answer.text})
    for index, call in enumerate(answer.calls):
        ident = ids.ident("toolu_01", 22, seed, 0 if "repeat_id" in script.quirk else index)
        arguments = msgspec.json.decode(call.arguments)
        blocks.append({"type": "tool_use", "id": ident, "name": call.name, "input": arguments})
    return blocks


def _block_events(index: int, block: _Block) -> list[Event]:
    opening, deltas = _opened(block)
    billed = tokens.count(str(block["name"])) if block["type"] == "tool_use" else 0
    events = [_event("content_block_start", {"index": index, "content_block": opening}, billed)]
    events += [_event("content_block_delta", {"index": index, "delta": delta}, cost) for delta, cost in deltas]
    events.append(_event("content_block_stop", {"index": index}))
    return events


def _opened(block: _Block) -> tuple[_Block, list[tuple[_Block, int]]]:
    """A block as it starts, and its deltas with the tokens that each carries."""
    match block:
        case {"type": "text", "text": str(text)}:
            deltas: list[tuple[_Block, int]] = [
                ({"type": "text_delta", "text": piece}, 1) for piece in tokens.pieces(text)
            ]
            return {"type": "text", "text": ""}, deltas
        case {"type": "thinking", "thinking": str(text), "signature": signature}:
            deltas = [({"type": "thinking_delta", "thinking": piece}, 1) for piece in tokens.pieces(text)]
            deltas.append(({"type": "signature_delta", "signature": signature}, 0))
            return {"type": "thinking", "thinking": "", "signature": ""}, deltas
        case {"type": "tool_use", "input": arguments}:
            pieces = tokens.pieces(_encode(arguments).decode())
            deltas = [({"type": "input_json_delta", "partial_json": ""}, 0)]
            deltas += [({"type": "input_json_delta", "partial_json": piece}, 1) for piece in pieces]
            return {**block, "input": {}}, deltas
    return block, []


def _event(kind: str, fields: dict[str, object], billed: int = 0) -> Event:
    return Event(b"event: %b\ndata: %b\n\n" % (kind.encode(), _encode({"type": kind, **fields})), billed)
