"""W3C Trace Context (https://www.w3.org/TR/trace-context/): the caller's trace is taken, or one is made."""

import re
from collections.abc import Callable
from typing import Final

_TRACEPARENT: Final = re.compile(
    rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?"
)


def trace_of(traceparent: bytes | None, random_bits: Callable[[int], int]) -> str:
    """The 32 hex digits of the trace id. A malformed header, or one of zeros, counts as none."""
    if traceparent is not None:
        match = _TRACEPARENT.fullmatch(traceparent)
        if match is not None:
            return match[1].decode()
    return f"{random_bits(128) or 1:032x}"
