"""A client's chat request as a neutral `Chat`.

A feature that the neutral contract cannot say is refused by name; a tuning knob, and every field that is not known
here, is named in `Chat.lost`. Null, empty strings, arrays and objects mean absent; so does a switch that is off.

System and developer messages before the first turn become the system prompt. Later ones keep their place as turns of
the user, since neutral turns have no such role, and `messages.role` is named as lost.
Source: platform.openai.com/docs/api-reference/chat/create. `cache_control` on parts and tools is a de-facto extension
(OpenRouter, LiteLLM), `top_k` one of vLLM.
"""

from collections.abc import Iterator
from typing import Final, Literal

from trigate.core.chat import (
    Block,
    CacheMark,
    Chat,
    Image,
    Message,
    Reasoning,
    Refusal,
    ReplyFormat,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from trigate.core.errors import Refused, invalid, unsupported
from trigate.dialects.openai_chat.request_shapes import (
    FEATURES,
    MESSAGE_KEYS,
    MESSAGE_NAMES,
    REQUEST,
    REQUEST_KEYS,
    SETTLED,
    CacheShape,
    CallShape,
    ChoiceShape,
    ContentPart,
    FormatShape,
    MessageShape,
    RequestShape,
    ToolShape,
)
from trigate.dialects.openai_chat.shapes import signature_of
from trigate.dialects.parts import add_once, decode_request, image_from_url, says_something
from trigate.wire.json import Body

_ELSEWHERE: Final = "a model of another API"
_OFF: Final = b"false"
_MODES: Final[dict[str, Literal["auto", "none", "any"]]] = {"auto": "auto", "none": "none", "required": "any"}


def read_request(body: bytes) -> Chat:
    """A client's request. Raises `Refused`."""
    fields = Body(body)
    _refuse_features(fields)
    shape = decode_request(REQUEST, body)
    if any(modality != "text" for modality in shape.modalities or ()):
        raise _unsaid("audio output", "modalities")
    system, messages, lost = _Messages(shape.messages).read()
    add_once(lost, _unknown(fields))
    add_once(lost, _unknown_in_messages(body))
    return Chat(
        model=shape.model or "",
        messages=messages,
        system=system,
        tools=[_read_tool(index, tool) for index, tool in enumerate(shape.tools or ())],
        tool_choice=_read_tool_choice(shape.tool_choice),
        parallel_tool_calls=shape.parallel_tool_calls,
        max_tokens=shape.max_completion_tokens or shape.max_tokens,
        temperature=shape.temperature,
        top_p=shape.top_p,
        top_k=shape.top_k,
        stop=_read_stop(shape),
        n=shape.n,
        seed=shape.seed,
        presence_penalty=shape.presence_penalty,
        frequency_penalty=shape.frequency_penalty,
        reply_format=_read_format(shape.response_format),
        reasoning=_read_reasoning(shape.reasoning_effort),
        user=shape.user or None,
        service_tier=shape.service_tier or None,
        stream=shape.stream or False,
        lost=lost,
    )


def _unsaid(feature: str, path: str) -> Refused:
    return Refused(unsupported(feature, _ELSEWHERE, param=path))


def _misfit(path: str, what: str) -> Refused:
    return Refused(invalid("invalid_value", f"{path}: {what}", param=path))


def _refuse_features(fields: Body) -> None:
    for key, feature in FEATURES.items():
        if says_something(fields.value(key) or b""):
            raise _unsaid(feature, key)


def _unknown(fields: Body) -> Iterator[str]:
    for key in fields.fields:
        value = fields.value(key)
        if key not in REQUEST_KEYS and key not in SETTLED and value != _OFF and says_something(value or b""):
            yield key


def _unknown_in_messages(body: bytes) -> Iterator[str]:
    for message in MESSAGE_NAMES.decode(body).messages:
        for key in message.keys() - MESSAGE_KEYS:
            if says_something(message[key]):
                yield f"messages.{key}"


# --- parameters -------------------------------------------------------------------------------------------------------


def _read_stop(shape: RequestShape) -> list[str]:
    stop = [shape.stop] if isinstance(shape.stop, str) else shape.stop or []
    return [text for text in stop if text]


def _read_reasoning(effort: str | None) -> Reasoning | None:
    return Reasoning(effort=effort, enabled=effort != "none") if effort else None


def _read_format(shape: FormatShape | None) -> ReplyFormat | None:
    if shape is None or shape.type == "text":
        return None
    if shape.type == "json_object":
        return ReplyFormat("json_object")
    if shape.type != "json_schema":
        raise _unsaid(f"the response format {shape.type}", "response_format.type")
    wanted = shape.json_schema
    if wanted is None:
        raise _misfit("response_format.json_schema", "is required")
    schema = bytes(wanted.schema) if says_something(wanted.schema) else None
    return ReplyFormat("json_schema", wanted.name, wanted.description or None, schema, wanted.strict)


def _read_tool(index: int, shape: ToolShape) -> Tool:
    function = shape.function
    if shape.type != "function":
        raise _unsaid(f"a tool of type {shape.type}", f"tools.{index}.type")
    if function is None:
        raise _misfit(f"tools.{index}.function", "is required")
    schema = bytes(function.parameters) if says_something(function.parameters) else b"{}"
    cache = _read_cache(shape.cache_control)
    return Tool(function.name, function.description or None, schema, function.strict, cache)


def _read_tool_choice(shape: str | ChoiceShape | None) -> ToolChoice | None:
    if not shape:
        return None
    if isinstance(shape, str):
        if shape not in _MODES:
            raise _misfit("tool_choice", "must be auto, none, required or a function")
        return ToolChoice(_MODES[shape])
    if shape.type != "function" or shape.function is None:
        raise _unsaid(f"a tool choice of type {shape.type}", "tool_choice.type")
    return ToolChoice("tool", shape.function.name)


def _read_cache(shape: CacheShape | None) -> CacheMark | None:
    return None if shape is None else CacheMark(shape.ttl or "5m")


# --- messages ---------------------------------------------------------------------------------------------------------


class _Messages:
    """The conversation under reading: messages in order, what they become, and what is lost of them."""

    def __init__(self, shapes: list[MessageShape]) -> None:
        self._shapes = shapes
        self._system: list[Text] = []
        self._turns: list[Message] = []
        self._lost: list[str] = []
        self._path = ""

    def read(self) -> tuple[list[Text], list[Message], list[str]]:
        """System prompt, turns, and the names of what is lost. Raises `Refused`."""
        after_tool = False
        for index, shape in enumerate(self._shapes):
            self._path = f"messages.{index}"
            if says_something(shape.audio):
                raise _unsaid("audio of an earlier reply", f"{self._path}.audio")
            if says_something(shape.function_call):
                raise _unsaid("function_call (the predecessor of tool_calls)", f"{self._path}.function_call")
            if shape.role == "tool":
                self._tool(shape, joins=after_tool)
            else:
                self._message(shape)
            after_tool = shape.role == "tool"
        return self._system, self._turns, self._lost

    def _message(self, shape: MessageShape) -> None:
        match shape.role:
            case "system" | "developer":
                self._instructions(shape)
            case "user":
                self._turn("user", list(self._content(shape)), shape.name)
            case "assistant":
                self._turn("assistant", list(self._assistant(shape)), shape.name)
            case "function":
                raise _unsaid("a function message (the predecessor of tool messages)", f"{self._path}.role")
            case _:
                raise _misfit(f"{self._path}.role", "must be system, developer, user, assistant or tool")

    def _turn(self, role: Literal["user", "assistant"], blocks: list[Block], name: str | None) -> None:
        """A message that says nothing is no turn."""
        if blocks:
            self._turns.append(Message(role, blocks, name or None))

    def _instructions(self, shape: MessageShape) -> None:
        texts = [block for block in self._content(shape) if isinstance(block, Text)]
        if shape.name:
            add_once(self._lost, ["messages.name"])
        if not self._turns:
            self._system += texts
        elif texts:
            add_once(self._lost, ["messages.role"])
            self._turn("user", list(texts), None)

    def _assistant(self, shape: MessageShape) -> Iterator[Block]:
        if thinking := shape.reasoning_content or shape.reasoning:
            yield Thinking(thinking)
        yield from self._content(shape)
        if shape.refusal:
            yield Refusal(shape.refusal)
        for number, call in enumerate(shape.tool_calls or ()):
            yield self._call(number, call)

    def _call(self, number: int, shape: CallShape) -> ToolCall:
        path = f"{self._path}.tool_calls.{number}"
        if shape.type != "function":
            raise _unsaid(f"a tool call of type {shape.type}", f"{path}.type")
        if shape.function is None:
            raise _misfit(f"{path}.function", "is required")
        signature = signature_of(shape.extra_content)
        return ToolCall(shape.id, shape.function.name, shape.function.arguments or "", signature=signature)

    def _tool(self, shape: MessageShape, *, joins: bool) -> None:
        """The results of one round of calls stand together in one turn."""
        if not shape.tool_call_id:
            raise _misfit(f"{self._path}.tool_call_id", "is required")
        content = [block for block in self._content(shape) if isinstance(block, Text | Image)]
        result = ToolResult(shape.tool_call_id, content)
        if joins:
            self._turns[-1].content.append(result)
        else:
            self._turns.append(Message("user", [result]))

    def _content(self, shape: MessageShape) -> Iterator[Text | Image | Refusal]:
        if isinstance(shape.content, str):
            if shape.content:
                yield Text(shape.content)
            return
        for number, part in enumerate(shape.content or ()):
            yield from self._part(part, f"{self._path}.content.{number}", shape.role)

    def _part(self, part: ContentPart, path: str, role: str) -> Iterator[Text | Image | Refusal]:
        if says_something(part.prompt_cache_breakpoint):
            add_once(self._lost, ["messages.content.prompt_cache_breakpoint"])
        cache = _read_cache(part.cache_control)
        if part.type == "text":
            if part.text:
                yield Text(part.text, cache)
        elif part.type == "refusal" and role == "assistant":
            if part.refusal:
                yield Refusal(part.refusal)
        elif part.type == "image_url" and role in ("user", "tool"):
            yield self._image(part, path, cache)
        else:
            raise _unsaid(f"a part of type {part.type} in a {role} message", f"{path}.type")

    def _image(self, part: ContentPart, path: str, cache: CacheMark | None) -> Image:
        image = part.image_url
        if isinstance(image, str):
            return image_from_url(image, None, cache)
        if image is None or not image.url:
            raise _misfit(f"{path}.image_url.url", "is required")
        return image_from_url(image.url, image.detail, cache)
