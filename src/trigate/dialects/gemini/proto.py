"""A Gemini JSON object under reading: protobuf's JSON takes a field under its camelCase and its snake_case name.

Contract: every field is known by its camelCase name; a field that stands there under both is refused, because the
vendor could take the other one. Source: protobuf.dev/programming-guides/json. Above: the readers of this package.
Below: `dialects.fields`, `wire.json`.
"""

import re
from collections.abc import Mapping
from typing import Final, TypeVar

import msgspec

from trigate.core.errors import Refused, invalid
from trigate.dialects.fields import Fields, Misfit
from trigate.wire.json import Body

_UNDERSCORE: Final = re.compile(r"_([a-z0-9])")

T = TypeVar("T")


def camel(name: str) -> str:
    """A field's camelCase name."""
    return _UNDERSCORE.sub(lambda found: found[1].upper(), name) if "_" in name else name


class ProtoFields(Fields):
    """`Fields` under camelCase names."""

    __slots__ = ()

    def __init__(self, raw: bytes | msgspec.Raw, path: str = "") -> None:
        """Scan `raw`. Raises `Misfit` when it is not an object, or has a field twice."""
        super().__init__(raw, path)
        left = {camel(key): value for key, value in self._left.items()}
        if len(left) < len(self._left):
            raise Misfit(path, "a field stands here under two spellings")
        self._left = left

    def names(self) -> list[str]:
        """The fields that were not taken; also those that are empty, where to be there is to say something."""
        return list(self._left)


def scanned(raw: bytes, path: str = "") -> Mapping[str, bytes]:
    """The fields of an object that routing and limits look at. Raises `Refused` where two readings are possible."""
    body = Body(raw)
    found = {camel(key): body.value(key) or b"" for key in body.fields}
    if len(found) < len(body.fields):
        where = path or "the body"
        message = f"{where}: a field stands there under two spellings; write it once"
        raise Refused(invalid("ambiguous_json", message, param=path or None))
    return found


def typed(fields: Mapping[str, bytes], key: str, decoder: msgspec.json.Decoder[T | None], wanted: str) -> T | None:
    """One field, decoded; None when absent. Raises `Refused` for a value of another type."""
    value = fields.get(key)
    if value is None:
        return None
    try:
        return decoder.decode(value)
    except (ValueError, RecursionError):
        raise Refused(invalid("invalid_value", f"{key}: {wanted} is needed", param=key)) from None
