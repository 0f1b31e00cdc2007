"""What is refused of the bytes themselves, before any handler: the faults, and what llhttp lets pass.

Pure. Above: `connection`.
"""

from collections.abc import Mapping
from typing import Final

from trigate.core.errors import Category, Fault, Refused, invalid

MALFORMED: Final = invalid("malformed_http", "the bytes received are not a valid HTTP/1.1 request")
UPGRADING: Final = frozenset({b"connection", b"upgrade", b"http2-settings"})
"""The headers of an offer to speak HTTP/2 instead, which many clients make in passing."""

UPGRADE: Final = invalid("upgrade_not_served", "only plain HTTP is served here, no websocket")
HEAD_TOO_LARGE: Final = Fault("header_too_large", Category.TOO_LARGE, 431, "the request's headers are too large")
HEAD_TOO_SLOW: Final = Fault("request_timeout", Category.TIMEOUT, 408, "the request's headers took too long")
BODY_TOO_SLOW: Final = Fault("request_timeout", Category.TIMEOUT, 408, "the request's body took too long")


def check_framing(version: str, headers: Mapping[bytes, bytes]) -> None:
    """Refuse other versions, upgrades, and transfer codings that we would have to undo (RFC 9112 6.1).

    Raises `Refused` (400, 505). An offer of HTTP/2 is no reason to refuse.
    """
    if version not in ("1.1", "1.0"):
        raise Refused(Fault("version_not_served", Category.INVALID, 505, "only HTTP/1.1 and HTTP/1.0 are served"))
    coding = headers.get(b"transfer-encoding")
    if coding is not None and (version == "1.0" or coding.lower() != b"chunked"):
        raise Refused(invalid("bad_transfer_encoding", "only the chunked transfer coding is served, over HTTP/1.1"))
    if headers.get(b"upgrade", b"").lower() == b"websocket":
        raise Refused(UPGRADE)
