"""Failures have stable codes, and tell nothing about where a call went."""

import pytest

from trigate.core.errors import AttemptFailed, Category, ErrorClass
from trigate.upstream import failures


@pytest.mark.parametrize(
    ("failure", "error_class", "code", "status"),
    [
        (failures.unreachable(), ErrorClass.CONNECT, "upstream_unreachable", 502),
        (failures.dns(), ErrorClass.CONNECT, "upstream_dns", 502),
        (failures.tls(), ErrorClass.CONNECT, "upstream_tls", 502),
        (failures.connect_timeout(), ErrorClass.CONNECT, "upstream_timeout", 504),
        (failures.cut_before_head(), ErrorClass.UNAVAILABLE, "upstream_cut", 502),
        (failures.cut(), ErrorClass.TRUNCATED, "upstream_cut", 502),
        (failures.malformed(), ErrorClass.MALFORMED, "upstream_malformed", 502),
        (failures.too_large(7), ErrorClass.MALFORMED, "upstream_too_large", 502),
    ],
)
def test_codes_are_stable(failure: AttemptFailed, error_class: ErrorClass, code: str, status: int) -> None:
    assert (failure.error_class, failure.fault.code, failure.fault.status) == (error_class, code, status)
    assert failure.fault.category is (Category.TIMEOUT if status == 504 else Category.UPSTREAM)
