"""Google's errors, both ways."""

import json

import pytest

from tests.dialects.gemini.samples import Json, encoded
from trigate.core.errors import Category, ErrorClass, Fault
from trigate.dialects.gemini.error import read_error, read_event_error, stream_error, write_error


def said(word: str, message: str = "why", *details: Json) -> bytes:
    return encoded({"error": {"code": 400, "message": message, "status": word, "details": list(details)}})


INVALID_KEY: Json = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
DAILY: Json = {"violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]}
TOO_LONG = "The input token count (1196265) exceeds the maximum number of tokens allowed (1048576)."


@pytest.mark.parametrize(
    ("status", "body", "found"),
    [
        (400, said("INVALID_ARGUMENT"), ErrorClass.REJECTED),
        (400, said("INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."), ErrorClass.CREDENTIAL),
        (400, said("INVALID_ARGUMENT", "why", INVALID_KEY), ErrorClass.CREDENTIAL),
        (400, said("INVALID_ARGUMENT", TOO_LONG), ErrorClass.CONTEXT_TOO_LONG),
        (400, said("FAILED_PRECONDITION"), ErrorClass.CREDENTIAL),
        (429, said("RESOURCE_EXHAUSTED"), ErrorClass.RATE_LIMITED),
        (429, said("RESOURCE_EXHAUSTED", "why", DAILY), ErrorClass.QUOTA),
        (503, said("UNAVAILABLE"), ErrorClass.UNAVAILABLE),
        (504, said("DEADLINE_EXCEEDED"), ErrorClass.TIMEOUT),
        (404, b"<html>", ErrorClass.NOT_FOUND),
        (418, b"{}", ErrorClass.REJECTED),
        (500, b"[" * 100_000, ErrorClass.UNAVAILABLE),
        (500, b"[]", ErrorClass.UNAVAILABLE),
    ],
)
def test_how_an_attempt_failed(status: int, body: bytes, found: ErrorClass) -> None:
    assert read_error(status, body).error_class is found


@pytest.mark.parametrize(("delay", "wait"), [("38s", 38000), ("1.5s", 1500), ("soon", None), (None, None)])
def test_how_long_to_wait(delay: str | None, wait: int | None) -> None:
    error = read_error(429, b"[%b]" % said("RESOURCE_EXHAUSTED", "why", {"retryDelay": delay}))
    assert (error.retry_after_ms, error.code) == (wait, "RESOURCE_EXHAUSTED")


def test_an_error_in_a_stream_is_a_fault() -> None:
    assert read_event_error(said("RESOURCE_EXHAUSTED")).code == "upstream_rate_limited"


def test_a_clients_error_has_our_code_in_its_details() -> None:
    fault = Fault("limit_exceeded", Category.RATE_LIMITED, 429, "wait", "contents", 1500)
    error = json.loads(write_error(fault, "req_1"))["error"]
    assert (error["code"], error["status"], error["message"]) == (429, "RESOURCE_EXHAUSTED", "wait")
    info, retry = error["details"]
    assert (info["reason"], info["metadata"]) == ("limit_exceeded", {"request_id": "req_1", "param": "contents"})
    assert retry["retryDelay"] == "1.5s"
    assert read_error(429, write_error(fault, "")).retry_after_ms == 1500
    assert stream_error(fault, "req_1") == b"data: %b\n\n" % write_error(fault, "req_1")


@pytest.mark.parametrize("category", Category)
def test_every_category_has_a_word(category: Category) -> None:
    assert json.loads(write_error(Fault("c", category, 400, "m"), ""))["error"]["status"].isupper()
