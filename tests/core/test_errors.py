"""Faults are values that survive being written down; exceptions carry them."""

import msgspec
import pytest

from trigate.core.errors import INTERNAL, AttemptFailed, Category, ErrorClass, Fault, Refused, invalid, unsupported


def test_a_fault_in_evidence_is_the_same_fault() -> None:
    fault = Fault("c", Category.RATE_LIMITED, 429, "slow down", retry_after_ms=1500)
    written = msgspec.json.encode(fault)
    assert msgspec.json.decode(written, type=Fault) == fault
    assert b"param" not in written


def test_a_request_that_cannot_succeed() -> None:
    assert invalid("bad", "it is bad", param="n") == Fault("bad", Category.INVALID, 400, "it is bad", "n")


def test_a_feature_is_refused_by_name_and_with_a_remedy() -> None:
    fault = unsupported("audio output", "a model of another API", param="modalities")
    assert (fault.code, fault.category, fault.status, fault.param) == (
        "unsupported_feature",
        Category.UNSUPPORTED,
        400,
        "modalities",
    )
    assert fault.message.startswith("audio output cannot be carried to a model of another API; ")


def test_exceptions_carry_their_fault_and_show_its_code_only() -> None:
    fault = invalid("bad", "words of a caller")
    with pytest.raises(Refused, match=r"^bad$") as refused:
        raise Refused(fault)
    assert refused.value.fault is fault
    with pytest.raises(AttemptFailed, match=r"^timeout: bad$") as failed:
        raise AttemptFailed(ErrorClass.TIMEOUT, fault, status=504)
    assert (failed.value.error_class, failed.value.fault, failed.value.status) == (ErrorClass.TIMEOUT, fault, 504)
    assert AttemptFailed(ErrorClass.CONNECT, fault).status == 0


def test_an_inner_failure_tells_nothing() -> None:
    assert (INTERNAL.status, INTERNAL.category) == (500, Category.INTERNAL)
