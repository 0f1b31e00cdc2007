"""The story of a call, as its caller, its vendors and its record see it."""

import json
from collections.abc import Callable

import msgspec
import pytest

from tests.support.plant import CHAT, HI, KEY, MESSAGE, MESSAGES, PRICE, STREAM, VENDOR_KEY, Bench, model, target
from tests.support.vendors import (
    ANTHROPIC_STREAM,
    ANTHROPIC_USAGE,
    OPENAI_STREAM,
    OPENAI_USAGE,
    anthropic_reply,
    openai_reply,
    refuses,
    says,
    streams,
)
from trigate.config.published import PublishedAlias, PublishedExtension, PublishedParam
from trigate.core.principal import Principal
from trigate.core.usage import Usage
from trigate.upstream.memory import Vendor

USAGE = Usage(input=8, cache_read=4, output=3)


def test_a_whole_reply_is_forwarded_as_it_came() -> None:
    bench = Bench()
    view = bench.ask()
    assert (view.status, view.body, view.ended) == (200, openai_reply(), True)
    assert view.header("content-type") == "application/json"


def test_the_body_goes_out_as_it_came_but_for_its_model() -> None:
    bench = Bench()
    bench.ask(
        body=b'{ "future" : {"a" :[1.0e2, "\\u00e9"]},"model": "chat",  "messages":[{"role":"user","content":"x"}] }'
    )
    assert bench.calls[0].body == (
        b'{ "future" : {"a" :[1.0e2, "\\u00e9"]},"model": "gpt-4.1",  "messages":[{"role":"user","content":"x"}] }'
    )


def test_a_stream_is_forwarded_byte_for_byte_with_its_usage_when_the_client_asked_for_it() -> None:
    bench = Bench({"o1": streams(OPENAI_STREAM)})
    view = bench.ask(body={**STREAM, "stream_options": {"include_usage": True}})
    assert (view.body, view.ended) == (b"".join(OPENAI_STREAM), True)


def test_usage_is_asked_of_the_vendor_and_hidden_from_a_client_that_did_not_ask() -> None:
    bench = Bench({"o1": streams(OPENAI_STREAM)})
    view = bench.ask(body=STREAM)
    assert bench.sent["stream_options"] == {"include_usage": True}
    assert view.body == b"".join(each for each in OPENAI_STREAM if b"usage" not in each)
    assert bench.settle.usage == USAGE


def test_an_anthropic_stream_is_forwarded_byte_for_byte() -> None:
    bench = Bench({"a1": streams(ANTHROPIC_STREAM)})
    view = bench.ask(MESSAGES, {**MESSAGE, "stream": True})
    assert view.body == b"".join(ANTHROPIC_STREAM)
    assert bench.settle.usage == USAGE


@pytest.mark.parametrize("stream", [False, True])
def test_openai_clients_reach_anthropic(stream: bool) -> None:
    reply = streams(ANTHROPIC_STREAM) if stream else says(anthropic_reply())
    bench = Bench({"a1": reply}, [model("chat", "a1")])
    view = bench.ask(body={**CHAT, "stream": stream, "max_tokens": 50})
    assert bench.calls[0].url == "https://a1.test/v1/messages"
    assert (bench.sent["model"], bench.sent["max_tokens"]) == ("claude-sonnet-4-5", 50)
    if stream:
        events = [line[6:] for line in view.body.decode().splitlines() if line.startswith("data: ")]
        assert events[-1] == "[DONE]"
        said = "".join(json.loads(each)["choices"][0]["delta"].get("content") or "" for each in events[:-1])
    else:
        said = json.loads(view.body)["choices"][0]["message"]["content"]
    assert said == "Hello!"
    assert (bench.settle.usage, bench.settle.outcome) == (USAGE, "ok")


