"""A call holds credentials: it must not show them."""

from trigate.core import ports


def test_a_call_shows_no_header_url_or_body() -> None:
    call = ports.Call("POST", "https://internal/v1", [("authorization", "Bearer secret")], b"words")
    assert repr(call) == f"{call}" == "Call(POST, 5 bytes)"
