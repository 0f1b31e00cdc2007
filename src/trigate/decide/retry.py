"""Whether another target may be tried after a failure."""

from collections.abc import Set

from trigate.core.errors import ErrorClass


def may_try_next(error_class: ErrorClass, attempts_made: int, attempts_allowed: int, retry_on: Set[str]) -> bool:
    """True while attempts are left and the failure is of a class that another target may cure."""
    return attempts_made < attempts_allowed and error_class in retry_on
