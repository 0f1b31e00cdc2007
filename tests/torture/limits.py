"""How long torture takes, and what a machine must allow for it."""

import os
import resource
from typing import Final

FULL: Final = os.environ.get("TORTURE") == "full"
"""`TORTURE=full make torture` takes as long as is promised; without it each test takes a tenth or so of that."""

_DESCRIPTORS: Final = 8192


def minutes(full: float) -> float:
    """Seconds of a test that takes so many minutes in full."""
    return full * 60 if FULL else full * 6


def raise_descriptors() -> None:
    """As many files as thousands of connections need, for this process and those that it starts."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _DESCRIPTORS if most == resource.RLIM_INFINITY else min(most, _DESCRIPTORS)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
