"""Reads an Anthropic Messages request: what it must hold, what of it matters to the answer, its tokens by class.

Contract: pure; raises `RefusedError` with the error body that the API sends.
Source: platform.claude.com/docs/en/api/messages. Above: `anthropic`.
Below: `answer`, `tokens`, `prefixes`, `anthropic.errors`.
"""

import hashlib
from collections.abc import Iterator
from typing import Final, Literal

import msgspec

from trigate.simulator import tokens
from trigate.simulator.answer import Image, Prompt, Tool
from trigate.simulator.anthropic import errors
from trigate.simulator.prefixes import Breakpoint
from trigate.simulator.reply import RefusedError

SAMPLING_REMOVED: Final = "2026-10-21"
"""The API version that took `temperature`, `top_p` and `top_k` away, and other things with them."""

_THINKING_TOKENS: Final = 32
_LEAST_BUDGET: Final = 1024


class CacheControl(msgspec.Struct, omit_defaults=True):
    type: Literal["ephemeral"]
    ttl: Literal["5m", "1h"] = "5m"


class Source(msgspec.Struct, omit_defaults=True):
    type: str
    media_type: str | None = None
    data: str | None = None
    url: str | None = None


class Block(msgspec.Struct, omit_defaults=True):
    type: str
    text: str | None = None
    source: Source | None = None
    id: str | None = None
    name: str | None = None
    input: dict[str, object] | None = None
    tool_use_id: str | None = None
    content: "str | list[Block] | dict[str, object] | None" = None
    thinking: str | None = None
    citations: object = None
    cache_control: CacheControl | None = None


class Message(msgspec.Struct):
    role: Literal["user", "assistant", "system"]
    content: str | list[Block]


class OfferedTool(msgspec.Struct, omit_defaults=True):
    name: str = ""
    type: str | None = None
    description: str | None = None
    input_schema: dict[str, object] | None = None
    cache_control: CacheControl | None = None


class ToolChoice(msgspec.Struct):
    type: str
    name: str | None = None
    disable_parallel_tool_use: bool = False


class Thinking(msgspec.Struct):
    type: str
    budget_tokens: int | None = None


class OutputFormat(msgspec.Struct):
    type: str
    schema: dict[str, object] | None = None


class OutputConfig(msgspec.Struct):
    format: OutputFormat | None = None


class Request(msgspec.Struct):
    model: str | None = None
    messages: list[Message] | None = None
    max_tokens: int | None = None
    system: str | list[Block] | None = None
    stream: bool | None = None
    tools: list[OfferedTool] | None = None
    tool_choice: ToolChoice | None = None
    stop_sequences: list[str] | None = None
    thinking: Thinking | None = None
    output_config: OutputConfig | None = None
    output_format: OutputFormat | None = None
    cache_control: CacheControl | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None


_decoder = msgspec.json.Decoder(Request)


def decode(body: bytes) -> Request:
    """The body as far as its types go."""
    try:
        return _decoder.decode(body)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$.")
        where = path.removesuffix("`").replace("[", ".").replace("]", "") or "body"
        raise RefusedError(errors.invalid(f"{where}: {message}")) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RefusedError(errors.invalid(f"The request body is not valid JSON: {error}")) from None


def validate(request: Request, *, counting: bool = False) -> None:
    """What the API refuses beyond wrong types. Counting tokens needs no `max_tokens`."""
    needed = ("model", "messages") if counting else ("model", "messages", "max_tokens")
    for name in needed:
        if getattr(request, name) is None:
            raise RefusedError(errors.invalid(f"{name}: Field required"))
    if not request.messages:
        raise RefusedError(errors.invalid("messages: at least one message is required"))
    if request.max_tokens is not None and request.max_tokens < 1:
        raise RefusedError(errors.invalid("max_tokens: Input should be greater than or equal to 1"))
    _check_thinking(request)
    for i, message in enumerate(request.messages):
        blocks = message.content if isinstance(message.content, list) else []
        if any(block.type == "text" and not block.text for block in blocks):
            raise RefusedError(errors.invalid("messages: text content blocks must be non-empty"))
        _check_tool_turn(request.messages, i)


def check_version(request: Request, version: str) -> None:
    """What version 2026-10-21 refuses and 2023-06-01 takes (platform.claude.com/docs/en/api/migration-2026-10-21)."""
    if version != SAMPLING_REMOVED:
        return
    for name in ("temperature", "top_p", "top_k"):
        if getattr(request, name) is not None:
            raise RefusedError(errors.invalid(f"{name}: Extra inputs are not permitted"))
    for i, message in enumerate(request.messages or ()):
        for block in message.content if isinstance(message.content, list) else ():
            if message.role == "assistant" and block.type == "document":
                raise RefusedError(
                    errors.invalid(f"messages.{i}: document blocks are not permitted in assistant messages")
                )
            if message.role == "user" and block.type == "text" and block.citations:
                raise RefusedError(errors.invalid(f"messages.{i}: citations are not permitted in user messages"))


