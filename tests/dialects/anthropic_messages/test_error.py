import json

import pytest
from anthropic.types.shared import ErrorResponse
from hypothesis import given
from hypothesis import strategies as st

from trigate.core.errors import Category, ErrorClass, Fault
from trigate.dialects.anthropic_messages.error import read_error, read_event_error, stream_error, write_error


def body(word: str, message: str = "something") -> bytes:
    return json.dumps({"type": "error", "error": {"type": word, "message": message}, "request_id": "req_1"}).encode()


@pytest.mark.parametrize(
    ("status", "word", "message", "error_class"),
    [
        (400, "invalid_request_error", "max_tokens: required", ErrorClass.REJECTED),
        (400, "invalid_request_error", "prompt is too long: 201 tokens > 200 maximum", ErrorClass.CONTEXT_TOO_LONG),
        (
            400,
            "invalid_request_error",
            "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000",
            ErrorClass.CONTEXT_TOO_LONG,
        ),
        (400, "invalid_request_error", "Your credit balance is too low to access", ErrorClass.QUOTA),
        (400, "invalid_request_error", "You have reached your specified API usage limits.", ErrorClass.QUOTA),
        (400, "invalid_request_error", "Output blocked by content filtering policy", ErrorClass.CONTENT_FILTER),
        (401, "authentication_error", "invalid x-api-key", ErrorClass.CREDENTIAL),
        (402, "billing_error", "no money", ErrorClass.QUOTA),
        (403, "permission_error", "not yours", ErrorClass.CREDENTIAL),
        (404, "not_found_error", "model: x", ErrorClass.NOT_FOUND),
        (413, "request_too_large", "too many bytes", ErrorClass.REJECTED),
        (429, "rate_limit_error", "slow down", ErrorClass.RATE_LIMITED),
        (500, "api_error", "Internal server error", ErrorClass.UNAVAILABLE),
        (504, "timeout_error", "Request timed out", ErrorClass.TIMEOUT),
        (529, "overloaded_error", "Overloaded", ErrorClass.UNAVAILABLE),
        (418, "teapot_error", "short and stout", ErrorClass.REJECTED),
        (599, "teapot_error", "short and stout", ErrorClass.UNAVAILABLE),
    ],
)
def test_the_vendors_words_are_classified(status: int, word: str, message: str, error_class: ErrorClass) -> None:
    error = read_error(status, body(word, message))
    assert (error.error_class, error.code) == (error_class, word)
    assert error.message == message


@pytest.mark.parametrize(
    ("status", "error_class"),
    [
        (400, ErrorClass.REJECTED),
        (401, ErrorClass.CREDENTIAL),
        (402, ErrorClass.QUOTA),
        (404, ErrorClass.NOT_FOUND),
        (408, ErrorClass.TIMEOUT),
        (429, ErrorClass.RATE_LIMITED),
        (502, ErrorClass.UNAVAILABLE),
        (504, ErrorClass.TIMEOUT),
    ],
)
def test_a_page_is_classified_by_its_status(status: int, error_class: ErrorClass) -> None:
    error = read_error(status, b"<html><h1>Bad Gateway</h1></html>")
    assert (error.error_class, error.code) == (error_class, "")
    assert str(status) in error.message
    assert "<" not in error.message


@given(st.integers(100, 999), st.binary(max_size=60))
def test_any_body_is_classified(status: int, data: bytes) -> None:
    assert isinstance(read_error(status, data).error_class, ErrorClass)


@pytest.mark.parametrize("data", [b"[" * 100_000, b'{"error":"text"}', b'{"error":{"type":7}}', b"null"])
def test_strange_bodies_are_classified(data: bytes) -> None:
    assert read_error(500, data).error_class is ErrorClass.UNAVAILABLE


@pytest.mark.parametrize(
    ("category", "word"),
    [
        (Category.INVALID, "invalid_request_error"),
        (Category.AUTHENTICATION, "authentication_error"),
        (Category.PERMISSION, "permission_error"),
        (Category.NOT_FOUND, "not_found_error"),
        (Category.TOO_LARGE, "request_too_large"),
        (Category.RATE_LIMITED, "rate_limit_error"),
        (Category.BUDGET, "billing_error"),
        (Category.TIMEOUT, "timeout_error"),
        (Category.OVERLOADED, "overloaded_error"),
        (Category.INTERNAL, "api_error"),
    ],
)
def test_faults_are_written_in_the_vendors_words(category: Category, word: str) -> None:
    written = write_error(Fault("our_code", category, 400, "what and why", "messages.0"), "req_7")
    error = {"type": word, "message": "what and why", "code": "our_code", "param": "messages.0"}
    assert json.loads(written) == {"type": "error", "error": error, "request_id": "req_7"}


@pytest.mark.parametrize("category", set(Category) - {Category.TOO_LARGE})  # the SDK has no class for that one
def test_every_category_is_an_error_of_the_sdk(category: Category) -> None:
    response = ErrorResponse.model_validate_json(write_error(Fault("c", category, 400, "m"), "req_7"))
    assert response.error.message == "m"
    assert response.request_id == "req_7"


def test_an_error_event() -> None:
    fault = Fault("upstream_unavailable", Category.OVERLOADED, 503, "Overloaded")
    event = stream_error(fault, "req_7")
    assert event.startswith(b'event: error\ndata: {"type":"error"')
    assert event.endswith(b"\n\n")
    read = read_event_error(event.split(b"data: ")[1].strip())
    assert (read.category, read.message) == (Category.OVERLOADED, "Overloaded")


def test_the_operators_own_troubles_are_not_told() -> None:
    fault = read_event_error(body("billing_error", "account 1234 owes money"))
    assert fault.category is Category.UPSTREAM
    assert "1234" not in fault.message


def test_an_error_event_must_be_json() -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_event_error(b"{oops")
