"""Heads and bodies of replies that nobody else renders."""

import json

import pytest

from trigate.core.errors import Category, Fault
from trigate.server.replies import error_body, error_headers, head


def test_a_head_is_a_status_line_and_headers() -> None:
    assert head(404, [(b"a", b"b")], b"c: d\r\n") == b"HTTP/1.1 404 Not Found\r\nc: d\r\na: b\r\n\r\n"
    assert head(599, [], b"") == b"HTTP/1.1 599 \r\n\r\n"


@pytest.mark.parametrize("header", [(b"a", b"b\r\nc: d"), (b"a\nb", b"c"), (b"a", b"b\r"), (b"a", b"\0")])
def test_a_header_cannot_break_out(header: tuple[bytes, bytes]) -> None:
    with pytest.raises(ValueError, match="line break"):
        head(200, [header], b"")


def test_an_error_says_what_and_where_to_look() -> None:
    fault = Fault("slow_down", Category.RATE_LIMITED, 429, "too fast", "model", retry_after_ms=1_001)
    assert json.loads(error_body(fault, "req_1")) == {
        "error": {
            "message": "too fast",
            "type": "rate_limited",
            "param": "model",
            "code": "slow_down",
            "request_id": "req_1",
        }
    }
    assert error_headers(fault, "req_1") == [
        (b"content-type", b"application/json"),
        (b"x-request-id", b"req_1"),
        (b"retry-after", b"2"),
    ]
