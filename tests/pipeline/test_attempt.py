"""Attempts that go wrong: what the client sees, what is kept on record, and what it costs."""

import asyncio
from collections.abc import AsyncGenerator

import msgspec
import pytest

from tests.support.plant import CHAT, MESSAGE, MESSAGES, PRICE, STREAM, Bench, ClientView, model, target
from tests.support.vendors import (
    ANTHROPIC_STREAM,
    OPENAI_STREAM,
    anthropic_event,
    openai_chunk,
    openai_reply,
    refuses,
    says,
    silent,
    streams,
)
from tests.support.virtual_time import run
from trigate.config.published import PublishedTimeouts
from trigate.core.errors import AttemptFailed, Category, ErrorClass, Fault
from trigate.core.ports import Call
from trigate.core.record import Attempt, Open
from trigate.core.usage import Usage, UsageSource
from trigate.upstream.memory import Scripted, Vendor

BEGUN = OPENAI_STREAM[:3]
TIMEOUTS = PublishedTimeouts(first_byte=10.0, first_token=20.0, idle=30.0, total=300.0)


def bench_of(vendor: Vendor, **fields: object) -> Bench:
    return Bench({"o1": vendor, "o2": streams(OPENAI_STREAM)}, [model("chat", "o1", "o2", timeouts=TIMEOUTS, **fields)])


def assert_cut(bench: Bench, view: ClientView, code: str) -> None:
    """The client has the beginning and an error in band; nothing looks complete; what came is charged."""
    assert view.status == 200 and view.ended
    assert view.body.startswith(b"".join(BEGUN)[:-10])
    assert b"[DONE]" not in view.body
    assert code.encode() in view.body.rpartition(b"data: ")[2]
    settle = bench.settle
    assert (settle.outcome, settle.code, settle.status) == ("cut", code, 200)
    assert len(bench.calls) == 1
    usage = settle.usage
    assert usage is not None and (usage.source, usage.output) == (UsageSource.ESTIMATED, 2)
    assert settle.charge is not None and settle.charge.total > 0


def test_a_stream_that_breaks_off_is_cut() -> None:
    bench = bench_of(streams(BEGUN, then="cut"))
    assert_cut(bench, bench.ask(body=STREAM), "upstream_cut")


def test_a_stream_that_ends_without_its_end_is_cut() -> None:
    bench = bench_of(streams(BEGUN))
    assert_cut(bench, bench.ask(body=STREAM), "upstream_truncated")


@pytest.mark.parametrize(
    "garbage", [b"data: {broken\n\n", b'data: {"choices": 7}\n\n', b'data: {"choices": [{"delta": ']
)
def test_malformed_events_cut_a_stream(garbage: bytes) -> None:
    bench = bench_of(streams([*BEGUN, garbage]))
    code = "upstream_truncated" if garbage.endswith(b" ") else "upstream_malformed"
    assert_cut(bench, bench.ask(body=STREAM), code)


def test_an_event_without_end_cuts_a_stream() -> None:
    bench = bench_of(streams([*BEGUN, b"data: " + b"x" * 600_000, b"x" * 600_000]))
    assert_cut(bench, bench.ask(body=STREAM), "upstream_too_large")


def test_an_error_of_the_vendor_cuts_a_stream_in_the_clients_dialect() -> None:
    overloaded = b'data: {"error": {"message": "overloaded", "type": "server_error"}}\n\n'
    bench = bench_of(streams([*BEGUN, overloaded]))
    assert_cut(bench, bench.ask(body=STREAM), "upstream_unavailable")


def test_content_before_an_error_in_the_same_chunk_is_delivered() -> None:
    overloaded = b'data: {"error": {"message": "overloaded", "type": "server_error"}}\n\n'
    bench = bench_of(streams([*BEGUN, openai_chunk("more") + overloaded]))
    assert b'"more"' in bench.ask(body=STREAM).body


