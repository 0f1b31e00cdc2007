"""Whether another target may be tried after a failure."""

from collections.abc import Set
from typing import Final

from trigate.core.errors import ErrorClass

DEFAULT_RETRY_ON: Final = frozenset(
    {
        ErrorClass.CONNECT,
        ErrorClass.TIMEOUT,
        ErrorClass.UNAVAILABLE,
        ErrorClass.RATE_LIMITED,
        ErrorClass.QUOTA,
        ErrorClass.CREDENTIAL,
        ErrorClass.NOT_FOUND,
        ErrorClass.MALFORMED,
        ErrorClass.TRUNCATED,
    }
)
"""Failures of a target or its account. A request that the vendor rejects would be rejected again; a content filter's
verdict is not routed around; a cancelled call has nobody waiting."""


def may_try_next(error_class: ErrorClass, attempts_made: int, attempts_allowed: int, retry_on: Set[str]) -> bool:
    """True while attempts are left and the failure is of a class that another target may cure."""
    return attempts_made < attempts_allowed and error_class in retry_on