@pytest.mark.parametrize("stream", [False, True])
def test_anthropic_clients_reach_openai(stream: bool) -> None:
    bench = Bench({"o1": streams(OPENAI_STREAM) if stream else says(openai_reply())}, [model("claude", "o1")])
    view = bench.ask(
        MESSAGES, {**MESSAGE, "stream": stream}, {"anthropic-beta": "x", "anthropic-version": "2023-06-01"}
    )
    assert bench.calls[0].url == "https://o1.test/v1/chat/completions"
    assert "anthropic-beta" not in dict(bench.calls[0].headers)
    assert b"Hel" in view.body
    if stream:
        assert view.body.endswith(b'event: message_stop\ndata: {"type":"message_stop"}\n\n')
    else:
        assert view.json["type"] == "message"
    assert bench.settle.usage == USAGE


def test_what_a_stream_used_is_estimated_where_the_vendor_never_says() -> None:
    silent_about_it = [each for each in OPENAI_STREAM if b"usage" not in each]
    for models, path, body in (
        (model("chat", "o1"), "/v1/chat/completions", STREAM),
        (model("claude", "o1"), MESSAGES, {**MESSAGE, "stream": True}),
    ):
        bench = Bench({"o1": streams(silent_about_it)}, [models])
        view = bench.ask(path, body)
        assert view.ended and bench.settle.outcome == "ok"
        usage = bench.settle.usage
        assert usage is not None and (usage.source, usage.output) == ("estimated", 2)
        assert usage.input == bench.opens[0].input_tokens > 0


def test_a_path_may_stand_for_a_model() -> None:
    bench = Bench(aliases={"/v1/generation": PublishedAlias("chat")})
    view = bench.ask("/v1/generation", {"messages": HI})
    assert view.status == 200
    assert bench.sent["model"] == "gpt-4.1"
    assert (bench.settle.model, bench.settle.lost) == ("chat", ())


def test_another_model_named_at_such_a_path_is_reported() -> None:
    bench = Bench(aliases={"/v1/generation": PublishedAlias("chat")})
    view = bench.ask("/v1/generation", {"messages": HI, "model": "gpt-9"})
    assert bench.sent["model"] == "gpt-4.1"
    assert view.header("x-trigate-lost") == "model"
    assert bench.settle.lost == ("model",)


def test_a_path_may_speak_the_other_dialect() -> None:
    bench = Bench({"a1": says(anthropic_reply())}, aliases={"/ask": PublishedAlias("claude", "anthropic_messages")})
    assert bench.ask("/ask", {"max_tokens": 5, "messages": HI}).body == anthropic_reply()
    assert bench.settle.surface == "anthropic"


@pytest.mark.parametrize(
    ("overridable", "asked", "sent", "lost"),
    [
        (True, {}, 0.2, None),
        (True, {"temperature": 0.9}, 0.9, None),
        (False, {}, 0.2, None),
        (False, {"temperature": 0.9}, 0.2, "temperature"),
    ],
)
@pytest.mark.parametrize("account", ["o1", "a1"])
def test_the_gateway_sets_parameters(
    account: str, overridable: bool, asked: dict[str, float], sent: float, lost: str | None
) -> None:
    param = PublishedParam("temperature", msgspec.Raw(b"0.2"), overridable)
    bench = Bench({"a1": says(anthropic_reply())}, [model("chat", target(account, params=(param,)))])
    view = bench.ask(body={**CHAT, "max_tokens": 9, **asked})
    assert bench.sent["temperature"] == sent
    assert view.header("x-trigate-lost") == lost
    assert bench.settle.params["temperature" if asked else "max_tokens"]


def test_what_cannot_be_carried_is_reported_and_what_must_be_is_refused() -> None:
    bench = Bench({"a1": says(anthropic_reply())}, [model("chat", "a1")])
    view = bench.ask(body={**CHAT, "seed": 7})
    assert view.header("x-trigate-lost") == "seed"
    assert bench.settle.lost == ("seed",)
    bench = Bench(models=[model("chat", "a1")])
    view = bench.ask(body={**CHAT, "n": 2})
    assert (view.status, view.error["code"]) == (400, "unsupported_feature")
    assert (bench.calls, bench.opens, bench.settle.outcome) == ([], [], "refused")


def test_only_what_was_lost_on_the_way_that_was_taken_is_reported() -> None:
    bench = Bench({"a1": refuses(503), "o1": says(openai_reply())}, [model("chat", "a1", "o1")])
    view = bench.ask(body={**CHAT, "seed": 7})
    assert bench.sent["seed"] == 7
    assert view.header("x-trigate-lost") is None
    assert bench.settle.lost == ()


