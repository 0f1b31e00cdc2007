"""Keys: how they are made, hashed, and read from a key file of JSON Lines.

A key is `tg-`, 43 base62 digits that stand for 32 random bytes, and 6 base62 digits of their CRC-32, by which scanners
for leaked secrets can tell a real key from a look-alike. Only its SHA-256 is ever stored.
"""

import hashlib
import secrets
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

PREFIX: Final = "tg-"
DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BODY_DIGITS: Final = 43
CHECK_DIGITS: Final = 6


class KeyLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """One line of a key file: the fields of `keys:`, and whose key it is where that differs from the app's."""

    id: str
    sha256: str
    expires: str | None = None
    models: tuple[str, ...] | None = None
    user: str | None = None
    tenant: str | None = None
    app: str | None = None


class BadLine(msgspec.Struct, frozen=True):
    """A line that is no key. Lines count from 1."""

    line: int
    reason: str


_DECODER: Final = msgspec.json.Decoder(KeyLine)


def new_key() -> str:
    """A new key; show it once, store its hash."""
    body = _base62(int.from_bytes(secrets.token_bytes(32)), BODY_DIGITS)
    return f"{PREFIX}{body}{_base62(zlib.crc32(body.encode()), CHECK_DIGITS)}"


def hash_key(text: str) -> str:
    """The SHA-256 of a key, in hex, as it stands in a configuration."""
    return hashlib.sha256(text.encode()).hexdigest()


def read_key_file(path: str) -> list[KeyLine | BadLine]:
    """Every line that is not blank, in order, with `BadLine` for those that are no key. Raises OSError."""
    data = Path(path).read_bytes()
    try:
        lines: list[KeyLine | BadLine] = list(_DECODER.decode_lines(data))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return list(_read_slowly(data))
    return lines


def line_numbers(path: str) -> list[int]:
    """The line number of each key of a file, for messages."""
    return [number for number, line in enumerate(Path(path).read_bytes().splitlines(), 1) if line.strip()]


def _read_slowly(data: bytes) -> Iterator[KeyLine | BadLine]:
    """Line by line, to name each one that is wrong."""
    for number, line in enumerate(data.splitlines(), 1):
        if line.strip():
            try:
                yield _DECODER.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                yield BadLine(number, _reason(error))


def _reason(error: Exception) -> str:
    if isinstance(error, msgspec.ValidationError):
        return str(error)
    return "is not a JSON object in UTF-8"


def _base62(number: int, digits: int) -> str:
    text = ""
    for _ in range(digits):
        number, digit = divmod(number, 62)
        text = DIGITS[digit] + text
    return text