def test_an_anthropic_stream_that_is_cut_ends_in_an_error_event() -> None:
    error = anthropic_event("error", error={"type": "overloaded_error", "message": "Overloaded"})
    bench = Bench({"a1": streams([*ANTHROPIC_STREAM[:4], error])})
    view = bench.ask(MESSAGES, {**MESSAGE, "stream": True})
    assert b"message_stop" not in view.body and b"event: error\n" in view.body
    usage = bench.settle.usage
    assert usage is not None
    assert (usage.input, usage.cache_read, usage.output, usage.source) == (8, 4, 2, UsageSource.MIXED)
    assert bench.settle.outcome == "cut"


def test_a_translated_stream_that_breaks_off_ends_in_an_error_event() -> None:
    bench = Bench({"a1": streams(ANTHROPIC_STREAM[:4], then="cut")}, [model("chat", "a1")])
    view = bench.ask(body=STREAM)
    assert b'"Hel"' in view.body and b"upstream_cut" in view.body and b"[DONE]" not in view.body
    bench = Bench({"o1": streams(BEGUN, then="cut")}, [model("claude", "o1")])
    view = bench.ask(MESSAGES, {**MESSAGE, "stream": True})
    assert b"event: error\n" in view.body and b"message_stop" not in view.body
    usage = bench.settle.usage
    assert usage is not None and usage.input == bench.opens[0].input_tokens


def test_a_stop_reason_without_the_end_of_the_stream_is_enough_for_openai() -> None:
    bench = bench_of(streams(OPENAI_STREAM[:-2]))
    view = bench.ask(body=STREAM)
    assert view.body.endswith(b"data: [DONE]\n\n")
    assert bench.settle.outcome == "ok"


def test_a_whole_reply_that_breaks_off_is_tried_elsewhere() -> None:
    bench = Bench({"o1": streams_json([openai_reply()[:50]]), "o2": says(openai_reply())})
    view = bench.ask()
    assert (view.status, view.body) == (200, openai_reply())
    first = bench.settle.attempts[0]
    assert (first.error_class, first.code) == ("truncated", "upstream_cut")


def test_a_whole_reply_beyond_the_cap_is_given_up() -> None:
    bench = Bench({"o1": says(openai_reply("x" * 5000)), "o2": says(openai_reply())})
    assert bench.snapshot is not None
    limits = msgspec.structs.replace(bench.snapshot.limits, reply_bytes=1000)
    bench = Bench({"o1": says(openai_reply("x" * 5000)), "o2": says(openai_reply())}, limits=limits)
    assert bench.ask().header("x-trigate-target") == "o2/gpt-4.1"
    assert bench.settle.attempts[0].code == "upstream_too_large"


def test_an_error_page_beyond_the_cap_still_says_what_its_status_means() -> None:
    bench = Bench({"o1": refuses(401, "x" * 100_000), "o2": says(openai_reply())})
    assert bench.ask().status == 200
    first = bench.settle.attempts[0]
    assert (first.status, first.error_class) == (401, "credential")


@pytest.mark.parametrize(("vendor", "seconds"), [(silent(), 10), (streams(OPENAI_STREAM[:1], then="silent"), 20)])
def test_a_stream_that_does_not_begin_in_time_is_tried_elsewhere(vendor: Vendor, seconds: int) -> None:
    bench = bench_of(vendor)
    view = bench.ask(body=STREAM)
    assert (view.status, view.header("x-trigate-target"), bench.settle.outcome) == (200, "o2/gpt-4.1", "ok")
    first = bench.settle.attempts[0]
    assert (first.error_class, first.code) == ("timeout", "upstream_timeout")
    assert first.ended_ns - first.started_ns == seconds * 1_000_000_000


def test_silence_in_the_middle_cuts_a_stream() -> None:
    bench = bench_of(streams(BEGUN, then="silent"))
    assert_cut(bench, bench.ask(body=STREAM), "upstream_timeout")
    timing = bench.settle.timing
    assert timing is not None and timing.total_ns == 30_000_000_000


