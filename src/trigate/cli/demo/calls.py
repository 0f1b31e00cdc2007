"""The sample calls, and what each of them has to do: a demo that shows something else than it says has failed."""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from trigate.cli.demo.client import Client, Reply
from trigate.cli.demo.settings import Keys

OPENAI_PATH: Final = "/v1/chat/completions"
ANTHROPIC_PATH: Final = "/v1/messages"
ANTHROPIC_VERSION: Final = "2023-06-01"
OK: Final = 200
FORBIDDEN: Final = 403

PARAMETERS: Final = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER: Final = {"name": "get_weather", "description": "The weather in a city.", "parameters": PARAMETERS}

Fields = dict[str, object]


class Call(msgspec.Struct, frozen=True):
    """One sample call. `target` is where it must be served, `says` what must stand in the reply."""

    title: str
    surface: str
    model: str
    target: str
    text: str = "Hello, who are you?"
    fields: Fields = {}
    says: tuple[bytes, ...] = ()
    status: int = OK
    key: Callable[[Keys], str] = lambda keys: keys.assistant

    def send(self, client: Client, keys: Keys) -> Reply:
        """Make it. Raises OSError, `http.client.HTTPException`."""
        body = {"model": self.model, "messages": [{"role": "user", "content": self.text}], **self.fields}
        key = self.key(keys)
        if self.surface == "openai":
            return client.post(OPENAI_PATH, {"authorization": f"Bearer {key}"}, body)
        headers = {"x-api-key": key, "anthropic-version": ANTHROPIC_VERSION}
        return client.post(ANTHROPIC_PATH, headers, {"max_tokens": 200, **body})

    def faults(self, reply: Reply) -> list[str]:
        """What is not as it should be; nothing if it is."""
        found = []
        if reply.status != self.status:
            found.append(f"status {reply.status} instead of {self.status}")
        target = reply.headers.get("x-trigate-target", "")
        if target != self.target:
            found.append(f"served by {target or 'nobody'} instead of {self.target or 'nobody'}")
        body = b"\n".join(reply.events) or reply.body
        found += [f"{text.decode()} is not in the reply" for text in self.says if text not in body]
        return found


STREAMED: Final[Fields] = {"stream": True}
OPENAI_TOOLS: Final[Fields] = {"tools": [{"type": "function", "function": WEATHER}], "tool_choice": "required"}
ANTHROPIC_TOOLS: Final[Fields] = {
    "tools": [{"name": "get_weather", "description": "The weather in a city.", "input_schema": PARAMETERS}],
    "tool_choice": {"type": "any"},
}

CALLS: Final[Sequence[Call]] = (
    Call("OpenAI", "openai", "gpt-4.1", "openai-main/gpt-4.1", says=(b"chat.completion",)),
    Call("OpenAI, streamed", "openai", "gpt-4.1", "openai-main/gpt-4.1", fields=STREAMED, says=(b"[DONE]",)),
    Call(
        "OpenAI, tool call",
        "openai",
        "gpt-4.1",
        "openai-main/gpt-4.1",
        "How is the weather in Oslo?",
        OPENAI_TOOLS,
        (b"tool_calls", b"get_weather"),
    ),
    Call("Anthropic", "anthropic", "claude-sonnet-4-5", "claude/claude-sonnet-4-5", says=(b'"type":"message"',)),
    Call(
        "Anthropic, streamed",
        "anthropic",
        "claude-sonnet-4-5",
        "claude/claude-sonnet-4-5",
        fields=STREAMED,
        says=(b"message_stop",),
    ),
    Call(
        "OpenAI to Claude",
        "openai",
        "claude-sonnet-4-5",
        "claude/claude-sonnet-4-5",
        fields=STREAMED,
        says=(b"chat.completion.chunk", b"[DONE]"),
    ),
    Call(
        "Anthropic to GPT",
        "anthropic",
        "gpt-4.1",
        "openai-main/gpt-4.1",
        "How is the weather in Oslo?",
        {**ANTHROPIC_TOOLS, **STREAMED},
        (b"tool_use", b"get_weather", b"message_stop"),
    ),
    Call("first target down", "openai", "support-chat", "claude/claude-sonnet-4-5", says=(b"chat.completion",)),
    Call(
        "refused by its key",
        "anthropic",
        "claude-sonnet-4-5",
        "",
        status=FORBIDDEN,
        says=(b"permission_error",),
        key=lambda keys: keys.intern,
    ),
)
