"""Finding the texts of a request for guardrails: a walk over its JSON that skips what holds no words.

More is found than the neutral contract can say: whatever stands in a message is looked at, known or not, save the
keys that carry no prose (`SKIPPED`), so that no new kind of block slips by unseen.
"""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from trigate.core.errors import Refused, invalid
from trigate.core.part import Part, PartKind

Path = tuple[str | int, ...]

SKIPPED: Final = frozenset(
    {
        "type",
        "role",
        "id",
        "tool_call_id",
        "tool_use_id",
        "call_id",
        "signature",
        "cache_control",
        "media_type",
        "mimeType",
        "mime_type",
        "data",
        "detail",
        "format",
        "file_id",
        "status",
        "encrypted_content",
    }
)
"""Keys of the wire shapes whose values are no prose."""

PAYLOADS: Final = frozenset({"input", "args", "arguments", "response", "parameters"})
"""Keys below which somebody else's JSON stands: there every string counts, whatever its key is called."""

MAX_DEPTH: Final = 64
NOTHING: Final[frozenset[str]] = frozenset()

_DATA_URL: Final = re.compile(r"data:[\w.+/-]*(?:;[\w.=-]+)*;base64,")

_DECODER: Final = msgspec.json.Decoder(dict[str, object])


def decode(body: bytes) -> dict[str, object]:
    """The body as plain values. Raises `Refused`."""
    try:
        return _DECODER.decode(body)
    except (msgspec.DecodeError, RecursionError):
        raise Refused(invalid("invalid_json", "the body is not valid JSON")) from None


def texts(value: object, kind: PartKind, path: Path, skipped: frozenset[str] = SKIPPED) -> Iterator[Part]:
    """Every string below `value` that may be prose. A data URL is no prose. Raises `Refused` beyond `MAX_DEPTH`."""
    if len(path) > MAX_DEPTH:
        raise Refused(invalid("nested_too_deep", "the body is nested too deep for its guardrails"))
    if isinstance(value, str):
        if value and _DATA_URL.match(value) is None:
            yield Part(kind, value, path)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from texts(each, kind, (*path, index), skipped)
    elif isinstance(value, dict):
        for key, each in value.items():
            if key not in skipped:
                yield from texts(each, kind, (*path, key), NOTHING if key in PAYLOADS else skipped)
