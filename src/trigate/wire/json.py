"""Top-level surgery on a JSON object: read its fields, replace some, leave every other byte as it came.

What is judged is what is sent. A body whose top level could be read in two ways (a key twice, a key written with
escapes) is refused in the same scan that finds the fields, so that no parser downstream can see another `model` than
we did. RFC 8259 section 4 leaves duplicate names to the reader; we leave nothing.
"""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from trigate.core.errors import Refused, invalid

_FIELDS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_MEMBER: Final = re.compile(rb'[ \t\r\n]*[{,][ \t\r\n]*"([^"\\\x00-\x1f]*)"[ \t\r\n]*:[ \t\r\n]*')
_CLOSE: Final = re.compile(rb"[ \t\r\n]*\}")


Span = tuple[int, int]
"""Where a value stands in the body: `body[start:end]`."""


class Body:
    """A JSON object whose top level has been scanned. `fields` keeps the order of the text."""

    __slots__ = ("fields", "raw")

    def __init__(self, raw: bytes) -> None:
        """Scan `raw`. Raises `Refused` with a 400 when it is not one unambiguous JSON object."""
        self.raw = raw
        self.fields = _scan(raw)

    def __contains__(self, key: str) -> bool:
        return key in self.fields

    def value(self, key: str) -> bytes | None:
        """The JSON text of one field, or None when the key is absent."""
        field = self.fields.get(key)
        return None if field is None else self.raw[field[0] : field[1]]

    def splice(self, edits: Mapping[str, bytes | None]) -> bytes:
        """The body with some fields replaced, added (at the front) or, where the edit is None, removed."""
        if len(edits) == 1:
            ((only, wanted),) = edits.items()
            span = self.fields.get(only)
            if span is not None and wanted is not None:
                return b"%b%b%b" % (self.raw[: span[0]], wanted, self.raw[span[1] :])
        pieces: list[bytes] = []
        added = [
            b'"%s":%s' % (key.encode(), value)
            for key, value in edits.items()
            if value is not None and key not in self.fields
        ]
        if any(value is None and key in self.fields for key, value in edits.items()):
            return self._rebuild(edits, added)
        position = self.raw.index(b"{") + 1
        pieces.append(self.raw[:position])
        if added:
            pieces.append(b",".join(added) + (b"," if self.fields else b""))
        for key, (start, end) in self.fields.items():
            value = edits.get(key)
            if value is not None:
                pieces += (self.raw[position:start], value)
                position = end
        pieces.append(self.raw[position:])
        return b"".join(pieces)

    def _rebuild(self, edits: Mapping[str, bytes | None], added: list[bytes]) -> bytes:
        kept = []
        for key, (start, end) in self.fields.items():
            value = edits[key] if key in edits else self.raw[start:end]
            if value is not None:
                kept.append(b'"%s":%s' % (key.encode(), value))
        return b"{" + b",".join(added + kept) + b"}"


def _scan(raw: bytes) -> dict[str, Span]:
    """Positions of the top-level values.

    msgspec proves that the text is JSON and gives each value's bytes; the walk then proves that these values, in this
    order, are all that stands at the top level. A key that is there twice or is escaped breaks the walk.
    """
    try:
        if not raw.isascii():
            raw.decode()  # msgspec leaves the values as they are: what is no UTF-8 must not be passed on
        values = _FIELDS.decode(raw)
    except msgspec.ValidationError:
        raise Refused(invalid("invalid_json", "the body must be a JSON object")) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refused(invalid("invalid_json", "the body is not valid JSON")) from None
    fields: dict[str, Span] = {}
    position = 0
    for key, value in values.items():
        name = _MEMBER.match(raw, position)
        if name is None or name[1] != key.encode():
            raise _ambiguous()
        text, start = bytes(value), name.end()
        if not raw.startswith(text, start):
            raise _ambiguous()
        position = start + len(text)
        fields[key] = (start, position)
    if values and _CLOSE.match(raw, position) is None:
        raise _ambiguous()
    return fields


def _ambiguous() -> Refused:
    return Refused(
        invalid("ambiguous_json", "a top-level key stands twice or is written with escapes; write it once, plainly")
    )
