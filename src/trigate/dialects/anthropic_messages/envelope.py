"""Reads the routing and cost-bearing fields of a Messages request, and nothing of its content.

Contract: raises `Refused` for a body that could be read in two ways, or whose fields here have the wrong type.
Above: `dialect`, `count`. Below: `wire.json`.
"""

from typing import Final, TypeVar

import msgspec

from trigate.core.envelope import Envelope
from trigate.core.errors import Refused, invalid
from trigate.wire.json import Body

_PARAMS: Final = (
    "max_tokens",
    "temperature",
    "top_p",
    "top_k",
    "stop_sequences",
    "thinking",
    "output_config",
    "tool_choice",
    "service_tier",
    "speed",
    "inference_geo",
)


class _Metadata(msgspec.Struct):
    user_id: str | None = None


_TEXT: Final = msgspec.json.Decoder(str | None)
_FLAG: Final = msgspec.json.Decoder(bool | None)
_INTEGER: Final = msgspec.json.Decoder(int | None)
_METADATA: Final = msgspec.json.Decoder(_Metadata | None)

T = TypeVar("T")


def read_envelope(body: bytes) -> Envelope:
    """The envelope of a request. Raises `Refused`."""
    scanned = Body(body)
    metadata = _field(scanned, "metadata", _METADATA, "an object with a string user_id")
    user = metadata.user_id if metadata is not None else None
    return Envelope(
        model=_field(scanned, "model", _TEXT, "a string") or "",
        stream=_field(scanned, "stream", _FLAG, "true or false") or False,
        max_tokens=_field(scanned, "max_tokens", _INTEGER, "a whole number"),
        tier=_field(scanned, "service_tier", _TEXT, "a string"),
        metadata={} if user is None else {"user_id": user},
        params={
            name: msgspec.Raw(value)
            for name in _PARAMS
            if (value := scanned.value(name)) is not None and value != b"null"
        },
    )


def _field(body: Body, key: str, decoder: msgspec.json.Decoder[T | None], wanted: str) -> T | None:
    value = body.value(key)
    if value is None:
        return None
    try:
        return decoder.decode(value)
    except (ValueError, RecursionError):
        raise Refused(invalid("invalid_value", f"{key}: {wanted} is needed", param=key)) from None
