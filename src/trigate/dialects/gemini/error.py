"""Errors, both ways: `{"error": {"code", "message", "status", "details": [...]}}`, Google's `google.rpc.Status`.

Reading tells how an attempt failed by the status word, then by details and words of the message where one word stands
for several things (an invalid key is `INVALID_ARGUMENT`), then by the HTTP status. How long to wait stands in a
`RetryInfo`, not in a header. Writing puts our stable code and the request id into an `ErrorInfo`, as Google puts its.
Source: cloud.google.com/apis/design/errors, ai.google.dev/gemini-api/docs/troubleshooting. Above: the modules of this
package. Below: `parts`.
"""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from trigate.core.errors import Category, ErrorClass, Fault
from trigate.core.ports import VendorError
from trigate.dialects.parts import clean_message, upstream_fault
from trigate.wire import sse

DOMAIN: Final = "trigate"

_INFO: Final = "type.googleapis.com/google.rpc.ErrorInfo"
_RETRY: Final = "type.googleapis.com/google.rpc.RetryInfo"
_DELAY: Final = re.compile(r"(\d{1,6}(?:\.\d{1,9})?)s")
_CLASSES: Final[Mapping[str, ErrorClass]] = {
    "INVALID_ARGUMENT": ErrorClass.REJECTED,
    "OUT_OF_RANGE": ErrorClass.REJECTED,
    "FAILED_PRECONDITION": ErrorClass.CREDENTIAL,  # no billing, or a region that the account may not serve
    "UNAUTHENTICATED": ErrorClass.CREDENTIAL,
    "PERMISSION_DENIED": ErrorClass.CREDENTIAL,
    "NOT_FOUND": ErrorClass.NOT_FOUND,
    "RESOURCE_EXHAUSTED": ErrorClass.RATE_LIMITED,
    "DEADLINE_EXCEEDED": ErrorClass.TIMEOUT,
    "CANCELLED": ErrorClass.UNAVAILABLE,
    "ABORTED": ErrorClass.UNAVAILABLE,
    "INTERNAL": ErrorClass.UNAVAILABLE,
    "UNKNOWN": ErrorClass.UNAVAILABLE,
    "UNAVAILABLE": ErrorClass.UNAVAILABLE,
}
_STATUSES: Final[Mapping[int, ErrorClass]] = {
    401: ErrorClass.CREDENTIAL,
    403: ErrorClass.CREDENTIAL,
    404: ErrorClass.NOT_FOUND,
    408: ErrorClass.TIMEOUT,
    429: ErrorClass.RATE_LIMITED,
    504: ErrorClass.TIMEOUT,
}
# What an INVALID_ARGUMENT is about, by words of its message in lower case.
_MESSAGES: Final[Mapping[str, ErrorClass]] = {
    "api key not valid": ErrorClass.CREDENTIAL,
    "api key expired": ErrorClass.CREDENTIAL,
    "exceeds the maximum number of tokens": ErrorClass.CONTEXT_TOO_LONG,
    "user location is not supported": ErrorClass.CREDENTIAL,
}
_WORDS: Final[Mapping[Category, str]] = {
    Category.INVALID: "INVALID_ARGUMENT",
    Category.UNSUPPORTED: "INVALID_ARGUMENT",
    Category.AUTHENTICATION: "UNAUTHENTICATED",
    Category.PERMISSION: "PERMISSION_DENIED",
    Category.NOT_FOUND: "NOT_FOUND",
    Category.TOO_LARGE: "INVALID_ARGUMENT",
    Category.RATE_LIMITED: "RESOURCE_EXHAUSTED",
    Category.BUDGET: "RESOURCE_EXHAUSTED",
    Category.CONTENT: "INVALID_ARGUMENT",
    Category.UPSTREAM: "INTERNAL",
    Category.TIMEOUT: "DEADLINE_EXCEEDED",
    Category.OVERLOADED: "UNAVAILABLE",
    Category.INTERNAL: "INTERNAL",
}


class _Violation(msgspec.Struct, rename="camel"):
    quota_id: str | None = None


class _Detail(msgspec.Struct, rename="camel"):
    reason: str | None = None
    retry_delay: str | None = None
    violations: list[_Violation] | None = None


class _Error(msgspec.Struct):
    code: int | str | None = None
    message: str | None = None
    status: str | None = None
    details: list[_Detail] | None = None


class _Envelope(msgspec.Struct):
    error: _Error


_DECODER: Final = msgspec.json.Decoder(_Envelope | list[_Envelope])


def read_error(status: int, body: bytes) -> VendorError:
    """How an attempt failed; never raises. A stream's error may stand in an array, as its chunks do."""
    try:
        found = _DECODER.decode(body)
        error = (found[0] if found else None) if isinstance(found, list) else found
    except (ValueError, RecursionError):
        error = None
    said = error.error if error is not None else _Error()
    message = clean_message(said.message or "") or f"the upstream answered {status}"
    word = said.status or ""
    return VendorError(_classify(status, word, message.lower(), said.details or []), message, word, _delay(said))


def _classify(status: int, word: str, message: str, details: list[_Detail]) -> ErrorClass:
    found = _CLASSES.get(word) or _STATUSES.get(status)
    if found is None:
        found = ErrorClass.REJECTED if 400 <= status < 500 else ErrorClass.UNAVAILABLE
    if found is ErrorClass.REJECTED:
        if any((detail.reason or "").startswith("API_KEY_") for detail in details):
            return ErrorClass.CREDENTIAL
        return next((meant for words, meant in _MESSAGES.items() if words in message), found)
    if found is ErrorClass.RATE_LIMITED and any(_is_spent(detail) for detail in details):
        return ErrorClass.QUOTA
    return found


def _is_spent(detail: _Detail) -> bool:
    """A quota by the day: it comes back tomorrow, not in a minute."""
    return any("PerDay" in (violation.quota_id or "") for violation in detail.violations or ())


def _delay(error: _Error) -> int | None:
    for detail in error.details or ():
        found = _DELAY.fullmatch(detail.retry_delay or "")
        if found is not None:
            return int(float(found[1]) * 1000)
    return None


def read_event_error(data: bytes) -> Fault:
    """The fault of a chunk that is an error."""
    return upstream_fault(read_error(500, data))


def write_error(fault: Fault, request_id: str) -> bytes:
    """The error body for a client."""
    said = {"request_id": request_id, "param": fault.param or ""}
    metadata = {key: value for key, value in said.items() if value}
    details: list[dict[str, object]] = [
        {"@type": _INFO, "reason": fault.code, "domain": DOMAIN, "metadata": metadata},
    ]
    if fault.retry_after_ms is not None:
        details.append({"@type": _RETRY, "retryDelay": f"{fault.retry_after_ms / 1000:g}s"})
    error = {"code": fault.status, "message": fault.message, "status": _WORDS[fault.category], "details": details}
    return msgspec.json.encode({"error": error})


def stream_error(fault: Fault, request_id: str) -> bytes:
    """The same as a chunk of a stream, after which nothing may follow."""
    return sse.encode(write_error(fault, request_id))