def test_any_model_of_an_account_is_reached_by_name() -> None:
    bench = Bench()
    assert bench.ask(body={**CHAT, "model": "o1/ft:gpt-4.1:acme/7"}).status == 200
    assert bench.sent["model"] == "ft:gpt-4.1:acme/7"


@pytest.mark.parametrize("name", ["o1/a\r\nset-cookie: b=c", "o1/a\x00", "o1/\u2028"])
def test_a_name_that_would_break_a_header_is_no_model(name: str) -> None:
    bench = Bench()
    assert bench.ask(body={**CHAT, "model": name}).status == 404
    assert bench.calls == []


def test_the_record_says_what_happened() -> None:
    bench = Bench({"o1": streams(OPENAI_STREAM, gap=0.5)})
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    bench.ask(
        body={**STREAM, "temperature": 0.3, "metadata": {"use_case": "triage"}},
        headers={"x-trigate-run": "run-9", "traceparent": f"00-{trace}-00f067aa0ba902b7-01"},
    )
    settle = bench.settle
    assert settle.caller is not None and settle.caller.key_id == "support-1"
    assert (settle.run, settle.trace, settle.use_case) == ("run-9", trace, "triage")
    assert (settle.surface, settle.operation, settle.model, settle.stream) == ("openai", "chat", "chat", True)
    assert (settle.served_model, settle.stop, settle.vendor_request_id) == ("gpt-4.1-2025", "end", "vendor-1")
    assert settle.params["temperature"] == msgspec.Raw(b"0.3")
    assert settle.target is not None and (settle.target.provider, settle.target.region) == ("o1", "eu-1")
    assert bench.snapshot is not None and settle.revision == bench.snapshot.revision
    timing = settle.timing
    assert timing is not None
    assert (timing.first_byte_ns, timing.first_token_ns, timing.total_ns) == (0, 1_000_000_000, 3_000_000_000)
    assert timing.per_output_token_ns == 1_000_000_000
    facts = settle.facts
    assert facts is not None and (facts.draw, facts.principals_revision) == (0.5, "feedfacefeedface")
    opened = bench.opens[0]
    assert (opened.id, opened.trace, opened.run, opened.use_case) == (settle.id, trace, "run-9", "triage")
    assert opened.price_version == PRICE.version


def test_a_stream_that_comes_in_one_piece_has_its_first_token_on_record() -> None:
    bench = Bench({"o1": streams([b"".join(OPENAI_STREAM)], gap=0.5)})
    bench.ask(body=STREAM)
    timing = bench.settle.timing
    assert timing is not None
    assert timing.first_token_ns == timing.total_ns == 500_000_000


def test_the_charge_is_the_sum_of_its_lines_and_stands_in_the_head_of_a_whole_reply() -> None:
    bench = Bench()
    view = bench.ask()
    charge = bench.settle.charge
    assert charge is not None
    assert [(each.item, each.amount) for each in charge.lines] == [
        ("input", 16_000),
        ("cache_read", 2_000),
        ("output", 24_000),
    ]
    assert charge.total == sum(each.amount for each in charge.lines) <= bench.opens[0].reserved
    assert view.header("x-trigate-cost") == "0.000042"


def test_a_stream_and_a_whole_reply_cost_the_same() -> None:
    whole, streamed = Bench(), Bench({"o1": streams(OPENAI_STREAM)})
    whole.ask()
    streamed.ask(body=STREAM)
    assert whole.settle.charge == streamed.settle.charge
    assert OPENAI_USAGE["prompt_tokens"] == sum(ANTHROPIC_USAGE.values()) - 3


def test_a_refusal_leaves_one_settle_with_its_decision() -> None:
    bench = Bench(keys={KEY: Principal("acme", "support", "support-1", models=("claude",))})
    view = bench.ask()
    assert (view.status, view.error["code"]) == (403, "model_not_allowed")
    settle = bench.settle
    assert (settle.outcome, settle.status, settle.code) == ("refused", 403, "model_not_allowed")
    assert [(each.rule, each.verdict) for each in settle.decisions] == [("key.models", "deny")]
    assert (bench.opens, settle.attempts) == ([], ())


