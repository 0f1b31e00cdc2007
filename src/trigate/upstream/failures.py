"""What can go wrong between us and an upstream, as `AttemptFailed` with a stable code.

Messages name neither URL nor host nor header: the target stands in the record, the rest is nobody's business. Pure.
Above: the fetchers.
"""

from trigate.core.errors import AttemptFailed, Category, ErrorClass, Fault


def unreachable() -> AttemptFailed:
    """No connection: refused, no route, proxy said no."""
    return _failed(ErrorClass.CONNECT, "upstream_unreachable", 502, "the upstream cannot be reached")


def dns() -> AttemptFailed:
    """The upstream's name does not resolve."""
    return _failed(ErrorClass.CONNECT, "upstream_dns", 502, "the upstream's name cannot be resolved")


def tls() -> AttemptFailed:
    """No trusted connection: certificate, host name, version."""
    return _failed(ErrorClass.CONNECT, "upstream_tls", 502, "no trusted TLS connection to the upstream can be made")


def connect_timeout() -> AttemptFailed:
    """No connection in time: nothing was sent, so nothing can have cost anything."""
    return _failed(ErrorClass.CONNECT, "upstream_timeout", 504, "the upstream took too long to connect")


def cut_before_head() -> AttemptFailed:
    """The connection broke after the request went out: the upstream may have worked on it."""
    return _failed(ErrorClass.UNAVAILABLE, "upstream_cut", 502, "the upstream closed the connection without a reply")


def cut() -> AttemptFailed:
    """The connection broke before the body was complete."""
    return _failed(ErrorClass.TRUNCATED, "upstream_cut", 502, "the upstream's reply broke off")


def malformed() -> AttemptFailed:
    """What came is not HTTP."""
    return _failed(ErrorClass.MALFORMED, "upstream_malformed", 502, "the upstream's reply is not valid HTTP")


def too_large(limit: int) -> AttemptFailed:
    """The body is larger than it may be."""
    return _failed(
        ErrorClass.MALFORMED, "upstream_too_large", 502, f"the upstream's reply is larger than {limit} bytes"
    )


def _failed(error_class: ErrorClass, code: str, status: int, message: str) -> AttemptFailed:
    category = Category.TIMEOUT if status == 504 else Category.UPSTREAM
    return AttemptFailed(error_class, Fault(code, category, status, message))