def _check_thinking(request: Request) -> None:
    thinking = request.thinking
    if thinking is None or thinking.type != "enabled":
        return
    if thinking.budget_tokens is None:
        raise RefusedError(errors.invalid("thinking.enabled.budget_tokens: Field required"))
    if thinking.budget_tokens < _LEAST_BUDGET:
        message = "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024"
        raise RefusedError(errors.invalid(message))
    if request.max_tokens is not None and request.max_tokens <= thinking.budget_tokens:
        message = "`max_tokens` must be greater than `thinking.budget_tokens`."
        raise RefusedError(errors.invalid(message))


def _check_tool_turn(messages: list[Message], i: int) -> None:
    """A `tool_result` answers a `tool_use` of the message before it, each `tool_use` is answered in the next."""
    asked = _ids(messages[i - 1], "tool_use") if i else []
    answered = _ids(messages[i], "tool_result")
    for ident in answered:
        if ident not in asked:
            raise RefusedError(
                errors.invalid(
                    f"messages.{i}.content: unexpected `tool_use_id` found in `tool_result` blocks: {ident}. Each "
                    "`tool_result` block must have a corresponding `tool_use` block in the previous message."
                )
            )
    owed = [ident for ident in asked if ident not in answered]
    if owed:
        raise RefusedError(
            errors.invalid(
                f"messages.{i - 1}: `tool_use` ids were found without `tool_result` blocks immediately after: "
                f"{', '.join(owed)}. Each `tool_use` block must have a corresponding "
                "`tool_result` block in the next message."
            )
        )


def _ids(message: Message, kind: str) -> list[str]:
    blocks = message.content if isinstance(message.content, list) else []
    return [(block.id if kind == "tool_use" else block.tool_use_id) or "" for block in blocks if block.type == kind]


def prompt_tokens(request: Request) -> int:
    """Tokens of all texts, tool calls and tool definitions, and a fixed number for each image."""
    return max(sum(_size(segment) for segment in _segments(request)), 1)


def breakpoints(request: Request) -> list[Breakpoint]:
    """The places marked with `cache_control`, in the order of the prompt: tools, system, messages."""
    state = hashlib.blake2b((request.model or "").encode(), digest_size=16)
    total = 0
    found: list[Breakpoint] = []
    for segment in _segments(request):
        total += _size(segment)
        control = None if isinstance(segment, str) else segment.cache_control
        if isinstance(segment, str):
            state.update(segment.encode(errors="replace"))
        else:
            state.update(msgspec.json.encode(msgspec.structs.replace(segment, cache_control=None)))
        if control is not None:
            found.append(Breakpoint(state.hexdigest(), total, control.ttl))
    if request.cache_control is not None:
        found.append(Breakpoint(state.hexdigest(), total, request.cache_control.ttl))
    return found


def _segments(request: Request) -> Iterator[str | Block | OfferedTool]:
    yield from request.tools or ()
    for content in (request.system, *(message.content for message in request.messages or ())):
        if isinstance(content, str):
            yield content
        else:
            yield from content or ()


def _size(segment: str | Block | OfferedTool) -> int:
    if isinstance(segment, str):
        return tokens.count(segment)
    if isinstance(segment, OfferedTool):
        return tokens.tokens_of_bytes(len(msgspec.json.encode(msgspec.structs.replace(segment, cache_control=None))))
    if segment.type == "image":
        return tokens.IMAGE_TOKENS
    inner = len(msgspec.json.encode(segment.input)) if segment.input is not None else 0
    return tokens.count(_block_text(segment) + (segment.thinking or "")) + tokens.tokens_of_bytes(inner)


def read_prompt(request: Request) -> Prompt:
    """The request as the answer needs it."""
    messages = request.messages or []
    last = messages[-1]
    blocks = last.content if isinstance(last.content, list) else []
    choice = request.tool_choice
    output = request.output_format or (request.output_config.format if request.output_config else None)
    user = next((message for message in reversed(messages) if message.role == "user"), last)
    return Prompt(
        text=_content_text(user.content),
        images=tuple(_image(block.source) for block in blocks if block.type == "image" and block.source),
        results=tuple(_content_text(block.content) for block in blocks if block.type == "tool_result"),
        tools=_tools(request),
        must_call=choice is not None and choice.type in ("any", "tool"),
        parallel=choice is None or not choice.disable_parallel_tool_use,
        limit=request.max_tokens,
        stops=tuple(request.stop_sequences or ()),
        thinking=_THINKING_TOKENS if request.thinking is not None and request.thinking.type != "disabled" else 0,
        shape=output.schema if output is not None else None,
    )


def _content_text(content: str | list[Block] | dict[str, object] | None) -> str:
    if isinstance(content, str):
        return content
    return "".join(_block_text(block) for block in content or () if isinstance(block, Block))


def _block_text(block: Block) -> str:
    return block.text or ("" if block.type != "tool_result" else _content_text(block.content))


def _image(source: Source) -> Image:
    if source.data is None:
        return Image("a URL", None)
    padding = source.data[-2:].count("=")
    return Image(source.media_type or "an unknown type", len(source.data) * 3 // 4 - padding)


def _tools(request: Request) -> tuple[Tool, ...]:
    choice = request.tool_choice
    if choice is not None and choice.type == "none":
        return ()
    forced = choice.name if choice is not None and choice.type == "tool" else None
    offered = [tool for tool in request.tools or () if tool.input_schema is not None]
    return tuple(Tool(tool.name, tool.input_schema) for tool in offered if forced in (None, tool.name))
