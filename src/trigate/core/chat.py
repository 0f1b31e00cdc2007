"""The neutral contract between *different* dialects: a request, a reply, and a stream of deltas.

It says what every serious dialect can say, in blocks: a message is a list of blocks, a reply is a list of blocks, and
a stream starts, fills and stops blocks. A dialect reads its own wire shape into this and writes this into its own
wire shape. What a reader finds and this cannot say, and what a writer is given and its dialect cannot say, is either
refused by name (`errors.unsupported`, for a feature) or named in `Chat.lost` (for a tuning knob), never dropped.

Same dialect on both ends never passes through here: its bytes are forwarded.
"""

from enum import StrEnum
from typing import Literal

import msgspec

from trigate.core.errors import Fault
from trigate.core.usage import NO_USAGE, Usage


class CacheMark(msgspec.Struct, frozen=True):
    """A prompt-cache breakpoint after the block or tool that carries it; `ttl` is `5m` or `1h`."""

    ttl: str = "5m"


class Text(msgspec.Struct):
    """Plain text."""

    text: str
    cache: CacheMark | None = None


class Image(msgspec.Struct):
    """A picture: either `url`, or `data` (base64 text) with its `media_type`. `detail` is OpenAI's `low|high|auto`."""

    url: str | None = None
    media_type: str | None = None
    data: str | None = None
    detail: str | None = None
    cache: CacheMark | None = None


class Thinking(msgspec.Struct):
    """The model's visible reasoning. `signature` must come back unchanged to the vendor that made it."""

    text: str
    signature: str | None = None


class RedactedThinking(msgspec.Struct):
    """Reasoning that only its vendor can read; carried back as it came."""

    data: str


class ToolCall(msgspec.Struct):
    """The model asks for a tool. `arguments` is JSON text exactly as the model wrote it (may be empty).

    `signature` seals the thinking that led to the call (Gemini); it must come back unchanged to its vendor.
    """

    id: str
    name: str
    arguments: str = ""
    cache: CacheMark | None = None
    signature: str | None = None


class ToolResult(msgspec.Struct):
    """What a tool answered, in a user's message."""

    call_id: str
    content: list[Text | Image]
    is_error: bool = False
    cache: CacheMark | None = None


class Refusal(msgspec.Struct):
    """The model declines, in words."""

    text: str


Block = Text | Image | Thinking | RedactedThinking | ToolCall | ToolResult | Refusal


class Message(msgspec.Struct):
    """One turn. Tool results are blocks of a `user` message, whatever the dialect calls that role."""

    role: Literal["user", "assistant"]
    content: list[Block]
    name: str | None = None


class Tool(msgspec.Struct):
    """A function the model may call. `schema` is its JSON Schema as JSON text, key order kept."""

    name: str
    description: str | None = None
    schema: bytes = b"{}"
    strict: bool | None = None
    cache: CacheMark | None = None


class ToolChoice(msgspec.Struct):
    """`tool` names the only one allowed when `mode` is `tool`; `any` means at least one call."""

    mode: Literal["auto", "none", "any", "tool"]
    tool: str | None = None


class ReplyFormat(msgspec.Struct):
    """Structured output: free JSON, or JSON that fits `schema` (JSON text)."""

    kind: Literal["json_object", "json_schema"]
    name: str | None = None
    description: str | None = None
    schema: bytes | None = None
    strict: bool | None = None


class Reasoning(msgspec.Struct):
    """How hard to think: an `effort` word (`minimal|low|medium|high`), a token `budget`, or switched off."""

    effort: str | None = None
    budget: int | None = None
    enabled: bool = True


class Chat(msgspec.Struct, kw_only=True):
    """One request for a reply. `None` means: the client did not say.

    `lost` collects the names of tuning knobs that could not be carried, in the client's own words; the gateway names
    them in `x-trigate-lost` and in the record.
    """

    model: str
    messages: list[Message]
    system: list[Text] = msgspec.field(default_factory=list)
    tools: list[Tool] = msgspec.field(default_factory=list)
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop: list[str] = msgspec.field(default_factory=list)
    n: int | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    reply_format: ReplyFormat | None = None
    reasoning: Reasoning | None = None
    user: str | None = None
    service_tier: str | None = None
    stream: bool = False
    lost: list[str] = msgspec.field(default_factory=list)


class StopReason(StrEnum):
    """Why the model stopped."""

    END = "end"
    LENGTH = "length"
    STOP_SEQUENCE = "stop_sequence"
    TOOL_CALLS = "tool_calls"
    CONTENT_FILTER = "content_filter"
    REFUSAL = "refusal"
    PAUSE = "pause"
    CONTEXT_FULL = "context_full"


class Choice(msgspec.Struct):
    """One answer of a reply."""

    content: list[Block]
    stop: StopReason
    stop_sequence: str | None = None


class Reply(msgspec.Struct, kw_only=True):
    """A whole reply. `created` is Unix seconds; `id` is the vendor's, empty if it gave none."""

    id: str
    model: str
    choices: list[Choice]
    usage: Usage = NO_USAGE
    created: int = 0


class Started(msgspec.Struct):
    """The stream begins; first delta of every stream, once."""

    id: str
    model: str
    usage: Usage = NO_USAGE
    created: int = 0


class BlockStarted(msgspec.Struct):
    """Block `index` of `choice` opens with what is known of it: `Text("")`, `ToolCall(id, name)`, `Thinking("")` ...

    Indexes count from 0 within a choice, without gaps. Blocks may overlap (interleaved tool calls of one dialect);
    a writer whose dialect forbids that puts them in order.
    """

    index: int
    block: Text | Thinking | RedactedThinking | ToolCall | Refusal
    choice: int = 0


class TextDelta(msgspec.Struct):
    """More text of an open `Text` or `Refusal` block."""

    index: int
    text: str
    choice: int = 0


class ThinkingDelta(msgspec.Struct):
    """More of an open `Thinking` block."""

    index: int
    text: str
    choice: int = 0


class SignatureDelta(msgspec.Struct):
    """The signature of an open `Thinking` block."""

    index: int
    signature: str
    choice: int = 0


class ArgumentsDelta(msgspec.Struct):
    """A fragment of the JSON text of an open `ToolCall` block; fragments may split anywhere."""

    index: int
    fragment: str
    choice: int = 0


class BlockStopped(msgspec.Struct):
    """Block `index` of `choice` is complete."""

    index: int
    choice: int = 0


class Finished(msgspec.Struct):
    """`choice` is complete; all of its blocks are stopped."""

    stop: StopReason
    stop_sequence: str | None = None
    choice: int = 0


class Metered(msgspec.Struct):
    """Usage so far; may come several times, at any place, also after `Finished`."""

    usage: Usage


class Failed(msgspec.Struct):
    """The vendor reported an error inside the stream; nothing follows."""

    fault: Fault


class Ended(msgspec.Struct):
    """The vendor's own end of stream was seen; without it a stream was cut."""


Delta = (
    Started
    | BlockStarted
    | TextDelta
    | ThinkingDelta
    | SignatureDelta
    | ArgumentsDelta
    | BlockStopped
    | Finished
    | Metered
    | Failed
    | Ended
)