def test_a_whole_reply_has_until_the_total_deadline() -> None:
    bench = bench_of(silent(250))
    assert bench.ask().status == 200


def test_the_total_deadline_ends_everything() -> None:
    bench = bench_of(silent(1000))
    view = bench.ask()
    assert (view.status, view.error["code"]) == (504, "upstream_timeout")
    assert len(bench.calls) == 1
    bench = bench_of(streams([openai_chunk("x")] * 1000, gap=1))
    view = bench.ask(body=STREAM)
    timing = bench.settle.timing
    assert timing is not None and timing.total_ns == 300_000_000_000
    assert bench.settle.outcome == "cut" and b"total deadline" in view.body


def test_the_second_target_has_deadlines_of_its_own() -> None:
    bench = Bench({"o1": silent(), "o2": streams(OPENAI_STREAM, gap=9)}, [model("chat", "o1", "o2", timeouts=TIMEOUTS)])
    assert bench.ask(body=STREAM).ended
    assert bench.settle.outcome == "ok"


def test_a_client_that_hangs_up_before_the_head_cancels_the_upstream() -> None:
    bench = bench_of(silent())

    async def story() -> float:
        request, view = bench.request(body=STREAM)
        asyncio.get_running_loop().call_later(3, request.hang_up)
        await bench.gateway(request, view)
        assert (view.status, view.ended) == (0, False)
        return asyncio.get_running_loop().time()

    assert run(story()) == 1003
    settle = bench.settle
    assert (settle.outcome, settle.status, settle.code) == ("cancelled", 499, "client_closed_request")
    assert settle.usage == Usage(input=bench.opens[0].input_tokens, source=UsageSource.ESTIMATED)
    assert settle.charge is not None and settle.charge.total > 0
    assert len(bench.calls) == 1
    assert bench.breakers.of("o1", "gpt-4.1").failures == 0


def test_a_client_that_hangs_up_in_the_middle_pays_for_what_was_written() -> None:
    closed = []

    async def body() -> AsyncGenerator[bytes, None]:
        try:
            for event in BEGUN:
                yield event
            await asyncio.sleep(1e6)
        finally:
            closed.append(True)

    async def vendor(call: Call) -> Scripted:
        return Scripted(200, {"content-type": "text/event-stream"}, body())

    bench = bench_of(vendor)

    async def story() -> ClientView:
        request, view = bench.request(body=STREAM)
        asyncio.get_running_loop().call_later(3, request.hang_up)
        await bench.gateway(request, view)
        return view

    view = run(story())
    assert closed == [True]
    assert b"[DONE]" not in view.body
    settle = bench.settle
    assert (settle.outcome, settle.status) == ("cancelled", 499)
    assert settle.usage == Usage(input=bench.opens[0].input_tokens, output=2, source=UsageSource.ESTIMATED)
    assert settle.charge is not None and settle.charge.total > 0


def test_hanging_up_while_a_deadline_passes_starts_no_other_attempt() -> None:
    bench = bench_of(silent())

    async def story() -> None:
        request, view = bench.request(body=STREAM)
        asyncio.get_running_loop().call_later(10, request.hang_up)
        await bench.gateway(request, view)

    run(story())
    assert len(bench.calls) == 1
    assert bench.settle.outcome == "cancelled"


def test_a_cancelled_task_stays_cancelled() -> None:
    bench = bench_of(silent())

    async def story() -> None:
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(bench.asked(body=STREAM))
            await asyncio.sleep(1)
            task.cancel()
        assert task.cancelled()

    run(story())
    assert bench.settle.outcome == "cancelled"


def test_a_disk_that_refuses_the_open_keeps_the_vendor_uncalled() -> None:
    bench = Bench()
    bench.spool.full = (Open,)
    view = bench.ask()
    assert (view.status, view.error["code"], view.header("retry-after")) == (503, "evidence_unavailable", "1")
    assert bench.calls == []
    assert bench.breakers.of("o1", "gpt-4.1").in_flight == 0


