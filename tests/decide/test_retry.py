"""When another target may be tried."""

import pytest

from trigate.core.errors import CURABLE, ErrorClass
from trigate.decide.retry import may_try_next

NEVER = {ErrorClass.REJECTED, ErrorClass.CONTEXT_TOO_LONG, ErrorClass.CONTENT_FILTER, ErrorClass.CANCELLED}


@pytest.mark.parametrize("error_class", list(ErrorClass))
def test_only_what_another_target_may_cure_is_tried_again(error_class: ErrorClass) -> None:
    assert may_try_next(error_class, 1, 3, CURABLE) is (error_class not in NEVER)


@pytest.mark.parametrize(("made", "allowed", "may"), [(1, 1, False), (1, 2, True), (2, 2, False), (3, 2, False)])
def test_attempts_are_limited(made: int, allowed: int, may: bool) -> None:
    assert may_try_next(ErrorClass.CONNECT, made, allowed, CURABLE) is may


def test_what_is_named_replaces_the_default() -> None:
    assert may_try_next(ErrorClass.CONTEXT_TOO_LONG, 1, 2, {"context_too_long"})
    assert not may_try_next(ErrorClass.CONNECT, 1, 2, {"context_too_long"})
