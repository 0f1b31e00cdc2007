import email.utils
import re
from datetime import UTC, datetime

import pytest

from tests.simulator.caller import ANTHROPIC, CHAT, MESSAGES, OPENAI, Answer, chat, message
from trigate.simulator.endpoints import Endpoints, Request, vendor_of
from trigate.simulator.staging import Head
from trigate.simulator.stats import Stats

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Caller:
    """Endpoints without a connection."""

    def __init__(self) -> None:
        self.endpoints = Endpoints(Stats(), lambda: NOW)

    def __call__(
        self, path: str, body: bytes = b"", headers: dict[str, str] | None = None, method: str = "POST"
    ) -> Answer:
        request = Request(method, path, headers or {}, body)
        plan = self.endpoints.plan(request, vendor_of(request), "req_1")
        [head] = plan.steps
        assert isinstance(head, Head)
        return Answer(head.line + head.rest)


def test_keys_are_needed_but_any_will_do() -> None:
    call = Caller()
    assert call(CHAT, chat()).json()["error"]["message"].startswith("You didn't provide an API key")
    assert call(CHAT, chat(), {"authorization": "Basic eDp5"}).status == 401
    assert call(MESSAGES, message(), {"anthropic-version": "2023-06-01"}).json()["error"] == {
        "type": "authentication_error",
        "message": "x-api-key header is required",
    }
    assert call(MESSAGES, message(), {**OPENAI, "anthropic-version": "2023-06-01"}).status == 200


def test_a_kept_reply_is_not_given_without_a_key() -> None:
    call = Caller()
    assert call(CHAT, chat(), OPENAI).status == 200
    assert call(CHAT, chat()).status == 401


@pytest.mark.parametrize(
    ("version", "status"), [("", 400), ("2023-06-01", 200), ("2026-10-21", 200), ("2023-06-01, 2023-06-01", 400)]
)
def test_the_version_must_be_known(version: str, status: int) -> None:
    assert Caller()(MESSAGES, message(), {"x-api-key": "k", "anthropic-version": version}).status == status


def test_a_kept_reply_belongs_to_its_version() -> None:
    call = Caller()
    body = message(temperature=0.5)
    assert call(MESSAGES, body, ANTHROPIC).status == 200
    assert call(MESSAGES, body, {**ANTHROPIC, "anthropic-version": "2026-10-21"}).status == 400


def test_a_bad_script_is_refused_in_the_vendors_form() -> None:
    error = Caller()(CHAT, chat("gpt-4.1+latancy=1s"), OPENAI).json()["error"]
    assert (error["param"], error["code"]) == ("model", "invalid_script")
    assert "'latancy'; the nearest known word is 'latency'" in error["message"]
    error = Caller()(MESSAGES, message("claude+error=teapot"), ANTHROPIC).json()["error"]
    assert error["type"] == "invalid_request_error"
    assert "unknown error 'teapot'" in error["message"]


def test_the_words_of_the_header_win() -> None:
    answer = Caller()(CHAT, chat("m+error=500;text=a"), {**OPENAI, "x-simulate": "error=429"})
    assert answer.status == 429


def test_the_first_calls_fail_and_scripts_are_counted_apart() -> None:
    call = Caller()
    statuses = [call(CHAT, chat("m+error=503;times=2"), OPENAI).status for _ in range(4)]
    assert statuses == [503, 503, 200, 200]
    assert call(CHAT, chat("m+error=503;times=2;id=b"), OPENAI).status == 503


@pytest.mark.parametrize(
    ("form", "name", "value"),
    [
        ("7", "retry-after", "7"),
        ("ms:1500", "retry-after-ms", "1500"),
        ("absurd", "retry-after", "31536000"),
        ("junk", "retry-after", "soon"),
    ],
)
def test_each_form_of_retry_after(form: str, name: str, value: str) -> None:
    headers = Caller()(CHAT, chat(f"m+error=429;retry_after={form}"), OPENAI).headers
    assert {key: headers[key] for key in headers if key.startswith("retry-after")} == {name: value}


def test_retry_after_as_a_date_its_default_and_its_absence() -> None:
    call = Caller()
    date = call(CHAT, chat("m+error=429;retry_after=date:60"), OPENAI).headers["retry-after"]
    assert email.utils.parsedate_to_datetime(date).timestamp() - NOW.timestamp() == 60
    assert call(CHAT, chat("m+error=429"), OPENAI).headers["retry-after"] == "1"
    assert "retry-after" not in call(CHAT, chat("m+error=429;retry_after=none"), OPENAI).headers
    assert "retry-after" not in call(CHAT, chat("m+error=503"), OPENAI).headers


def test_replies_that_are_not_what_they_should_be() -> None:
    call = Caller()
    page = call(CHAT, chat("m+error=502"), OPENAI)
    assert (page.headers["content-type"], page.body.startswith(b"<html>")) == ("text/html", True)
    inside = call(CHAT, chat("m+error=500;status=200"), OPENAI)
    assert (inside.status, inside.json()["error"]["type"]) == (200, "server_error")
    away = call(CHAT, chat("m+redirect"), OPENAI)
    assert (away.status, away.headers["location"]) == (302, "http://redirected.invalid/v1/chat/completions")
    assert call(CHAT, chat("m+redirect=http://127.0.0.1:9/x"), OPENAI).headers["location"] == "http://127.0.0.1:9/x"
    assert call(CHAT, chat("m+content_type=text/plain"), OPENAI).headers["content-type"] == "text/plain"


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "told"),
    [
        ("GET", "/", {}, 404, "Invalid URL (GET /)"),
        ("POST", "/v1/embeddings", OPENAI, 404, "Invalid URL (POST /v1/embeddings)"),
        ("GET", CHAT, OPENAI, 405, "Not allowed to GET on /v1/chat/completions."),
        ("POST", "/v1/messages/batches", ANTHROPIC, 404, "Not Found"),
        ("GET", MESSAGES, ANTHROPIC, 405, "Method Not Allowed"),
        ("GET", "/v1/models/x", ANTHROPIC, 404, "model: x"),
    ],
)
def test_other_paths_are_refused_in_vendor_form(
    method: str, path: str, headers: dict[str, str], status: int, told: str
) -> None:
    answer = Caller()(path, b"", headers, method)
    assert (answer.status, answer.json()["error"]["message"]) == (status, told)


def test_large_bodies_are_refused() -> None:
    request = Request("POST", CHAT, OPENAI, b"", too_large=True)
    [head] = Caller().endpoints.plan(request, vendor_of(request), "req_1").steps
    assert isinstance(head, Head)
    assert head.line == b"HTTP/1.1 413 Request Entity Too Large\r\n"


def test_an_error_event_carries_the_request_id() -> None:
    body = Caller()(MESSAGES, message("claude+error_event=1", stream=True), ANTHROPIC).body
    assert re.search(rb'event: error\ndata: {.*"overloaded_error".*"request_id":"req_1"}', body)
