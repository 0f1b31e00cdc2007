"""What fake vendors say: replies, streams and errors as OpenAI and Anthropic write them, for `upstream.memory`."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from typing import Final

from trigate.core.ports import Call
from trigate.upstream.memory import Scripted, Vendor

JSON: Final = {"content-type": "application/json", "x-request-id": "vendor-1"}
SSE: Final = {"content-type": "text/event-stream; charset=utf-8", "x-request-id": "vendor-1"}

OPENAI_USAGE: Final = {
    "prompt_tokens": 12,
    "completion_tokens": 3,
    "total_tokens": 15,
    "prompt_tokens_details": {"cached_tokens": 4},
}
ANTHROPIC_USAGE: Final = {"input_tokens": 8, "output_tokens": 3, "cache_read_input_tokens": 4}


def data(event: object, name: str = "") -> bytes:
    """One event of a stream."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(event)}\n\n".encode()


def openai_reply(text: str = "Hello!", usage: object = OPENAI_USAGE) -> bytes:
    """A whole chat completion."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    reply = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-4.1-2025",
        "choices": [choice],
    }
    return json.dumps(reply | ({"usage": usage} if usage else {})).encode()


def openai_chunk(text: str | None = None, finish: str | None = None, usage: object = None) -> bytes:
    """One chunk of a chat completion; with usage it has no choices."""
    choice = {"index": 0, "delta": {} if text is None else {"content": text}, "finish_reason": finish}
    chunk = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "gpt-4.1-2025",
        "choices": [] if usage else [choice],
    }
    return data(chunk | ({"usage": usage} if usage else {}))


DONE: Final = b"data: [DONE]\n\n"
OPENAI_USAGE_CHUNK: Final = openai_chunk(usage=OPENAI_USAGE)
OPENAI_STREAM: Final = (
    openai_chunk(""),
    openai_chunk("Hel"),
    openai_chunk("lo!"),
    openai_chunk(finish="stop"),
    OPENAI_USAGE_CHUNK,
    DONE,
)


def anthropic_reply(text: str = "Hello!") -> bytes:
    """A whole message."""
    return json.dumps(
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "claude-sonnet-4-5-2025",
            "content": [{"type": "text", "text": text}],
            "stop_reason": "end_turn",
            "stop_sequence": None,
            "usage": ANTHROPIC_USAGE,
        }
    ).encode()


def anthropic_event(name: str, **fields: object) -> bytes:
    """One event of a message's stream."""
    return data({"type": name, **fields}, name)


def anthropic_delta(text: str) -> bytes:
    """A piece of text."""
    return anthropic_event("content_block_delta", index=0, delta={"type": "text_delta", "text": text})


ANTHROPIC_START: Final = anthropic_event(
    "message_start",
    message={
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-5-2025",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 8, "cache_read_input_tokens": 4, "output_tokens": 1},
    },
)
ANTHROPIC_STREAM: Final = (
    ANTHROPIC_START,
    anthropic_event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
    anthropic_delta("Hel"),
    anthropic_delta("lo!"),
    anthropic_event("content_block_stop", index=0),
    anthropic_event("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage=ANTHROPIC_USAGE),
    anthropic_event("message_stop"),
)


def says(body: bytes, content_type: str = "application/json", status: int = 200) -> Vendor:
    """A vendor with one whole reply."""

    async def vendor(call: Call) -> Scripted:
        return Scripted(status, {**JSON, "content-type": content_type}, [body])

    return vendor


def streams(events: Sequence[bytes], gap: float = 0.0, then: str = "ends") -> Vendor:
    """A vendor that streams `events`, `gap` seconds before each; then it `ends`, breaks (`cut`) or falls `silent`."""

    async def body() -> AsyncGenerator[bytes, None]:
        for event in events:
            await asyncio.sleep(gap)
            yield event
        if then == "cut":
            raise ConnectionError
        if then == "silent":
            await asyncio.sleep(1e6)

    async def vendor(call: Call) -> Scripted:
        return Scripted(200, SSE, body())

    return vendor


def refuses(status: int, message: str = "no", code: str = "", headers: dict[str, str] | None = None) -> Vendor:
    """A vendor that answers with an OpenAI error body, which says enough in both dialects."""
    body = json.dumps({"error": {"message": message, "type": code, "code": code}}).encode()

    async def vendor(call: Call) -> Scripted:
        return Scripted(status, JSON | (headers or {}), [body])

    return vendor


def silent(seconds: float = 1e6) -> Vendor:
    """A vendor that takes the call and says nothing for so long."""

    async def vendor(call: Call) -> Scripted:
        await asyncio.sleep(seconds)
        return Scripted(200, JSON, [openai_reply()])

    return vendor


def hangs_up() -> Vendor:
    """A vendor that closes the connection before it answers."""

    async def vendor(call: Call) -> Scripted:
        raise ConnectionError

    return vendor
