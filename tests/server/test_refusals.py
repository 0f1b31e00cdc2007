"""What llhttp lets pass and we do not."""

import pytest

from trigate.core.errors import Refused
from trigate.server.refusals import check_framing


@pytest.mark.parametrize(
    ("version", "headers"),
    [("1.1", {}), ("1.0", {}), ("1.1", {b"transfer-encoding": b"Chunked"}), ("1.1", {b"upgrade": b"h2c"})],
)
def test_plain_http_passes(version: str, headers: dict[bytes, bytes]) -> None:
    check_framing(version, headers)


@pytest.mark.parametrize(
    ("version", "headers", "status"),
    [
        ("2.0", {}, 505),
        ("0.9", {}, 505),
        ("1.0", {b"transfer-encoding": b"chunked"}, 400),
        ("1.1", {b"transfer-encoding": b"gzip, chunked"}, 400),
        ("1.1", {b"transfer-encoding": b""}, 400),
        ("1.1", {b"upgrade": b"websocket"}, 400),
    ],
)
def test_the_rest_is_refused(version: str, headers: dict[bytes, bytes], status: int) -> None:
    with pytest.raises(Refused) as refused:
        check_framing(version, headers)
    assert refused.value.fault.status == status
