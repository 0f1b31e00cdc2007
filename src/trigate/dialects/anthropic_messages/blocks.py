"""Content blocks, both ways: text, images, thinking, tool calls and tool results.

Reading: a block that the neutral contract cannot say raises `Unsaid`, a field that it cannot say is added to `lost`.
Writing: a block that this API cannot say is left out and named in `lost`, or raises `Misfit` where it would change
what is asked. Above: `request_reader`, `request_writer`, `reply`. Below: `fields`, `parts`.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from trigate.core.chat import (
    Block,
    CacheMark,
    Image,
    RedactedThinking,
    Refusal,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from trigate.dialects.fields import Fields, Misfit, Unsaid
from trigate.dialects.parts import add_once, image_from_url

Json = dict[str, object]

_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_FOREIGN_ID: Final = re.compile(r"[^a-zA-Z0-9_-]")


# --- reading ----------------------------------------------------------------------------------------------------------


def read_blocks(owner: Fields, key: str, lost: list[str]) -> list[Block]:
    """The content of a message: a string is one block of text; empty text says nothing and is dropped."""
    if owner.is_text(key):
        text = owner.text(key)
        return [] if text is None else [Text(text)]
    blocks = (read_block(fields, lost) for fields in owner.objects(key))
    return [block for block in blocks if block is not None]


def read_texts(owner: Fields, key: str, lost: list[str]) -> list[Text]:
    """Content that may be text only. Raises `Unsaid` for anything else."""
    texts = []
    for block in read_blocks(owner, key, lost):
        if not isinstance(block, Text):
            raise Unsaid(owner.at(key), f"a block of type {type(block).__name__.lower()} among instructions")
        texts.append(block)
    return texts


def read_block(fields: Fields, lost: list[str]) -> Block | None:
    """One block; None when it is empty text."""
    kind = fields.needed("type")
    reader = _READERS.get(kind)
    if reader is None:
        raise Unsaid(fields.at("type"), f"content of type {kind}")
    block = reader(fields, lost)
    add_once(lost, fields.rest(f"{kind}."))
    return block


def read_cache(fields: Fields, lost: list[str]) -> CacheMark | None:
    """A `cache_control`; this API knows one type of it, `ephemeral`."""
    control = fields.object("cache_control")
    if control is None:
        return None
    control.text("type")
    mark = CacheMark(control.text("ttl") or "5m")
    add_once(lost, control.rest("cache_control."))
    return mark


def _read_text(fields: Fields, lost: list[str]) -> Text | None:
    text, cache = fields.text("text"), read_cache(fields, lost)
    return None if text is None else Text(text, cache)


def _read_image(fields: Fields, lost: list[str]) -> Image:
    source = fields.object("source")
    if source is None:
        raise Misfit(fields.at("source"), "field required")
    kind, cache = source.needed("type"), read_cache(fields, lost)
    if kind == "base64":
        return Image(media_type=source.needed("media_type"), data=source.needed("data"), cache=cache)
    if kind == "url":
        return image_from_url(source.needed("url"), cache=cache)
    raise Unsaid(source.at("type"), f"an image by {kind}")


def _read_thinking(fields: Fields, lost: list[str]) -> Thinking:
    return Thinking(fields.text("thinking") or "", fields.text("signature"))


def _read_redacted(fields: Fields, lost: list[str]) -> RedactedThinking:
    return RedactedThinking(fields.needed("data"))


def _read_tool_use(fields: Fields, lost: list[str]) -> ToolCall:
    _skip_direct_caller(fields, lost)
    arguments = fields.raw("input") or b"{}"
    if not arguments.startswith(b"{"):
        raise Misfit(fields.at("input"), "an object is needed")
    return ToolCall(fields.needed("id"), fields.needed("name"), arguments.decode(), read_cache(fields, lost))


def _skip_direct_caller(fields: Fields, lost: list[str]) -> None:
    """`caller` says who asked for the tool; the model itself is the only one that other dialects know."""
    caller = fields.object("caller")
    if caller is not None and caller.text("type") != "direct":
        add_once(lost, ["tool_use.caller"])


def _read_tool_result(fields: Fields, lost: list[str]) -> ToolResult:
    content: list[Text | Image] = []
    for block in read_blocks(fields, "content", lost):
        if not isinstance(block, Text | Image):
            raise Unsaid(fields.at("content"), f"a tool result with {type(block).__name__.lower()}")
        content.append(block)
    return ToolResult(
        fields.needed("tool_use_id"), content, is_error=fields.flag("is_error") or False, cache=read_cache(fields, lost)
    )


_READERS: Final[Mapping[str, Callable[[Fields, list[str]], Block | None]]] = {
    "text": _read_text,
    "image": _read_image,
    "thinking": _read_thinking,
    "redacted_thinking": _read_redacted,
    "tool_use": _read_tool_use,
    "tool_result": _read_tool_result,
}

# --- writing ----------------------------------------------------------------------------------------------------------


def write_block(block: Block, lost: list[str]) -> Json | None:
    """One block of a request; None when nothing of it can be said. Raises `Misfit`."""
    written = _write_bare(block, lost)
    return None if written is None else with_cache(written, getattr(block, "cache", None))


def _write_bare(block: Block, lost: list[str]) -> Json | None:
    match block:
        case Text(text=text) | Refusal(text=text):
            return {"type": "text", "text": text} if text else None
        case Image():
            return _write_image(block, lost)
        case Thinking(text=text, signature=str(signature)):
            return {"type": "thinking", "thinking": text, "signature": signature}
        case Thinking():  # only its own vendor's thinking is taken back, and only signed
            add_once(lost, ["thinking"])
            return None
        case RedactedThinking(data=data):
            return {"type": "redacted_thinking", "data": data}
        case ToolCall():
            if block.signature:  # another vendor's
                add_once(lost, ["thought_signature"])
            return {**write_tool_use(block), "id": _own_id(block.id)}
        case ToolResult():
            return _write_tool_result(block, lost)


def with_cache(written: Json, mark: CacheMark | None) -> Json:
    """The same block with its cache breakpoint. `5m` is what the API takes where no `ttl` stands."""
    if mark is None:
        return written
    control = {"type": "ephemeral"} if mark.ttl == "5m" else {"type": "ephemeral", "ttl": mark.ttl}
    return {**written, "cache_control": control}


def write_tool_use(call: ToolCall) -> Json:
    """A tool call with its arguments as they were written. Raises `Misfit` when they are not a JSON object."""
    return {"type": "tool_use", "id": call.id, "name": call.name, "input": _input(call)}


def _input(call: ToolCall) -> msgspec.Raw:
    if not call.arguments.strip():
        return msgspec.Raw(b"{}")
    try:
        _OBJECT.decode(call.arguments)
    except (ValueError, RecursionError):
        raise Misfit("messages", f"the arguments of tool call {call.id} are not a JSON object") from None
    return msgspec.Raw(call.arguments.encode())


def _own_id(call_id: str) -> str:
    """This API takes letters, digits, `_` and `-`; some vendors make ids like `functions.weather:0`."""
    return _FOREIGN_ID.sub("_", call_id)


def _write_image(image: Image, lost: list[str]) -> Json:
    if image.detail not in (None, "auto"):
        add_once(lost, ["image_url.detail"])
    if image.data is not None:
        return {"type": "image", "source": {"type": "base64", "media_type": image.media_type, "data": image.data}}
    return {"type": "image", "source": {"type": "url", "url": image.url}}


def _write_tool_result(result: ToolResult, lost: list[str]) -> Json:
    written: Json = {"type": "tool_result", "tool_use_id": _own_id(result.call_id)}
    match result.content:
        case [Text(text=text, cache=None)]:
            written["content"] = text
        case content:
            blocks = [inner for block in content if (inner := write_block(block, lost)) is not None]
            if blocks:
                written["content"] = blocks
    if result.is_error:
        written["is_error"] = True
    return written
