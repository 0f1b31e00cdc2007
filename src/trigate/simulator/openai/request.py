"""Reads an OpenAI chat completion request: what it must hold, what of it matters to the answer, how many tokens it has.

Contract: pure; raises `RefusedError` with the error body that the API sends.
Source: platform.openai.com/docs/api-reference/chat/create. Above: `openai`. Below: `answer`, `tokens`, `openai.errors`.
"""

import base64
from typing import Final, Literal

import msgspec

from trigate.simulator import tokens
from trigate.simulator.answer import Image, Prompt, Tool
from trigate.simulator.openai import errors
from trigate.simulator.reply import RefusedError

_REASONING_PREFIXES: Final = ("o1", "o3", "o4", "gpt-5")
_REASONING_TOKENS: Final = {"none": 0, "minimal": 8, "low": 16, "medium": 64, "high": 256, "xhigh": 512}
_ANY_JSON: Final = {"type": "object", "properties": {"answer": {"type": "string"}}}


class ImageUrl(msgspec.Struct):
    url: str


class Part(msgspec.Struct):
    type: str
    text: str | None = None
    refusal: str | None = None
    image_url: ImageUrl | None = None


class CalledFunction(msgspec.Struct):
    name: str
    arguments: str


class ToolCall(msgspec.Struct):
    id: str
    type: str = "function"
    function: CalledFunction | None = None


class Message(msgspec.Struct):
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None
    tool_calls: list[ToolCall] | None = None
    tool_call_id: str | None = None


class Function(msgspec.Struct):
    name: str
    description: str | None = None
    parameters: dict[str, object] | None = None


class OfferedTool(msgspec.Struct):
    type: str
    function: Function | None = None


class ToolChoice(msgspec.Struct):
    type: str
    function: Function | None = None


class JsonSchema(msgspec.Struct):
    name: str
    schema: dict[str, object] | None = None


class ResponseFormat(msgspec.Struct):
    type: str
    json_schema: JsonSchema | None = None


class StreamOptions(msgspec.Struct):
    include_usage: bool | None = None
    include_obfuscation: bool | None = None


class Request(msgspec.Struct):
    model: str | None = None
    messages: list[Message] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    tools: list[OfferedTool] | None = None
    tool_choice: str | ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    stop: str | list[str] | None = None
    n: int | None = None
    response_format: ResponseFormat | None = None
    reasoning_effort: str | None = None
    service_tier: str | None = None


_decoder = msgspec.json.Decoder(Request)


def decode(body: bytes) -> Request:
    """The body as far as its types go."""
    try:
        return _decoder.decode(body)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$.")
        param = path.removesuffix("`") or None
        raise RefusedError(errors.invalid(f"Invalid type for '{param}': {message}.", param, "invalid_type")) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise RefusedError(errors.BAD_JSON) from None


def validate(request: Request) -> None:
    """What the API refuses beyond wrong types."""
    if request.messages is None:
        raise RefusedError(errors.missing("messages"))
    if not request.messages:
        message = (
            "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead."
        )
        raise RefusedError(errors.invalid(message, "messages", "empty_array"))
    for name in ("max_tokens", "max_completion_tokens", "n"):
        value = getattr(request, name)
        if value is not None and value < 1:
            message = f"Invalid '{name}': integer below minimum value. Expected a value >= 1, but got {value} instead."
            raise RefusedError(errors.invalid(message, name, "integer_below_min_value"))
    if request.stream_options is not None and not request.stream:
        message = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        raise RefusedError(errors.invalid(message, "stream_options", None))
    _check_tool_turns(request.messages)


def _check_tool_turns(messages: list[Message]) -> None:
    """Every tool call must be answered by the messages that follow it, and nothing else may be answered."""
    owed: dict[str, None] = {}
    for i, message in enumerate(messages):
        if message.role == "tool":
            if message.tool_call_id not in owed:
                text = (
                    "Invalid parameter: messages with role 'tool' must be a response to a "
                    "preceeding message with 'tool_calls'."
                )
                raise RefusedError(errors.invalid(text, f"messages.[{i}].role", None))
            del owed[message.tool_call_id]
            continue
        if owed:
            break
        owed = {call.id: None for call in message.tool_calls or ()}
    if owed:
        text = (
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
            f"'tool_call_id'. The following tool_call_ids did not have response messages: {', '.join(owed)}"
        )
        raise RefusedError(errors.invalid(text, "messages", None))


def prompt_tokens(request: Request) -> int:
    """Tokens of all texts, tool calls and tool definitions, and a fixed number for each image."""
    size = len(msgspec.json.encode(request.tools)) if request.tools else 0
    images = 0
    for message in request.messages or ():
        size += len(_text(message).encode(errors="replace"))
        images += sum(part.image_url is not None for part in _parts(message))
        for call in message.tool_calls or ():
            size += len(call.function.arguments) + len(call.function.name) if call.function else 0
    return max(tokens.tokens_of_bytes(size), 1) + images * tokens.IMAGE_TOKENS


def read_prompt(request: Request, model: str) -> Prompt:
    """The request as the answer needs it. `model` is the name without its script."""
    messages = request.messages or []
    last_user = next((message for message in reversed(messages) if message.role == "user"), None)
    return Prompt(
        text=_text(last_user) if last_user else "",
        images=tuple(_image(part.image_url.url) for part in _parts(last_user) if part.image_url) if last_user else (),
        results=_results(messages),
        tools=_tools(request),
        must_call=request.tool_choice == "required" or _forced_name(request) is not None,
        parallel=request.parallel_tool_calls is not False,
        limit=request.max_completion_tokens or request.max_tokens,
        stops=(request.stop,) if isinstance(request.stop, str) else tuple(request.stop or ()),
        thinking=_reasoning(request, model),
        shape=_shape(request.response_format),
    )


def _text(message: Message) -> str:
    if isinstance(message.content, str):
        return message.content
    return "".join(part.text or part.refusal or "" for part in message.content or ())


def _parts(message: Message) -> list[Part]:
    return message.content if isinstance(message.content, list) else []


def _results(messages: list[Message]) -> tuple[str, ...]:
    found: list[str] = []
    for message in reversed(messages):
        if message.role != "tool":
            break
        found.append(_text(message))
    return tuple(reversed(found))


def _image(url: str) -> Image:
    head, comma, data = url.partition(",")
    if not comma or not head.startswith("data:"):
        return Image("a URL", None)
    try:
        size = len(base64.b64decode(data, validate=True))
    except ValueError:
        message = "You uploaded an unsupported image. Please make sure your image is valid."
        raise RefusedError(errors.invalid(message, None, "invalid_image_format")) from None
    return Image(head.removeprefix("data:").removesuffix(";base64"), size)


def _tools(request: Request) -> tuple[Tool, ...]:
    if request.tool_choice == "none":
        return ()
    forced = _forced_name(request)
    functions = [tool.function for tool in request.tools or () if tool.function is not None]
    return tuple(Tool(f.name, f.parameters) for f in functions if forced is None or f.name == forced)


def _forced_name(request: Request) -> str | None:
    choice = request.tool_choice
    return choice.function.name if isinstance(choice, ToolChoice) and choice.function is not None else None


def _reasoning(request: Request, model: str) -> int:
    if not model.rpartition("/")[2].startswith(_REASONING_PREFIXES):
        return 0
    return _REASONING_TOKENS.get(request.reasoning_effort or "medium", 64)


def _shape(form: ResponseFormat | None) -> object:
    if form is None or form.type == "text":
        return None
    return form.json_schema.schema if form.json_schema is not None else _ANY_JSON
