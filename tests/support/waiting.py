"""Waiting for what another process does: by looking, up to a deadline, never by sleeping for a guess."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

DEADLINE_SECONDS: Final = 20.0
LOOK_SECONDS: Final = 0.01

Found = TypeVar("Found")


def wait_for(look: Callable[[], Found], what: str, seconds: float = DEADLINE_SECONDS) -> Found:
    """What `look` returns once that is true. Fails, naming `what` was waited for, after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() >= deadline:
            raise AssertionError(f"waited {seconds:g} s in vain for {what}")
        time.sleep(LOOK_SECONDS)
