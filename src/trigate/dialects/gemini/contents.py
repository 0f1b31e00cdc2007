"""A client's contents as neutral blocks: text, pictures, thinking, function calls and their responses.

Contract: a part that the neutral contract cannot say raises `Unsaid`, a field that it cannot say is added to `lost`.
Calls without an id get one by their place in the history; a response without an id answers the oldest open call of its
name. Source: ai.google.dev/api/caching#Part. Above: `request_reader`. Below: `proto`, `signatures`.
"""

import mimetypes
from typing import Final

import msgspec

from trigate.core.chat import Block, Image, Message, RedactedThinking, Text, Thinking, ToolCall, ToolResult
from trigate.dialects.fields import Misfit, Unsaid
from trigate.dialects.gemini.proto import ProtoFields
from trigate.dialects.gemini.shapes import compact
from trigate.dialects.gemini.signatures import standard
from trigate.dialects.parts import NULL, add_once

_OUTPUT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TEXT: Final = msgspec.json.Decoder(str)


def read_texts(fields: ProtoFields | None, lost: list[str]) -> list[Text]:
    """A system instruction: text only."""
    if fields is None:
        return []
    fields.text("role")
    texts = []
    for part in fields.objects("parts"):
        text = part.text("text")
        if text is None:
            raise Unsaid(fields.at("parts"), "a system instruction that is not text")
        texts.append(Text(text))
        add_once(lost, part.rest("systemInstruction.parts."))
    return texts


class History:
    """The contents under reading, in order."""

    def __init__(self, lost: list[str]) -> None:
        self.messages: list[Message] = []
        self._lost = lost
        self._calls = 0
        self._open: list[ToolCall] = []

    def add(self, content: ProtoFields) -> None:
        """One content; one that says nothing is no turn."""
        role = content.text("role") or "user"
        if role not in ("user", "model", "function"):
            raise Misfit(content.at("role"), "must be user or model")
        blocks: list[Block] = []
        for part in content.objects("parts"):
            blocks += self._part(part)
        add_once(self._lost, content.rest("contents."))
        if blocks:
            self.messages.append(Message("assistant" if role == "model" else "user", blocks))

    def _part(self, part: ProtoFields) -> list[Block]:
        thought = part.flag("thought") or False
        signature = standard(part.text("thoughtSignature"))
        blocks = self._said(part, thought, signature)
        part.raw("text")  # empty text, which says nothing
        for key in part.rest():
            raise Unsaid(part.at(key), f"a part with {key}")
        return blocks

    def _said(self, part: ProtoFields, thought: bool, signature: str | None) -> list[Block]:
        call, response = part.object("functionCall"), part.object("functionResponse")
        data, file = part.object("inlineData"), part.object("fileData")
        if call is not None:
            return [self._call(call, signature)]
        if response is not None:
            return [self._response(response)]
        if data is not None:
            return [_picture(data)]
        if file is not None:
            return [_linked(file)]
        if thought:
            return _thinking(part, signature)
        text = part.text("text")
        sealed: list[Block] = [Thinking("", signature)] if signature else []
        return [Text(text), *sealed] if text else sealed

    def _call(self, fields: ProtoFields, signature: str | None) -> ToolCall:
        number, self._calls = self._calls, self._calls + 1
        args = fields.raw("args")
        try:
            arguments = compact(msgspec.Raw(args or NULL))
        except ValueError:
            raise Misfit(fields.at("args"), "an object is needed") from None
        call = ToolCall(fields.text("id") or f"call_{number}", fields.needed("name"), arguments, signature=signature)
        add_once(self._lost, fields.rest("functionCall."))
        self._open.append(call)
        return call

    def _response(self, fields: ProtoFields) -> ToolResult:
        ident, name = fields.text("id"), fields.needed("name")
        call = next((each for each in self._open if (each.id == ident if ident else each.name == name)), None)
        if call is None:
            raise Misfit(fields.at("name"), f"no function call of {name} waits for this response")
        self._open.remove(call)
        text, is_error = _output(fields.raw("response") or b"{}")
        content: list[Text | Image] = [Text(text)] if text else []
        for part in fields.objects("parts"):
            data = part.object("inlineData")
            if data is None:
                raise Unsaid(fields.at("parts"), "a function response with other parts than pictures")
            content.append(_picture(data))
        add_once(self._lost, fields.rest("functionResponse."))
        return ToolResult(call.id, content, is_error)


def _output(response: bytes) -> tuple[str, bool]:
    """A response as text, and whether it tells of an error: `output` and `error` alone are what their key says."""
    try:
        fields = _OUTPUT.decode(response)
    except msgspec.ValidationError:
        raise Misfit("functionResponse.response", "an object is needed") from None
    if len(fields) == 1 and (key := next(iter(fields))) in ("output", "error"):
        raw = bytes(fields[key])
        return (_TEXT.decode(raw) if raw.startswith(b'"') else raw.decode()), key == "error"
    return response.decode() if fields else "", False


def _thinking(part: ProtoFields, signature: str | None) -> list[Block]:
    """A thought with a signature and without text is one that only its vendor can read."""
    text = part.text("text")
    if text:
        return [Thinking(text, signature)]
    return [RedactedThinking(signature)] if signature else []


def _picture(fields: ProtoFields) -> Image:
    media_type = fields.needed("mimeType").lower()
    if not media_type.startswith("image/"):
        raise Unsaid(fields.at("mimeType"), f"a file of type {media_type}")
    data = fields.needed("data")
    fields.text("displayName")
    return Image(media_type=media_type, data=data.translate(str.maketrans("-_", "+/")))


def _linked(fields: ProtoFields) -> Image:
    """A picture by its URL. Files that lie with the vendor cannot be read by another."""
    uri = fields.needed("fileUri")
    media_type = fields.text("mimeType") or mimetypes.guess_type(uri)[0] or "an unknown type"
    if not uri.startswith(("http://", "https://")) or "googleapis.com/" in uri:
        raise Unsaid(fields.at("fileUri"), "a file kept by the vendor")
    if not media_type.startswith("image/"):
        raise Unsaid(fields.at("mimeType"), f"a file of type {media_type}")
    return Image(url=uri)
