"""Writes OpenAI chat completions: the whole object, or its stream of chunks.

Contract: pure. Source: platform.openai.com/docs/api-reference/chat (object, streaming); chunk fields as the API sends
them, `obfuscation` included. Above: `openai`. Below: `answer`, `ids`, `tokens`.
"""

from typing import Final

import msgspec

from trigate.simulator import ids, tokens
from trigate.simulator.answer import Answer, Stop
from trigate.simulator.reply import Ask, Event, Reply

CREATED: Final = 1_750_000_000
"""Every reply's `created`: a fixed instant, so that the same request gets the same bytes."""

_FINISH: Final[dict[Stop, str]] = {
    "end": "stop",
    "stop_sequence": "stop",
    "refusal": "stop",
    "length": "length",
    "tools": "tool_calls",
    "filter": "content_filter",
}
_OBFUSCATION: Final = 16
_encode = msgspec.json.encode


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be written: one answer for each choice."""

    ask: Ask
    answers: tuple[Answer, ...]
    prompt_tokens: int
    tier: str
    include_usage: bool
    obfuscate: bool

    @property
    def id(self) -> str:
        return ids.ident("chatcmpl-", 29, self.ask.seed)

    @property
    def fingerprint(self) -> str:
        return "fp_" + ids.digest(self.ask.model.encode())[:10]

    @property
    def output_tokens(self) -> int:
        return sum(answer.output_tokens for answer in self.answers)

    def finish_reason(self, answer: Answer) -> str:
        return self.ask.script.finish or _FINISH[answer.stop]

    def call_id(self, choice: int, index: int) -> str:
        number = 0 if "repeat_id" in self.ask.script.quirk else choice * 128 + index
        return ids.ident("call_", 24, self.ask.seed, number)


def whole(completion: Completion) -> Reply:
    """The `chat.completion` object."""
    body: dict[str, object] = {
        "id": completion.id,
        "object": "chat.completion",
        "created": CREATED,
        "model": completion.ask.model,
        "choices": [_choice(completion, index, answer) for index, answer in enumerate(completion.answers)],
        "service_tier": completion.tier,
        "system_fingerprint": completion.fingerprint,
    }
    if completion.ask.script.usage != "missing":
        body["usage"] = _usage(completion)
    return Reply(body=_encode(body), tokens=completion.output_tokens)


def _choice(completion: Completion, index: int, answer: Answer) -> dict[str, object]:
    quirk = completion.ask.script.quirk
    refused = answer.stop == "refusal"
    content = None if refused or answer.calls else answer.text
    message: dict[str, object] = {
        "role": "assistant",
        "content": "" if content is None and "empty_content" in quirk else content,
        "refusal": answer.text if refused else None,
        "annotations": [],
    }
    if "reasoning_content" in quirk:
        message["reasoning_content"] = answer.thinking
    if answer.calls or "empty_tool_calls" in quirk:
        message["tool_calls"] = [
            {
                "id": completion.call_id(index, number),
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for number, call in enumerate(answer.calls)
        ]
    return {"index": index, "message": message, "logprobs": None, "finish_reason": completion.finish_reason(answer)}


def _usage(completion: Completion) -> dict[str, object]:
    script = completion.ask.script
    factor = {"zero": 0, "wrong": 10}.get(script.usage or "", 1)
    cached = min(script.cached, completion.prompt_tokens)
    output = completion.output_tokens
    return {
        "prompt_tokens": completion.prompt_tokens * factor,
        "completion_tokens": output * factor,
        "total_tokens": (completion.prompt_tokens + output) * factor,
        "prompt_tokens_details": {"cached_tokens": cached * factor, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": sum(answer.thinking_tokens for answer in completion.answers) * factor,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def stream(completion: Completion) -> Reply:
    """The `chat.completion.chunk` events: role, content, finish, usage if asked for, `[DONE]`."""
    writer = _ChunkWriter(completion)
    writers = [_choice_events(writer, index, answer) for index, answer in enumerate(completion.answers)]
    events = [event for row in _by_turns(writers) for event in row]
    if completion.include_usage and completion.ask.script.usage != "missing":
        events.append(writer.usage())
    if "no_done" not in completion.ask.script.quirk:
        events.append(Event(b"data: [DONE]\n\n"))
    return Reply(content_type="text/event-stream; charset=utf-8", events=tuple(events))


def _by_turns(rows: list[list[Event]]) -> list[list[Event]]:
    """Choices of one stream come interleaved: the first event of each, then the second of each ..."""
    longest = max(len(row) for row in rows)
    return [[row[i] for row in rows if i < len(row)] for i in range(longest)]


class _ChunkWriter:
    """Chunks differ in little: what is the same in all of them is encoded once."""

    def __init__(self, completion: Completion) -> None:
        self.completion = completion
        head = {
            "id": completion.id,
            "object": "chat.completion.chunk",
            "created": CREATED,
            "model": completion.ask.model,
            "service_tier": completion.tier,
            "system_fingerprint": completion.fingerprint,
        }
        self._head = b"data: " + _encode(head)[:-1]
        self._usage = b',"usage":null' if completion.include_usage else b""
        self._noise = ids.digest(completion.ask.seed.encode()).encode()

    def chunk(self, index: int, delta: object, billed: int = 0, finish: str | None = None) -> Event:
        piece = _encode(delta)
        choice = b',"choices":[{"index":%d,"delta":%b,"logprobs":null,"finish_reason":%b}]' % (
            index,
            piece,
            _encode(finish),
        )
        return Event(self._head + choice + self._usage + self._padding(len(piece)) + b"}\n\n", billed)

    def usage(self) -> Event:
        usage = b',"choices":[],"usage":' + _encode(_usage(self.completion))
        return Event(self._head + usage + self._padding(0) + b"}\n\n")

    def _padding(self, used: int) -> bytes:
        """Random characters that even out the sizes of chunks, as the API adds them unless told not to."""
        if not self.completion.obfuscate:
            return b""
        return b',"obfuscation":"%b"' % self._noise[: _OBFUSCATION - used % _OBFUSCATION]


def _choice_events(writer: _ChunkWriter, index: int, answer: Answer) -> list[Event]:
    completion = writer.completion
    quirk = completion.ask.script.quirk
    refused = answer.stop == "refusal"
    first: dict[str, object] = {
        "role": "assistant",
        "content": None if answer.calls and "empty_content" not in quirk else "",
        "refusal": None,
    }
    events = [writer.chunk(index, first, answer.thinking_tokens)]
    if "reasoning_content" in quirk:
        events += [
            writer.chunk(index, {"reasoning_content": piece}) for piece in tokens.pieces(answer.thinking) if piece
        ]
    field = "refusal" if refused else "content"
    for piece in tokens.pieces(answer.text):
        delta: dict[str, object] = {field: piece}
        if "empty_tool_calls" in quirk:
            delta["tool_calls"] = []
        events.append(writer.chunk(index, delta, 1))
    events += _call_events(writer, index, answer)
    events.append(writer.chunk(index, {}, finish=completion.finish_reason(answer)))
    return events


def _call_events(writer: _ChunkWriter, choice: int, answer: Answer) -> list[Event]:
    """Fragments of calls: id and name on the first of each, then the arguments piece by piece."""
    quirk = writer.completion.ask.script.quirk
    calls: list[list[Event]] = []
    for index, call in enumerate(answer.calls):
        ident = writer.completion.call_id(choice, index)
        opening = {"index": index, "id": ident, "type": "function", "function": {"name": call.name, "arguments": ""}}
        events = [writer.chunk(choice, {"tool_calls": [opening]}, tokens.count(call.name))]
        for piece in tokens.pieces(call.arguments):
            fragment: dict[str, object] = {"index": index, "function": {"arguments": piece}}
            if "no_index" in quirk:
                del fragment["index"]
            if "repeat_id" in quirk:
                fragment["id"] = ident
            delta: dict[str, object] = {"tool_calls": [fragment]}
            if "empty_content" in quirk:
                delta["content"] = ""
            events.append(writer.chunk(choice, delta, 1))
        calls.append(events)
    rows = _by_turns(calls) if calls and "interleave" in quirk else calls
    return [event for row in rows for event in row]
