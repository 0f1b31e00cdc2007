"""Which failures another target is tried after, and what the client is told when none is left."""

import msgspec
import pytest

from tests.support.plant import CHAT, MESSAGE, MESSAGES, STREAM, VENDOR_KEY, Bench, model
from tests.support.vendors import OPENAI_STREAM, hangs_up, openai_reply, refuses, says, silent, streams
from trigate.upstream.memory import Vendor

SHORT = msgspec.structs.replace(model("x", "o1").timeouts, total=100.0)


@pytest.mark.parametrize(
    ("vendor", "error_class"),
    [
        (refuses(500), "unavailable"),
        (refuses(503), "unavailable"),
        (refuses(529), "unavailable"),
        (refuses(429, headers={"retry-after": "5"}), "rate_limited"),
        (refuses(429, code="insufficient_quota"), "quota"),
        (refuses(401), "credential"),
        (refuses(403), "credential"),
        (refuses(404), "not_found"),
        (refuses(408), "timeout"),
        (refuses(302, headers={"location": "https://evil.test/"}), "malformed"),
        (hangs_up(), "unavailable"),
        (silent(), "timeout"),
        (says(b"{}"), "malformed"),
        (says(b'{"error": {"message": "boom"}}'), "malformed"),
        (says(b"<html>", "text/html"), "malformed"),
        (says(openai_reply()[:40]), "malformed"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_another_target_is_tried_before_the_client_has_anything(vendor: Vendor, error_class: str, stream: bool) -> None:
    second = streams(OPENAI_STREAM) if stream else says(openai_reply())
    bench = Bench({"o1": vendor, "o2": second}, [model("chat", "o1", "o2", timeouts=SHORT)])
    view = bench.ask(body={**CHAT, "stream": stream})
    if not stream and error_class == "timeout" and bench.settle.attempts[0].status != 408:
        assert (view.status, view.error["code"]) == (504, "upstream_timeout")  # its deadline is the total
        return
    assert (view.status, view.ended, bench.settle.outcome) == (200, True, "ok")
    assert view.header("x-trigate-target") == "o2/gpt-4.1"
    assert [each.error_class for each in bench.settle.attempts] == [error_class, None]
    assert [(each.number, each.outcome.error_class) for each in bench.failures] == [(1, error_class)]
    assert [each.attempt for each in bench.opens] == [1, 2]


@pytest.mark.parametrize(
    "events",
    [
        [],
        [OPENAI_STREAM[0]],
        [b'data: {"error": {"message": "overloaded", "type": "server_error"}}\n\n'],
        [b"data: {broken\n\n"],
        [OPENAI_STREAM[0], b"data: " + b"x" * 2_000_000],
    ],
)
def test_a_stream_that_fails_before_its_content_falls_back(events: list[bytes]) -> None:
    bench = Bench({"o1": streams(events), "o2": streams(OPENAI_STREAM)})
    view = bench.ask(body=STREAM)
    assert (view.status, view.ended, view.header("x-trigate-target")) == (200, True, "o2/gpt-4.1")
    assert view.body.endswith(b"data: [DONE]\n\n")
    assert len(bench.settle.attempts) == 2


@pytest.mark.parametrize(
    ("vendor", "code"),
    [
        (refuses(400, "messages[0] is wrong"), "upstream_rejected"),
        (refuses(400, "x", "context_length_exceeded"), "context_length_exceeded"),
        (refuses(400, "x", "content_filter"), "content_filter"),
    ],
)
def test_what_another_target_would_refuse_too_is_not_tried_again(vendor: Vendor, code: str) -> None:
    bench = Bench({"o1": vendor})
    view = bench.ask()
    assert (view.status, view.error["code"]) == (400, code)
    assert (len(bench.calls), bench.settle.outcome, bench.settle.code) == (1, "failed", code)


def test_the_number_of_attempts_is_limited() -> None:
    down = refuses(503)
    places = ("o1", "o2", "a1")
    bench = Bench(dict.fromkeys(places, down), [model("chat", *places, attempts=2)])
    assert bench.ask().status == 503
    assert len(bench.calls) == len(bench.opens) == len(bench.settle.attempts) == 2


def test_only_named_failures_are_retried() -> None:
    bench = Bench({"o1": refuses(503)}, [model("chat", "o1", "o2", retry_on=("rate_limited",))])
    assert bench.ask().status == 503
    assert len(bench.calls) == 1


@pytest.mark.parametrize("path", ["/v1/chat/completions", MESSAGES])
def test_when_every_target_fails_the_last_failure_is_told_in_the_clients_dialect(path: str) -> None:
    bench = Bench(
        {"o1": refuses(500, f"host 10.0.0.3, key {VENDOR_KEY}"), "o2": refuses(429, headers={"retry-after": "7"})},
        [model("chat", "o1", "o2")],
    )
    view = bench.ask(path, {**MESSAGE, "model": "chat"})
    assert (view.status, view.header("retry-after")) == (429, "7")
    assert view.error["code"] == "upstream_rate_limited"
    assert (view.json.get("type") == "error") is (path == MESSAGES)
    assert view.header("x-request-id") == view.header("request-id") == bench.settle.id
    assert (bench.settle.outcome, bench.settle.status, bench.settle.code) == ("failed", 429, "upstream_rate_limited")
    assert [each.number for each in bench.failures] == [1]  # the last one stands in the settle alone
    assert bench.settle.charge is not None and bench.settle.charge.total == 0


def test_a_target_that_cannot_carry_the_request_is_passed_over() -> None:
    bench = Bench({"o2": says(openai_reply())}, [model("chat", "a1", "o2")])
    assert bench.ask(body={**CHAT, "n": 2}).status == 200
    assert [each.attempt for each in bench.opens] == [1]
    bench = Bench({"o1": refuses(503)}, [model("chat", "o1", "a1")])
    view = bench.ask(body={**CHAT, "n": 2})
    assert (view.status, view.error["code"]) == (503, "upstream_unavailable")


def test_a_breaker_opens_after_five_failures_and_its_target_goes_last() -> None:
    bench = Bench({"o1": refuses(503), "o2": says(openai_reply())})
    for _ in range(6):
        assert bench.ask().status == 200
    hosts = [call.url.split(".")[0].removeprefix("https://") for call in bench.calls]
    assert hosts == ["o1", "o2"] * 5 + ["o2"]
    facts = bench.settles[-1].facts
    assert facts is not None and [each.breaker_open for each in facts.candidates] == [True, False]