def test_an_expired_key_is_refused() -> None:
    bench = Bench(keys={KEY: Principal("acme", "support", "support-1", expires_ns=1)})
    view = bench.ask()
    assert (view.status, view.error["code"], bench.settle.decisions[0].rule) == (401, "key_expired", "key.expiry")


def test_configured_checks_are_asked() -> None:
    needs = PublishedExtension("headers", msgspec.Raw(b'{"require": ["x-trigate-use-case"]}'))
    bench = Bench(admission=(needs,))
    assert bench.ask().error["code"] == "header_required"
    assert bench.ask(headers={"X-Trigate-Use-Case": "triage"}).status == 200
    assert bench.settles[-1].use_case == "triage"


def test_a_stranger_leaves_no_record_and_is_counted() -> None:
    bench = Bench()
    for key, code in ((None, "key_missing"), ("wrong", "key_unknown")):
        view = bench.ask(key=key)
        assert (view.status, view.error["code"]) == (401, code)
    assert (bench.spool.records, bench.calls, bench.gauges.unauthenticated) == ([], [], 2)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "invalid_json"),
        (b'{"model": "chat", "mod\\u0065l": "other"}', 400, "ambiguous_json"),
        (b'{"model": "chat", "model": "other"}', 400, "ambiguous_json"),
        (b'{"messages": []}', 400, "model_missing"),
        (b'{"model": "gone"}', 404, "model_not_found"),
        (b'{"model": "nobody/gpt"}', 404, "model_not_found"),
        (b" " * 100, 413, "body_too_large"),
    ],
)
def test_bad_requests_are_refused_with_a_record(body: bytes, status: int, code: str) -> None:
    bench = Bench()
    assert bench.snapshot is not None
    limits = msgspec.structs.replace(bench.snapshot.limits, body_bytes=99)
    bench = Bench(limits=limits)
    view = bench.ask(body=body)
    assert (view.status, view.error["code"]) == (status, code)
    assert (bench.settle.outcome, bench.settle.code, bench.calls) == ("refused", code, [])


def test_no_secret_stands_in_records_or_errors() -> None:
    bench = Bench(
        {"o1": refuses(400, f"bad key {VENDOR_KEY}"), "o2": refuses(401, f"bad key {VENDOR_KEY}")},
        [model("chat", "o1"), model("other", "o2")],
    )
    views = [bench.ask(), bench.ask(body={**CHAT, "model": "other"})]
    seen = (
        repr(bench.spool.records)
        + repr(bench.snapshot)
        + repr(bench.calls)
        + "".join(repr(each.body) for each in views)
    )
    assert KEY not in seen
    assert VENDOR_KEY not in seen
    assert dict(bench.calls[0].headers)["authorization"] == f"Bearer {VENDOR_KEY}"


def test_a_defect_is_an_internal_error_and_is_settled(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()

    def broken() -> float:
        raise ZeroDivisionError("a defect")

    bench.draws = broken
    view = bench.ask()
    assert (view.status, view.error["code"]) == (500, "internal_error")
    assert bench.settle.outcome == "refused"
    assert "a defect" in caplog.text and "a defect" not in view.body.decode()


def test_a_defect_during_an_attempt_leaves_no_probe_behind() -> None:
    bench = Bench({"o1": broken_vendor()})
    assert bench.ask().status == 500
    breaker = bench.breakers.of("o1", "gpt-4.1")
    assert (breaker.in_flight, breaker.probing) == (0, False)


def test_names_that_nobody_serves_leave_nothing_behind() -> None:
    bench = Bench(keys={KEY: Principal("acme", "support", "support-1", models=("chat",))})
    for number in range(50):
        assert bench.ask(body={**CHAT, "model": f"o1/m{number}"}).status == 403
    assert len(bench.breakers) == 0


def broken_vendor() -> Vendor:
    """A fetcher with a defect."""

    def fail(call: object) -> object:
        raise ZeroDivisionError("a defect")

    result: Callable[..., object] = fail
    return result  # type: ignore[return-value]
