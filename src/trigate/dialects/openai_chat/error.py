"""Errors: what a vendor's error body means, and a fault as OpenAI's own error body.

Written: `{"error": {"message", "type", "param", "code", "request_id"}}`; `code` is the fault's stable code,
`request_id` is ours beside OpenAI's four. Read: that shape, its imitations (`{"error": "text"}`, `{"message": ...}`,
`{"detail": ...}`, any of these in a list) and bodies that are no JSON at all.
Source: platform.openai.com/docs/guides/error-codes.
"""

import re
from typing import Final

import msgspec

from trigate.core.errors import Category, ErrorClass, Fault
from trigate.core.ports import VendorError
from trigate.dialects.parts import clean_message

_TYPES: Final = {
    Category.INVALID: "invalid_request_error",
    Category.UNSUPPORTED: "invalid_request_error",
    Category.AUTHENTICATION: "invalid_request_error",
    Category.PERMISSION: "invalid_request_error",
    Category.NOT_FOUND: "invalid_request_error",
    Category.TOO_LARGE: "invalid_request_error",
    Category.CONTENT: "invalid_request_error",
    Category.RATE_LIMITED: "requests",
    Category.BUDGET: "insufficient_quota",
    Category.UPSTREAM: "server_error",
    Category.TIMEOUT: "server_error",
    Category.OVERLOADED: "server_error",
    Category.INTERNAL: "server_error",
}

_BY_WORD: Final = {
    "context_length_exceeded": ErrorClass.CONTEXT_TOO_LONG,
    "insufficient_quota": ErrorClass.QUOTA,
    "billing_hard_limit_reached": ErrorClass.QUOTA,
    "billing_not_active": ErrorClass.QUOTA,
    "rate_limit_exceeded": ErrorClass.RATE_LIMITED,
    "invalid_api_key": ErrorClass.CREDENTIAL,
    "model_not_found": ErrorClass.NOT_FOUND,
    "content_filter": ErrorClass.CONTENT_FILTER,
    "content_policy_violation": ErrorClass.CONTENT_FILTER,
    "ResponsibleAIPolicyViolation": ErrorClass.CONTENT_FILTER,
}
_BY_WORD_IN_STREAM: Final = {
    "invalid_request_error": ErrorClass.REJECTED,
    "requests": ErrorClass.RATE_LIMITED,
    "tokens": ErrorClass.RATE_LIMITED,
    "rate_limit_error": ErrorClass.RATE_LIMITED,
    "authentication_error": ErrorClass.CREDENTIAL,
}
_BY_STATUS: Final = {
    401: ErrorClass.CREDENTIAL,
    402: ErrorClass.QUOTA,
    403: ErrorClass.CREDENTIAL,
    404: ErrorClass.NOT_FOUND,
    408: ErrorClass.TIMEOUT,
    409: ErrorClass.UNAVAILABLE,
    425: ErrorClass.UNAVAILABLE,
    429: ErrorClass.RATE_LIMITED,
    498: ErrorClass.UNAVAILABLE,
    504: ErrorClass.TIMEOUT,
    524: ErrorClass.TIMEOUT,
}
_TOO_LONG: Final = re.compile(
    r"(maximum|exceeds? the|exceeded the) (model'?s? )?(context|input) (length|window)|(prompt|input) is too long",
    re.IGNORECASE,
)


class _Words(msgspec.Struct):
    """What an error body says of itself."""

    message: str = ""
    code: str = ""
    type: str = ""
    status: int = 0


def read_error(status: int, body: bytes) -> VendorError:
    """An upstream's error reply. A `status` of 0 is an error inside a stream. Never raises."""
    try:
        words = _words(msgspec.json.decode(body))
    except (ValueError, RecursionError):
        words = _Words()
    error_class = _classify(status or words.status, words, in_stream=status == 0)
    message = clean_message(words.message) or (f"the upstream answered {status}" if status else "the upstream failed")
    return VendorError(error_class, message, words.code or words.type)


def _words(value: object) -> _Words:
    if isinstance(value, list) and value:
        return _words(value[0])
    if isinstance(value, str):
        return _Words(message=value)
    if not isinstance(value, dict):
        return _Words()
    for key in ("error", "detail"):
        if value.get(key):
            return _words(value[key])
    code = value.get("code")
    numeric = isinstance(code, int) or (isinstance(code, str) and code.isdecimal())
    inner = value.get("innererror")
    return _Words(
        message=_string(value.get("message")) or _string(value.get("msg")),
        code=_string(code) or (_string(inner.get("code")) if isinstance(inner, dict) else ""),
        type=_string(value.get("type")),
        status=int(code) if numeric and code is not None else 0,
    )


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _classify(status: int, words: _Words, *, in_stream: bool) -> ErrorClass:
    for word in (words.code, words.type):
        if word in _BY_WORD:
            return _BY_WORD[word]
    if _TOO_LONG.search(words.message) and (status in (400, 413, 422) or in_stream):
        return ErrorClass.CONTEXT_TOO_LONG
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if in_stream and words.type in _BY_WORD_IN_STREAM:
        return _BY_WORD_IN_STREAM[words.type]
    if 400 <= status < 500:
        return ErrorClass.REJECTED
    return ErrorClass.UNAVAILABLE if status >= 500 or in_stream else ErrorClass.MALFORMED


def write_error(fault: Fault, request_id: str) -> bytes:
    """A fault as OpenAI's error body."""
    return msgspec.json.encode(
        {
            "error": {
                "message": fault.message,
                "type": _TYPES[fault.category],
                "param": fault.param,
                "code": fault.code,
                "request_id": request_id,
            }
        }
    )


def stream_error(fault: Fault, request_id: str) -> bytes:
    """A fault as an event of a stream; OpenAI's own clients raise on it."""
    return b"data: %s\n\n" % write_error(fault, request_id)
