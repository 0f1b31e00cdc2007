"""W3C Trace Context."""

import pytest

from trigate.surfaces.trace import trace_of

TRACE, PARENT = b"4bf92f3577b34da6a3ce929d0e0e4736", b"00f067aa0ba902b7"


def made(bits: int) -> int:
    assert bits == 128
    return 0xABC


@pytest.mark.parametrize(
    "header",
    [
        b"00-%b-%b-01" % (TRACE, PARENT),
        b"00-%b-%b-00" % (TRACE, PARENT),
        b"cc-%b-%b-01-what-the-future-brings" % (TRACE, PARENT),
    ],
)
def test_a_trace_is_taken(header: bytes) -> None:
    assert trace_of(header, made) == TRACE.decode()


@pytest.mark.parametrize(
    "header",
    [
        None,
        b"",
        b"00-%b-%b" % (TRACE, PARENT),
        b"ff-%b-%b-01" % (TRACE, PARENT),
        b"00-%b-%b-01" % (b"0" * 32, PARENT),
        b"00-%b-%b-01" % (TRACE, b"0" * 16),
        b"00-%b-%b-01" % (TRACE.upper(), PARENT),
        b"00-%b-%b-01\n" % (TRACE, PARENT),
        b"00-%b-%b-01, 00-%b-%b-01" % (TRACE, PARENT, TRACE, PARENT),
    ],
)
def test_or_made(header: bytes | None) -> None:
    assert trace_of(header, made) == f"{0xABC:032x}"


def test_a_made_one_is_never_nothing() -> None:
    assert trace_of(None, lambda bits: 0) == f"{1:032x}"