def test_a_disk_that_fails_between_attempts_refuses() -> None:
    bench = Bench({"o1": refuses(503)})
    bench.spool.full = (Attempt,)
    assert bench.ask().error["code"] == "evidence_unavailable"
    assert bench.settle.outcome == "failed"


@pytest.mark.parametrize("stream", [False, True])
def test_a_disk_that_cannot_sync_gives_the_client_nothing_and_keeps_the_cost(stream: bool) -> None:
    bench = Bench({"o1": streams(OPENAI_STREAM) if stream else says(openai_reply())})
    bench.spool.broken_sync = True
    view = bench.ask(body={**CHAT, "stream": stream})
    assert (view.status, view.error["code"]) == (503, "evidence_unavailable")
    settle = bench.settle
    assert (settle.outcome, settle.status, settle.code) == ("failed", 503, "evidence_unavailable")
    assert settle.charge is not None and settle.charge.total > 0
    assert len(settle.attempts) == 1
    assert bench.breakers.of("o1", "gpt-4.1").in_flight == 0


def test_a_failed_attempt_that_may_have_cost_is_charged_beside_the_one_that_delivered() -> None:
    bench = Bench({"o1": says(b"{}"), "o2": says(openai_reply())}, [model("chat", "o1", target("o2", price=None))])
    bench.ask()
    charge = bench.settle.charge
    assert charge is not None and charge.version == PRICE.version
    estimate = bench.opens[0].input_tokens
    assert [(each.item, each.quantity) for each in charge.lines] == [("input", estimate)]
    assert charge.total == sum(each.amount for each in charge.lines)


def test_an_attempt_that_reached_nobody_costs_nothing() -> None:
    async def unreachable(call: Call) -> Scripted:
        raise AttemptFailed(ErrorClass.CONNECT, Fault("upstream_unreachable", Category.UPSTREAM, 502, "x"))

    bench = Bench({"o1": unreachable}, [model("chat", "o1")])
    view = bench.ask()
    assert (view.status, view.error["code"]) == (502, "upstream_unreachable")
    assert bench.settle.charge is not None and bench.settle.charge.total == 0


def test_each_attempt_has_its_own_vendor_request_id() -> None:
    async def unreachable(call: Call) -> Scripted:
        raise AttemptFailed(ErrorClass.CONNECT, Fault("upstream_unreachable", Category.UPSTREAM, 502, "x"))

    bench = Bench({"o1": refuses(503), "o2": unreachable})
    bench.ask()
    assert [each.vendor_request_id for each in bench.settle.attempts] == ["vendor-1", None]
    assert [each.first_byte_ns is None for each in bench.settle.attempts] == [False, True]


def test_the_reservation_is_an_upper_bound() -> None:
    bench = Bench()
    bench.ask(body={**CHAT, "max_tokens": 100, "n": 2})
    sent = len(bench.calls[0].body)
    assert 0 <= bench.opens[0].reserved - (sent * 2_000 + 200 * 8_000) < 10
    bench.ask()
    assert bench.opens[1].reserved > 1000 * 8_000


def test_open_streams_are_counted_while_they_are_open() -> None:
    bench = bench_of(streams(OPENAI_STREAM, gap=1))

    async def story() -> list[tuple[int, int]]:
        seen = []
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(bench.asked(body=STREAM))
            for _ in range(2):
                await asyncio.sleep(3.5)
                seen.append((bench.gauges.streams, bench.gauges.in_flight))
        return seen

    assert run(story()) == [(1, 1), (0, 0)]
    assert bench.gauges.exchanges == 1


def streams_json(chunks: list[bytes]) -> Vendor:
    """A whole reply whose connection breaks after these chunks."""
    broken = streams(chunks, then="cut")

    async def vendor(call: Call) -> Scripted:
        scripted = await broken(call)
        scripted.headers["content-type"] = "application/json"
        return scripted

    return vendor
