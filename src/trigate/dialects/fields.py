"""A JSON object under reading: take what is known, and what remains is what would be lost.

Contract: null, "", [] and {} mean absent. Values are decoded only when they are taken, so that what is passed on as
text (tool arguments, JSON schemas) keeps its bytes. Pure. Above: the readers of the dialects. Below: `parts`.
"""

from collections.abc import Iterator
from typing import Final, Self, TypeVar

import msgspec

from trigate.dialects.parts import NULL, says_something

_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST: Final = msgspec.json.Decoder(list[msgspec.Raw] | None)
_TEXT: Final = msgspec.json.Decoder(str | None)
_TEXTS: Final = msgspec.json.Decoder(list[str] | None)
_FLAG: Final = msgspec.json.Decoder(bool | None)
_INTEGER: Final = msgspec.json.Decoder(int | None)
_NUMBER: Final = msgspec.json.Decoder(float | None)

T = TypeVar("T")


class Misfit(ValueError):
    """A value has the wrong shape, or is missing. `path` leads to it, as in `messages.0.content`."""

    def __init__(self, path: str, what: str) -> None:
        super().__init__(f"{path}: {what}")
        self.path = path


class Unsaid(ValueError):
    """A feature stands here that the neutral contract cannot say."""

    def __init__(self, path: str, feature: str) -> None:
        super().__init__(f"{path}: {feature}")
        self.path = path
        self.feature = feature


class Fields:
    """One object and the path to it (`""` for the body itself)."""

    __slots__ = ("_left", "_path")

    def __init__(self, raw: bytes | msgspec.Raw, path: str = "") -> None:
        """Scan `raw`. Raises `Misfit` when it is not an object."""
        self._path = path
        try:
            self._left = _OBJECT.decode(raw)
        except msgspec.ValidationError:
            raise Misfit(path, "an object is needed") from None

    def at(self, key: str) -> str:
        """The path to one of its fields."""
        return f"{self._path}.{key}" if self._path else key

    def raw(self, key: str) -> bytes | None:
        """The JSON text of a field."""
        value = self._left.pop(key, None)
        text = None if value is None else bytes(value)
        return None if text == NULL else text

    def text(self, key: str) -> str | None:
        return self._take(key, _TEXT, "a string") or None

    def flag(self, key: str) -> bool | None:
        return self._take(key, _FLAG, "true or false")

    def integer(self, key: str) -> int | None:
        return self._take(key, _INTEGER, "a whole number")

    def number(self, key: str) -> float | None:
        return self._take(key, _NUMBER, "a number")

    def texts(self, key: str) -> list[str]:
        """The strings of a list that are not empty."""
        return [text for text in self._take(key, _TEXTS, "a list of strings") or () if text]

    def needed(self, key: str) -> str:
        """A string that must be there, and not be empty. Raises `Misfit`."""
        text = self.text(key)
        if text is None:
            raise Misfit(self.at(key), "field required")
        return text

    def object(self, key: str) -> Self | None:
        raw = self.raw(key)
        return None if raw is None or raw == b"{}" else type(self)(raw, self.at(key))

    def objects(self, key: str) -> list[Self]:
        path = self.at(key)
        items = self._take(key, _LIST, "a list") or ()
        return [type(self)(item, f"{path}.{index}") for index, item in enumerate(items)]

    def is_text(self, key: str) -> bool:
        """Whether the field, which may be a string or a list, is a string."""
        value = self._left.get(key)
        return value is not None and bytes(value).startswith(b'"')

    def rest(self, prefix: str = "") -> Iterator[str]:
        """The names of the fields that are there and were not taken, each behind `prefix`."""
        return (prefix + key for key, value in self._left.items() if says_something(value))

    def _take(self, key: str, decoder: msgspec.json.Decoder[T | None], wanted: str) -> T | None:
        value = self._left.pop(key, None)
        if value is None:
            return None
        try:
            return decoder.decode(value)
        except msgspec.ValidationError:
            raise Misfit(self.at(key), f"{wanted} is needed") from None
