"""What the simulated model says: one vendor-neutral prompt and a script in, one answer out.

Contract: `compose` is pure; the same prompt and script give the same answer and token counts.
Above: the vendors, which read prompts and write answers in their own shapes. Below: `schema`, `tokens`, `ids`.
"""

from typing import Final, Literal

import msgspec

from trigate.simulator import schema, tokens
from trigate.simulator.script import Script

QUOTED: Final = 200
"""How many characters of the caller's text an answer quotes."""

Stop = Literal["end", "length", "stop_sequence", "tools", "filter", "refusal"]

_REFUSAL: Final = "I'm sorry, but I can't help with that."
_UNICODE: Final = " Grüße, 世界 🙂"


class Tool(msgspec.Struct, frozen=True):
    name: str
    parameters: object


class Image(msgspec.Struct, frozen=True):
    """An image of the last user message. `size` is bytes, None for one that is referred to by URL."""

    media_type: str
    size: int | None

    def describe(self) -> str:
        return f"I see an image of {self.media_type}" + ("." if self.size is None else f", {self.size} bytes.")


class Prompt(msgspec.Struct, frozen=True, kw_only=True):
    """What of a request matters to its answer. `results` are the tool results that end the conversation, if any."""

    text: str
    images: tuple[Image, ...] = ()
    results: tuple[str, ...] = ()
    tools: tuple[Tool, ...] = ()
    must_call: bool = False
    parallel: bool = True
    limit: int | None = None
    stops: tuple[str, ...] = ()
    thinking: int = 0
    shape: object = None
    """A JSON Schema that the text must fit, None for free text."""


class Call(msgspec.Struct, frozen=True):
    """`arguments` is JSON text."""

    name: str
    arguments: str


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """`thinking_tokens`, `text_tokens` and `call_tokens` are disjoint; their sum is what is billed as output."""

    text: str
    thinking: str
    calls: tuple[Call, ...]
    stop: Stop
    stop_sequence: str | None
    thinking_tokens: int
    text_tokens: int
    call_tokens: int

    @property
    def output_tokens(self) -> int:
        return max(self.thinking_tokens + self.text_tokens + self.call_tokens, 1)


def compose(prompt: Prompt, script: Script, variant: int = 0) -> Answer:
    """The answer to a prompt. `variant` counts the choices of one request (`n`)."""
    thought = prompt.thinking if script.thinking is None else script.thinking
    if prompt.limit is not None:
        thought = min(thought, prompt.limit)
    calls = () if script.refusal else _calls(prompt, script)
    text, stop, sequence = ("", "tools", None) if calls else _text(prompt, script, variant, thought)
    return Answer(
        text=text,
        thinking=tokens.prose(thought),
        calls=calls,
        stop=stop,
        stop_sequence=sequence,
        thinking_tokens=thought,
        text_tokens=tokens.count(text),
        call_tokens=sum(tokens.count(call.name) + tokens.count(call.arguments) for call in calls),
    )


def _calls(prompt: Prompt, script: Script) -> tuple[Call, ...]:
    """Tools are called if script or request ask for it, but never twice in a row: a result is answered with text."""
    if prompt.results or not prompt.tools:
        return ()
    wanted = max(script.tools, 1 if prompt.must_call else 0)
    if not prompt.parallel:
        wanted = min(wanted, 1)
    chosen = [prompt.tools[i % len(prompt.tools)] for i in range(wanted)]
    return tuple(Call(tool.name, _json(schema.instance(tool.parameters) or {})) for tool in chosen)


def _text(prompt: Prompt, script: Script, variant: int, thought: int) -> tuple[str, Stop, str | None]:
    if script.refusal:
        return _REFUSAL, "refusal", None
    text = _wanted_text(prompt, script)
    if variant:
        text = f"[{variant}] {text}" if prompt.shape is None else text
    if script.content_filter:
        return text[: len(text) // 2], "filter", None
    sequence = _first_stop(text, prompt.stops)
    if sequence is not None:
        text = text[: text.index(sequence)]
    if prompt.limit is not None and tokens.count(text) > prompt.limit - thought:
        return tokens.cut(text, prompt.limit - thought), "length", None
    return text, ("end" if sequence is None else "stop_sequence"), sequence


def _wanted_text(prompt: Prompt, script: Script) -> str:
    if script.text is not None:
        return script.text
    if script.tokens is not None:
        return tokens.prose(script.tokens)
    if script.echo:
        return prompt.text
    if prompt.shape is not None:
        return _json(schema.instance(prompt.shape))
    return _default_text(prompt) + (_UNICODE if "split" in script.wire else "")


def _default_text(prompt: Prompt) -> str:
    if prompt.results:
        quotes = ", ".join(f'"{result[:QUOTED]}"' for result in prompt.results)
        return f"The tool says: {quotes}"
    seen = " ".join(image.describe() for image in prompt.images)
    said = f'This is a simulated answer to: "{prompt.text[:QUOTED]}"'
    return f"{seen} {said}" if seen else said


def _first_stop(text: str, stops: tuple[str, ...]) -> str | None:
    found = [stop for stop in stops if stop and stop in text]
    return min(found, key=text.index, default=None)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
