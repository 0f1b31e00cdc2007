"""What every dialect needs to read and write its bodies: strict decoding, data URLs, arguments, ids, messages.

Pure. Above: the dialects. Below: `core`.
"""

import re
from collections.abc import Iterable
from typing import Final, TypeVar

import msgspec

from trigate.core.chat import CacheMark, Image
from trigate.core.errors import Category, ErrorClass, Fault, Refused, invalid
from trigate.core.ports import VendorError

T = TypeVar("T")

NULL: Final = b"null"
MESSAGE_LIMIT: Final = 1000

_ABSENT: Final = frozenset({b"", NULL, b'""', b"[]", b"{}"})
_AT: Final = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<where>.*)`)?$", re.DOTALL)
_DATA_URL: Final = re.compile(r"data:(?P<media_type>[^;,]+)(?:;[^;,]+)*;base64,(?P<data>.*)", re.DOTALL | re.IGNORECASE)
_SECRET: Final = re.compile(r"(?:\b(?:sk|pk|org|proj|gsk|xai)[-_]|\bAIza|\bBearer\s+)[\w*.-]{4,}", re.IGNORECASE)
_NOT_IN_IDS: Final = re.compile(r"[^A-Za-z0-9]")
_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def decode_request(decoder: msgspec.json.Decoder[T], body: bytes | msgspec.Raw) -> T:
    """A client's JSON as a typed value. Raises `Refused` with a 400 that names the field."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        found = _AT.match(str(error))
        what, where = (found["what"], found["where"]) if found else (str(error), None)
        path = None if where is None else where.replace("[", ".").replace("]", "")
        raise Refused(invalid("invalid_value", f"{path or 'the body'}: {what}", param=path)) from None
    except (ValueError, RecursionError):
        raise Refused(invalid("invalid_json", "the body is not valid JSON")) from None


def decode_upstream(decoder: msgspec.json.Decoder[T], data: bytes | msgspec.Raw) -> T:
    """A vendor's JSON as a typed value. Raises ValueError, for endless nesting too."""
    try:
        return decoder.decode(data)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def says_something(value: msgspec.Raw | bytes) -> bool:
    """Whether a JSON value counts: null, an empty string, array or object mean that the client did not say."""
    return bytes(value) not in _ABSENT


def add_once(names: list[str], more: Iterable[str]) -> None:
    """Append what is not there yet, order kept: for `Chat.lost`."""
    names += [name for name in dict.fromkeys(more) if name not in names]


def image_from_url(url: str, detail: str | None = None, cache: CacheMark | None = None) -> Image:
    """A picture from any URL; a base64 `data:` URL (RFC 2397) becomes `data` with its `media_type`."""
    found = _DATA_URL.fullmatch(url)
    if found is None:
        return Image(url=url, detail=detail, cache=cache)
    return Image(media_type=found["media_type"].lower(), data=found["data"], detail=detail, cache=cache)


def url_of_image(image: Image) -> str:
    """A picture as one URL, `data:` where it has no other."""
    return image.url or f"data:{image.media_type};base64,{image.data}"


def arguments_object(arguments: str) -> msgspec.Raw:
    """A tool call's arguments as a JSON object; empty means none. Raises ValueError when they are no object."""
    if not arguments.strip():
        return msgspec.Raw(b"{}")
    try:
        _OBJECT.decode(arguments)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return msgspec.Raw(arguments.encode())


def minted_call_id(reply_id: str, choice: int, number: int) -> str:
    """An id for tool call `number` of a vendor that gave none: the same for the whole and the streamed reply."""
    return f"call_{_NOT_IN_IDS.sub('', reply_id)[-24:]}_{choice}_{number}"


def clean_message(text: str) -> str:
    """A vendor's words on one line, bounded, without what looks like a key or an account's id."""
    return _SECRET.sub("***", " ".join(text.split()))[:MESSAGE_LIMIT]


_FAULTS: Final = {
    ErrorClass.CONTEXT_TOO_LONG: ("context_length_exceeded", Category.INVALID, 400),
    ErrorClass.REJECTED: ("upstream_rejected", Category.INVALID, 400),
    ErrorClass.CONTENT_FILTER: ("content_filter", Category.CONTENT, 400),
    ErrorClass.NOT_FOUND: ("upstream_not_found", Category.NOT_FOUND, 404),
    ErrorClass.RATE_LIMITED: ("upstream_rate_limited", Category.RATE_LIMITED, 429),
    ErrorClass.TIMEOUT: ("upstream_timeout", Category.TIMEOUT, 504),
    ErrorClass.UNAVAILABLE: ("upstream_unavailable", Category.OVERLOADED, 503),
}
_OPAQUE: Final = {
    ErrorClass.CREDENTIAL: "the upstream refused the gateway's credentials",
    ErrorClass.QUOTA: "the gateway's account at the upstream has no quota left",
}


def upstream_fault(error: VendorError) -> Fault:
    """What the client is told of a vendor's error. Words about the operator's own account are not passed on."""
    code, category, status = _FAULTS.get(error.error_class, (f"upstream_{error.error_class}", Category.UPSTREAM, 502))
    return Fault(code, category, status, _OPAQUE.get(error.error_class) or error.message or code)
