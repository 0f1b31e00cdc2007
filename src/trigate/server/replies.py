"""Bytes of replies: heads, and the errors that no surface renders because no surface was reached.

Pure. Above: `responder`, `http`.
"""

from http import HTTPStatus
from typing import Final

import msgspec

from trigate.core.errors import Fault
from trigate.core.ports import HeaderList

_STATUS_LINES: Final = {
    code: b"HTTP/1.1 %d %b\r\n" % (code, HTTPStatus(code).phrase.encode() if code in set(HTTPStatus) else b"")
    for code in range(200, 600)
}


def head(status: int, headers: HeaderList, more: bytes) -> bytes:
    """Status line and headers; `more` holds the connection's own header lines, each with its end.

    Raises ValueError for a header that would end its line.
    """
    lines = [_STATUS_LINES[status], more]
    for name, value in headers:
        lines += (name, b": ", value, b"\r\n")
    lines.append(b"\r\n")
    block = b"".join(lines)
    ends = more.count(b"\n") + len(headers) + 2
    if block.count(b"\n") != ends or block.count(b"\r") != ends or b"\0" in block:
        raise ValueError("a reply header holds a line break or a null byte")
    return block


class _Error(msgspec.Struct):
    message: str
    type: str
    param: str | None
    code: str
    request_id: str | None


def error_body(fault: Fault, request_id: str | None = None) -> bytes:
    """`{"error": {message, type, param, code, request_id}}`: for a caller whose dialect is not known."""
    error = _Error(fault.message, fault.category.value, fault.param, fault.code, request_id)
    return msgspec.json.encode({"error": error})


def error_headers(fault: Fault, request_id: str | None = None) -> HeaderList:
    """The headers that go with `error_body`."""
    headers = [(b"content-type", b"application/json")]
    if request_id is not None:
        headers.append((b"x-request-id", request_id.encode("ascii")))
    if fault.retry_after_ms is not None:
        headers.append((b"retry-after", b"%d" % -(-fault.retry_after_ms // 1000)))
    return headers
