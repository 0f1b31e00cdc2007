"""What a client is told of a vendor's failure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigate.core.errors import Category, ErrorClass
from trigate.pipeline.faults import MAX_MESSAGE, MAX_RETRY_AFTER_MS, TIMEOUTS, retry_after, vendor_fault

ABOUT_THE_REQUEST = {ErrorClass.REJECTED, ErrorClass.CONTEXT_TOO_LONG, ErrorClass.CONTENT_FILTER}
NOW = 1_790_000_000_000_000_000  # Mon, 21 Sep 2026 14:13:20 GMT


@pytest.mark.parametrize("error_class", sorted(set(ErrorClass) - {ErrorClass.CANCELLED}))
def test_the_vendors_words_are_passed_on_only_where_they_are_about_the_request(error_class: ErrorClass) -> None:
    fault = vendor_fault(error_class, "organization org-acme: no", 5000)
    assert ("org-acme" in fault.message) is (error_class in ABOUT_THE_REQUEST)
    assert fault.status == 400 if error_class in ABOUT_THE_REQUEST else fault.status in (429, 502, 503, 504)
    assert fault.retry_after_ms == (None if error_class in ABOUT_THE_REQUEST else 5000)


def test_every_class_has_a_code_of_its_own() -> None:
    classes = set(ErrorClass) - {ErrorClass.CANCELLED}
    assert len({vendor_fault(each, "", None).code for each in classes}) == len(classes)


def test_a_content_filter_is_told_apart() -> None:
    assert vendor_fault(ErrorClass.CONTENT_FILTER, "", None).category == Category.CONTENT
    assert vendor_fault(ErrorClass.REJECTED, "", None).message == "the vendor rejected the request"


def test_words_are_bounded() -> None:
    assert len(vendor_fault(ErrorClass.REJECTED, "x" * 10_000, None).message) == MAX_MESSAGE


def test_every_deadline_has_its_words() -> None:
    assert set(TIMEOUTS) == {"first_byte", "first_token", "idle", "total"}


@pytest.mark.parametrize(
    ("milliseconds", "header", "wish"),
    [
        (None, None, None),
        (None, "7", 7000),
        (None, " 0.5 ", 500),
        (None, "0", 0),
        (None, "9" * 400, MAX_RETRY_AFTER_MS),
        (None, "Mon, 21 Sep 2026 14:13:50 GMT", 30_000),
        (None, "Mon, 21 Sep 2026 14:13:00 GMT", 0),
        (None, "Mon, 21 Sep 2099 13:33:00 GMT", MAX_RETRY_AFTER_MS),
        (None, "soon", None),
        (None, "", None),
        (None, "-5", None),
        (None, "\u00b2", None),
        ("250", "7", 250),
        ("-1", None, 0),
        ("nan", None, None),
        ("inf", None, MAX_RETRY_AFTER_MS),
        ("soon", None, None),
    ],
)
def test_retry_after(milliseconds: str | None, header: str | None, wish: int | None) -> None:
    assert retry_after(milliseconds, header, NOW) == wish


@given(st.none() | st.text(), st.none() | st.text())
def test_no_header_is_too_odd(milliseconds: str | None, header: str | None) -> None:
    wish = retry_after(milliseconds, header, NOW)
    assert wish is None or 0 <= wish <= MAX_RETRY_AFTER_MS
