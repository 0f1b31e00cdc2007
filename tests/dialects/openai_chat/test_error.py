"""Errors: vendors' bodies become classes, our faults become OpenAI's bodies."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigate.core.errors import Category, ErrorClass, Fault
from trigate.dialects.openai_chat.error import read_error, stream_error, write_error


def body(message: str = "m", code: object = None, kind: str = "invalid_request_error", **more: object) -> bytes:
    return json.dumps({"error": {"message": message, "type": kind, "param": None, "code": code, **more}}).encode()


@pytest.mark.parametrize(
    ("status", "data", "error_class"),
    [
        (400, body(code="context_length_exceeded"), ErrorClass.CONTEXT_TOO_LONG),
        (400, body("This model's maximum context length is 4096 tokens. However, you"), ErrorClass.CONTEXT_TOO_LONG),
        (400, body("Your input exceeds the context window of this model."), ErrorClass.CONTEXT_TOO_LONG),
        (400, body("'temperature' is too high"), ErrorClass.REJECTED),
        (400, body(code="content_filter"), ErrorClass.CONTENT_FILTER),
        (400, body(innererror={"code": "ResponsibleAIPolicyViolation"}), ErrorClass.CONTENT_FILTER),
        (401, body(code="invalid_api_key"), ErrorClass.CREDENTIAL),
        (402, b"", ErrorClass.QUOTA),
        (403, body(code="unsupported_country_region_territory", kind="request_forbidden"), ErrorClass.CREDENTIAL),
        (404, body(code="model_not_found"), ErrorClass.NOT_FOUND),
        (404, b"", ErrorClass.NOT_FOUND),
        (408, b"", ErrorClass.TIMEOUT),
        (413, body(kind="server_error"), ErrorClass.REJECTED),
        (422, b'{"detail":[{"loc":["body"],"msg":"field required"}]}', ErrorClass.REJECTED),
        (429, body(code="rate_limit_exceeded", kind="requests"), ErrorClass.RATE_LIMITED),
        (429, body(code="insufficient_quota", kind="insufficient_quota"), ErrorClass.QUOTA),
        (429, body(kind="insufficient_quota"), ErrorClass.QUOTA),
        (429, b"", ErrorClass.RATE_LIMITED),
        (500, body(kind="server_error"), ErrorClass.UNAVAILABLE),
        (502, b"<html>bad gateway</html>", ErrorClass.UNAVAILABLE),
        (503, b"upstream connect error", ErrorClass.UNAVAILABLE),
        (504, b"", ErrorClass.TIMEOUT),
        (529, b"{", ErrorClass.UNAVAILABLE),
        (302, b"", ErrorClass.MALFORMED),
        (0, body(code=429), ErrorClass.RATE_LIMITED),
        (0, body(code="400"), ErrorClass.REJECTED),
        (0, body(kind="server_error"), ErrorClass.UNAVAILABLE),
        (0, body(kind="tokens"), ErrorClass.RATE_LIMITED),
    ],
)
def test_what_a_vendors_error_means(status: int, data: bytes, error_class: ErrorClass) -> None:
    assert read_error(status, data).error_class is error_class


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (body("too\n  hot"), "too hot"),
        (b'{"error":"model not found"}', "model not found"),
        (b'{"object":"error","message":"bad"}', "bad"),
        (b'{"detail":"bad"}', "bad"),
        (b'{"detail":[{"msg":"field required"}]}', "field required"),
        (b'[{"error":{"message":"bad"}}]', "bad"),
        (b'{"error":null}', "the upstream answered 400"),
        (b"<html>nginx/1.2</html>", "the upstream answered 400"),
        (body("Incorrect API key provided: sk-proj-abcdefgh1234"), "Incorrect API key provided: ***"),
        (
            body("Rate limit reached in organization org-AbC123 on tokens"),
            "Rate limit reached in organization *** on tokens",
        ),
        (body("x" * 5000), "x" * 1000),
    ],
)
def test_the_vendors_words_without_secrets(data: bytes, message: str) -> None:
    assert read_error(400, data).message == message


@given(
    st.integers(0, 999),
    st.binary(max_size=30)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(
                st.sampled_from(["error", "detail", "code", "message", "type", "innererror"]), inner, max_size=3
            )
        ),
    ).map(lambda value: json.dumps(value).encode()),
)
def test_any_body_is_read(status: int, data: bytes) -> None:
    assert read_error(status, data).message


def test_endless_nesting_and_digits_are_read() -> None:
    assert read_error(500, b"[" * 100_000).error_class is ErrorClass.UNAVAILABLE
    assert read_error(0, body(code="9" * 5000)).error_class is ErrorClass.UNAVAILABLE


@pytest.mark.parametrize("category", Category)
def test_every_fault_is_an_error_body(category: Category) -> None:
    fault = Fault("the_code", category, 418, 'a "message"', param="messages.0")
    error = json.loads(write_error(fault, "req_1"))["error"]
    assert error.pop("type") in ("invalid_request_error", "requests", "insufficient_quota", "server_error")
    assert error == {"message": 'a "message"', "param": "messages.0", "code": "the_code", "request_id": "req_1"}


def test_an_event_is_the_same_body() -> None:
    fault = Fault("c", Category.UPSTREAM, 502, "m")
    assert stream_error(fault, "r") == b"data: " + write_error(fault, "r") + b"\n\n"
