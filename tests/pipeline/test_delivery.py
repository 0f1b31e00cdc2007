"""The order of evidence, marks of long streams, and clients that do not keep up."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.support.plant import ACCOUNTS, CHAT, STREAM, Bench, ClientView, model, snapshot
from tests.support.vendors import OPENAI_STREAM, openai_chunk, openai_reply, refuses, says, streams
from tests.support.virtual_time import run
from trigate.config.published import Published, PublishedTimeouts
from trigate.core.ports import Call, Flow
from trigate.core.record import Mark

TIMEOUTS = PublishedTimeouts(first_byte=10.0, first_token=20.0, idle=30.0, total=300.0)
LONG = [openai_chunk("word")] * 12 + list(OPENAI_STREAM[3:])


@pytest.mark.parametrize("stream", [False, True])
def test_the_open_is_written_before_the_call_and_durable_before_the_first_byte(stream: bool) -> None:
    bench = Bench({"o1": streams(OPENAI_STREAM) if stream else says(openai_reply())})
    bench.ask(body={**CHAT, "stream": stream})
    tape = bench.tape
    assert tape[:3] == ["open", "call o1", "synced"]
    assert tape[-2:] == ["settle", "last bytes"]
    assert tape.count("synced") == tape.count("settle") == 1
    assert bench.spool.asked == [1]


def test_each_attempt_has_its_own_open() -> None:
    bench = Bench({"o1": refuses(503), "o2": streams(OPENAI_STREAM)})
    bench.ask(body=STREAM)
    assert bench.tape[:6] == ["open", "call o1", "attempt", "open", "call o2", "synced"]
    assert bench.spool.asked == [1, 3]


def test_a_refusal_is_settled_before_it_is_told() -> None:
    bench = Bench()
    bench.ask(body={"model": "gone"})
    assert bench.tape == ["settle", "last bytes"]


def test_events_are_handed_over_as_they_come() -> None:
    bench = Bench({"o1": streams(OPENAI_STREAM, gap=1)})

    async def story() -> list[tuple[float, int]]:
        request, view = bench.request(body=STREAM)
        seen = []
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(bench.gateway(request, view))
            for _ in range(3):
                view.handed.clear()
                await view.handed.wait()
                seen.append((asyncio.get_running_loop().time() - 1000, view.body.count(b"\n\n")))
        return seen

    assert run(story()) == [(2, 2), (3, 3), (4, 4)]


class Pushing:
    """An upstream that pushes from a callback, where nothing can be awaited (`core.ports.Fetcher`, `UpstreamReply`)."""

    status = 200

    def __init__(self, story: Callable[[Flow], Awaitable[None]]) -> None:
        self._story = story

    async def open(self, call: Call) -> "Pushing":
        return self

    def header(self, name: str) -> str | None:
        return "text/event-stream" if name == "content-type" else None

    async def pump(self, flow: Flow) -> None:
        await self._story(flow)

    async def read(self, limit: int) -> bytes:
        raise AssertionError("a stream is not read whole")

    async def close(self) -> None: ...


def test_chunks_leave_at_once_when_nothing_must_be_awaited() -> None:
    bench = Bench()
    seen: list[tuple[bool, bool, int]] = []

    async def story() -> ClientView:
        request, view = bench.request(body=STREAM)

        def push(flow: Flow, chunk: bytes) -> None:
            flow.feed(chunk)
            seen.append((flow.flush(), flow.paused, view.body.count(b"\n\n")))

        async def pump(flow: Flow) -> None:
            push(flow, OPENAI_STREAM[0])
            push(flow, openai_chunk("one"))
            await flow.drain()
            push(flow, openai_chunk("two"))
            view.stalled = 1.0
            push(flow, openai_chunk("three"))
            await flow.drain()
            view.stalled = None
            push(flow, b"".join(OPENAI_STREAM[3:]))

        bench.snapshot = snapshot(Published(providers=ACCOUNTS, models=(model("chat", "o1"),)), Pushing(pump))
        await bench.gateway(request, view)
        return view

    assert run(story()).ended and bench.settle.outcome == "ok"
    assert seen == [
        (True, False, 0),  # nothing may go out before the first content
        (False, False, 0),  # the open is not known to be durable
        (True, False, 3),  # it was, and this one left without a wait
        (False, True, 3),  # the client does not keep up
        (True, False, 4),  # it caught up; the end waits for the settle
    ]
    assert bench.tape[-2:] == ["settle", "last bytes"]


def test_long_streams_are_marked_every_five_seconds() -> None:
    bench = Bench({"o1": streams(LONG, gap=1)})
    bench.ask(body=STREAM)
    assert [(each.at_ns - bench.opens[0].at_ns) // 1_000_000_000 for each in bench.marks] == [6, 12]
    assert [each.usage.output for each in bench.marks] == [6, 12]
    assert all(0 < each.cost <= bench.opens[0].reserved for each in bench.marks)
    assert bench.marks[0].id == bench.settle.id


def test_a_disk_that_takes_no_marks_does_not_cut_the_stream() -> None:
    bench = Bench({"o1": streams(LONG, gap=1)})
    bench.spool.full = (Mark,)
    view = bench.ask(body=STREAM)
    assert view.ended and bench.settle.outcome == "ok"
    assert bench.gauges.evidence_failures == 2


def stalled(bench: Bench, seconds: float) -> ClientView:
    async def story() -> ClientView:
        request, view = bench.request(body=STREAM)
        view.stalled = seconds
        await bench.gateway(request, view)
        return view

    return run(story())


def test_a_slow_client_is_not_taken_for_a_silent_vendor() -> None:
    bench = Bench({"o1": streams(OPENAI_STREAM)}, [model("chat", "o1", timeouts=TIMEOUTS)])
    assert stalled(bench, 29).ended
    assert bench.settle.outcome == "ok"


def test_a_client_that_reads_nothing_for_too_long_is_given_up() -> None:
    bench = Bench({"o1": streams(OPENAI_STREAM)}, [model("chat", "o1", timeouts=TIMEOUTS)])
    view = stalled(bench, 1000)
    assert (view.ended, view.aborted) == (False, True)
    assert (bench.settle.outcome, bench.settle.status) == ("cancelled", 499)
    assert bench.settle.charge is not None and bench.settle.charge.total > 0
    breaker = bench.breakers.of("o1", "gpt-4.1")
    assert (breaker.failures, breaker.in_flight) == (0, 0)
