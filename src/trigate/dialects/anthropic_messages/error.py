"""Errors, both ways: `{"type": "error", "error": {"type", "message"}, "request_id"}`.

Reading tells how an attempt failed by the vendor's word for it, then by its message where one word stands for
several things, then by the HTTP status: gateways before the vendor answer with pages. Writing uses the vendor's own
words, so that its SDKs raise what they always raise, and adds our stable `code` (and `param`) beside them.
Source: platform.claude.com/docs/en/api/errors. Above: `dialect`, `meter`, the stream classes. Below: `parts`.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from trigate.core.errors import Category, ErrorClass, Fault
from trigate.core.ports import VendorError
from trigate.dialects.anthropic_messages.blocks import Json
from trigate.dialects.parts import clean_message, upstream_fault
from trigate.wire import sse

_CLASSES: Final[Mapping[str, ErrorClass]] = {
    "invalid_request_error": ErrorClass.REJECTED,
    "request_too_large": ErrorClass.REJECTED,
    "conflict_error": ErrorClass.REJECTED,
    "authentication_error": ErrorClass.CREDENTIAL,
    "permission_error": ErrorClass.CREDENTIAL,
    "billing_error": ErrorClass.QUOTA,
    "not_found_error": ErrorClass.NOT_FOUND,
    "rate_limit_error": ErrorClass.RATE_LIMITED,
    "timeout_error": ErrorClass.TIMEOUT,
    "overloaded_error": ErrorClass.UNAVAILABLE,
    "api_error": ErrorClass.UNAVAILABLE,
}
# What an invalid_request_error is about, by words of its message in lower case.
_MESSAGES: Final[Mapping[str, ErrorClass]] = {
    "prompt is too long": ErrorClass.CONTEXT_TOO_LONG,
    "exceed context limit": ErrorClass.CONTEXT_TOO_LONG,
    "context window": ErrorClass.CONTEXT_TOO_LONG,
    "credit balance is too low": ErrorClass.QUOTA,
    "usage limits": ErrorClass.QUOTA,
    "content filtering policy": ErrorClass.CONTENT_FILTER,
}
_STATUSES: Final[Mapping[int, ErrorClass]] = {
    401: ErrorClass.CREDENTIAL,
    402: ErrorClass.QUOTA,
    403: ErrorClass.CREDENTIAL,
    404: ErrorClass.NOT_FOUND,
    408: ErrorClass.TIMEOUT,
    429: ErrorClass.RATE_LIMITED,
    504: ErrorClass.TIMEOUT,
}
_TYPES: Final[Mapping[Category, str]] = {
    Category.INVALID: "invalid_request_error",
    Category.UNSUPPORTED: "invalid_request_error",
    Category.AUTHENTICATION: "authentication_error",
    Category.PERMISSION: "permission_error",
    Category.NOT_FOUND: "not_found_error",
    Category.TOO_LARGE: "request_too_large",
    Category.RATE_LIMITED: "rate_limit_error",
    Category.BUDGET: "billing_error",
    Category.CONTENT: "invalid_request_error",
    Category.UPSTREAM: "api_error",
    Category.TIMEOUT: "timeout_error",
    Category.OVERLOADED: "overloaded_error",
    Category.INTERNAL: "api_error",
}


class _Error(msgspec.Struct):
    type: str | None = None
    message: str | None = None


class _Envelope(msgspec.Struct):
    error: _Error | None = None


_DECODER: Final = msgspec.json.Decoder(_Envelope)


def read_error(status: int, body: bytes) -> VendorError:
    """How an attempt failed; never raises."""
    try:
        error = _DECODER.decode(body).error or _Error()
    except (ValueError, RecursionError):
        error = _Error()
    message = clean_message(error.message or "") or f"the upstream answered {status}"
    return VendorError(_classify(status, error.type or "", message.lower()), message, error.type or "")


def _classify(status: int, word: str, message: str) -> ErrorClass:
    error_class = _CLASSES.get(word) or _STATUSES.get(status)
    if error_class is None:
        error_class = ErrorClass.REJECTED if 400 <= status < 500 else ErrorClass.UNAVAILABLE
    if error_class is ErrorClass.REJECTED:
        return next((meant for words, meant in _MESSAGES.items() if words in message), error_class)
    return error_class


def read_event_error(data: bytes) -> Fault:
    """The fault of an `error` event. Raises ValueError when `data` is not JSON."""
    try:
        msgspec.json.decode(data, type=msgspec.Raw)
    except RecursionError:
        raise ValueError("the error is nested too deep") from None
    return upstream_fault(read_error(500, data))


def write_error(fault: Fault, request_id: str) -> bytes:
    """The error body for a client."""
    error: Json = {"type": _TYPES[fault.category], "message": fault.message, "code": fault.code}
    if fault.param is not None:
        error["param"] = fault.param
    body: Json = {"type": "error", "error": error}
    if request_id:
        body["request_id"] = request_id
    return msgspec.json.encode(body)


def stream_error(fault: Fault, request_id: str) -> bytes:
    """The same as an event of a stream, after which nothing may follow."""
    return sse.encode(write_error(fault, request_id), "error")
