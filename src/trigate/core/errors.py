"""What can go wrong, as values.

A `Fault` is rendered by the *client's* dialect, stands in the record, and decides whether another target may be
tried. Codes are stable: clients and dashboards may match on them. Messages name what was refused and the remedy,
never a secret, never an internal address.
"""

from enum import StrEnum
from typing import Final

import msgspec


class Category(StrEnum):
    """Whose fault it is, coarsely: the label of metrics and the key of a dialect's own error type."""

    INVALID = "invalid_request"
    UNSUPPORTED = "unsupported"
    AUTHENTICATION = "authentication"
    PERMISSION = "permission"
    NOT_FOUND = "not_found"
    TOO_LARGE = "too_large"
    RATE_LIMITED = "rate_limited"
    BUDGET = "budget"
    CONTENT = "content"
    UPSTREAM = "upstream"
    TIMEOUT = "timeout"
    OVERLOADED = "overloaded"
    INTERNAL = "internal"


class ErrorClass(StrEnum):
    """How an attempt at a target failed; retry and fallback rules name these."""

    CONNECT = "connect"
    TIMEOUT = "timeout"
    UNAVAILABLE = "unavailable"
    RATE_LIMITED = "rate_limited"
    QUOTA = "quota"
    CREDENTIAL = "credential"
    NOT_FOUND = "not_found"
    REJECTED = "rejected"
    CONTEXT_TOO_LONG = "context_too_long"
    CONTENT_FILTER = "content_filter"
    MALFORMED = "malformed"
    TRUNCATED = "truncated"
    CANCELLED = "cancelled"


CURABLE: Final = frozenset(
    {
        ErrorClass.CONNECT,
        ErrorClass.TIMEOUT,
        ErrorClass.UNAVAILABLE,
        ErrorClass.RATE_LIMITED,
        ErrorClass.QUOTA,
        ErrorClass.CREDENTIAL,
        ErrorClass.NOT_FOUND,
        ErrorClass.MALFORMED,
        ErrorClass.TRUNCATED,
    }
)
"""Failures of a target or its account. A request that the vendor rejects would be rejected again; a content filter's
verdict is not routed around; a cancelled call has nobody waiting."""


class Fault(msgspec.Struct, frozen=True, omit_defaults=True):
    """One refusal or failure.

    `status` is the HTTP status for the client. `param` is a path into the request body. `retry_after_ms` is sent as
    `Retry-After`. `upstream_message` is the vendor's own words about the caller's request, already stripped of secrets.
    """

    code: str
    category: Category
    status: int
    message: str
    param: str | None = None
    retry_after_ms: int | None = None


class Refused(Exception):
    """Carries a `Fault` out of a parser or a check; caught once, by the surface or the pipeline."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.code)
        self.fault = fault


class AttemptFailed(Exception):
    """One attempt at one target failed before the commit point.

    `fault` is what the client sees if no other target answers. `retry_after_ms` is the vendor's own wish.
    """

    def __init__(self, error_class: ErrorClass, fault: Fault, *, status: int = 0) -> None:
        super().__init__(f"{error_class}: {fault.code}")
        self.error_class = error_class
        self.fault = fault
        self.status = status


def invalid(code: str, message: str, *, param: str | None = None) -> Fault:
    """A request that can never succeed as it stands: HTTP 400."""
    return Fault(code, Category.INVALID, 400, message, param)


def unsupported(feature: str, where: str, *, param: str | None = None) -> Fault:
    """A feature that the target's dialect cannot carry: refused by name, HTTP 400."""
    message = f"{feature} cannot be carried to {where}; leave it out or ask for a model that supports it"
    return Fault("unsupported_feature", Category.UNSUPPORTED, 400, message, param)


INTERNAL: Final = Fault(
    "internal_error", Category.INTERNAL, 500, "the gateway failed; the request id finds the cause in its log"
)
