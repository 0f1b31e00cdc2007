"""What a vendor's failure looks like to the client: one status and one stable code per error class."""

from email.utils import parsedate_to_datetime
from typing import Final

from trigate.core.errors import Category, ErrorClass, Fault

MAX_RETRY_AFTER_MS: Final = 60_000
MAX_MESSAGE: Final = 500

EVIDENCE_UNAVAILABLE: Final = Fault(
    "evidence_unavailable", Category.OVERLOADED, 503, "the gateway cannot write its evidence now; try again", None, 1000
)
CANCELLED: Final = Fault("client_closed_request", Category.INVALID, 499, "the client hung up")
TIMEOUTS: Final = {
    "first_byte": "the model's server did not answer in time",
    "first_token": "the model did not begin its reply in time",
    "idle": "the model fell silent in the middle of its reply",
    "total": "the reply took longer than this model's total deadline",
}

_FAULTS: Final = {
    ErrorClass.CONNECT: Fault("upstream_unreachable", Category.UPSTREAM, 502, "the model's server cannot be reached"),
    ErrorClass.TIMEOUT: Fault("upstream_timeout", Category.TIMEOUT, 504, "the model's server did not answer in time"),
    ErrorClass.UNAVAILABLE: Fault("upstream_unavailable", Category.UPSTREAM, 503, "the model is not available now"),
    ErrorClass.RATE_LIMITED: Fault("upstream_rate_limited", Category.RATE_LIMITED, 429, "the vendor limits the rate"),
    ErrorClass.QUOTA: Fault(
        "upstream_quota", Category.UPSTREAM, 502, "the gateway's account at the vendor has no quota left"
    ),
    ErrorClass.CREDENTIAL: Fault(
        "upstream_credential", Category.UPSTREAM, 502, "the vendor refused the gateway's credentials"
    ),
    ErrorClass.NOT_FOUND: Fault(
        "upstream_model_not_found", Category.UPSTREAM, 502, "the vendor does not know the target's model"
    ),
    ErrorClass.MALFORMED: Fault(
        "upstream_malformed", Category.UPSTREAM, 502, "the model's reply could not be understood"
    ),
    ErrorClass.TRUNCATED: Fault(
        "upstream_truncated", Category.UPSTREAM, 502, "the model's reply broke off before its end"
    ),
}
_ABOUT_THE_REQUEST: Final = {
    ErrorClass.REJECTED: "upstream_rejected",
    ErrorClass.CONTEXT_TOO_LONG: "context_length_exceeded",
    ErrorClass.CONTENT_FILTER: "content_filter",
}


def vendor_fault(error_class: ErrorClass, message: str, retry_after_ms: int | None) -> Fault:
    """The client's fault. The vendor's own words are passed on only where they speak of the client's request: a
    message about the account could name a key, an organisation or an address."""
    code = _ABOUT_THE_REQUEST.get(error_class)
    if code is not None:
        category = Category.CONTENT if error_class == ErrorClass.CONTENT_FILTER else Category.INVALID
        return Fault(code, category, 400, message[:MAX_MESSAGE] or "the vendor rejected the request")
    fault = _FAULTS[error_class]
    return Fault(fault.code, fault.category, fault.status, fault.message, None, retry_after_ms)


def retry_after(milliseconds: str | None, header: str | None, now_ns: int) -> int | None:
    """The vendor's wish in milliseconds, at most a minute: `retry-after-ms`, or `Retry-After` as seconds or as a date
    (RFC 9110 10.2.3). None for none, or for nonsense."""
    try:
        if milliseconds is not None:
            wish = float(milliseconds)
        elif header is None:
            return None
        elif header.strip().replace(".", "", 1).isdigit():
            wish = float(header) * 1000
        else:
            wish = parsedate_to_datetime(header).timestamp() * 1000 - now_ns / 1e6
    except (ValueError, OverflowError):
        return None
    return int(min(max(wish, 0), MAX_RETRY_AFTER_MS)) if wish == wish else None
