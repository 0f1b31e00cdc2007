"""What any HTTP client behind the `Fetcher` seam does, over sockets and in memory alike."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import pytest
import uvloop

from tests.upstream.vendor import Plan, Vendor, listening
from trigate.config.published import PublishedEgress
from trigate.core.clock import SystemClock
from trigate.core.errors import AttemptFailed, ErrorClass
from trigate.core.ports import Call, Fetcher
from trigate.upstream import failures
from trigate.upstream.client import build_client
from trigate.upstream.fetcher import PooledFetcher
from trigate.upstream.memory import MemoryFetcher
from trigate.upstream.native import NativeFetcher

Story = Callable[[Fetcher, str, Vendor], Awaitable[None]]

BY: Final = ("pyreqwest", "native", "memory")


@asynccontextmanager
async def fetching(by: str, vendor: Vendor) -> AsyncIterator[tuple[Fetcher, str]]:
    if by == "memory":
        yield MemoryFetcher(vendor.in_memory), "http://vendor.test"
        return
    fetcher: Fetcher
    if by == "native":
        fetcher = NativeFetcher(PublishedEgress(), 5.0, SystemClock())
    else:
        fetcher = PooledFetcher(build_client(PublishedEgress(), 5.0))
    async with listening(vendor) as port:
        try:
            yield fetcher, f"http://127.0.0.1:{port}"
        finally:
            await fetcher.close()


def play(by: str, plan: Plan, story: Story) -> Vendor:
    """Run `story` against a vendor that plays `plan`; ten seconds are an end."""

    async def run() -> Vendor:
        vendor = Vendor(plan)
        async with asyncio.timeout(10), fetching(by, vendor) as (fetcher, base):
            await story(fetcher, base, vendor)
        return vendor

    return uvloop.run(run())


def call(base: str, body: bytes = b"{}") -> Call:
    return Call("POST", f"{base}/v1/chat", [("content-type", "application/json"), ("x-key", "secret")], body)


class Sink:
    """A flow that keeps what it is fed, and is slow or has enough when told."""

    def __init__(self, enough: int = 1_000) -> None:
        self.paused = False
        self.fed: list[bytes] = []
        self.handed = 0
        self.arrived = asyncio.Event()
        self.open = asyncio.Event()
        self.open.set()
        self._enough = enough

    def feed(self, chunk: bytes) -> bool:
        self.fed.append(chunk)
        self.arrived.set()
        return len(self.fed) < self._enough

    def flush(self) -> bool:
        self.handed += self.open.is_set()
        return self.open.is_set()

    async def drain(self) -> None:
        await self.open.wait()
        self.handed += 1


@pytest.fixture(params=BY)
def by(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_call_goes_out_as_it_is(by: str) -> None:
    async def story(fetcher: Fetcher, base: str, vendor: Vendor) -> None:
        reply = await fetcher.open(call(base, b"[1]"))
        await reply.close()

    (asked,) = play(by, Plan(), story).asked
    assert (asked.method, asked.body) == ("POST", b"[1]")
    assert asked.target.endswith("/v1/chat")
    assert ("x-key", "secret") in asked.headers


def test_a_head_is_there_before_the_body(by: str) -> None:
    async def story(fetcher: Fetcher, base: str, vendor: Vendor) -> None:
        reply = await fetcher.open(call(base))
        assert reply.status == 429
        assert reply.header("retry-after") == reply.header("Retry-After") == "3"
        assert reply.header("x-other") is None
        await reply.close()
        await reply.close()

    play(by, Plan(status=429, headers={"Retry-After": "3"}, chunks=(b"a",), stuck=True), story)


def test_a_body_is_pushed_in_order_and_handed_over_per_chunk(by: str) -> None:
    async def story(fetcher: Fetcher, base: str, vendor: Vendor) -> None:
        sink = Sink()
        reply = await fetcher.open(call(base))
        await reply.pump(sink)
        await reply.close()
        assert sink.fed == [b"one", b"two", b"three"]
        assert sink.handed == 3
        assert all(type(chunk) is bytes for chunk in sink.fed)

    play(by, Plan(chunks=(b"one", b"two", b"three")), story)


def test_an_empty_body_feeds_nothing(by: str) -> None:
    async def story(fetcher: Fetcher, base: str, vendor: Vendor) -> None:
        sink = Sink()
        reply = await fetcher.open(call(base))
        await reply.pump(sink)
        assert not sink.fed

    play(by, Plan(), story)


def test_a_flow_that_has_enough_ends_the_reply(by: str) -> None:
    async def story(fetcher: Fetcher, base: str, vendor: Vendor) -> None:
        sink = Sink(enough=2)
        reply = await fetcher.open(call(base))
        await reply.pump(sink)
        assert sink.fed == [b"a", b"b"]
        await reply.close()
        await asyncio.wait_for(vendor.gone.wait(), 1)

    play(by, Plan(chunks=(b"a", b"b", b"c"), stuck=True), story)


def test_nothing_is_pushed_while_the_flow_does_not_drain(by: str) -> None:
    async def story(fetcher: Fetcher, base: str, vendor: Vendor) -> None:
        sink = Sink()
        sink.open.clear()
        reply = await fetcher.open(call(base))
        async with asyncio.TaskGroup() as group:
            group.create_task(reply.pump(sink))
            await sink.arrived.wait()
            await asyncio.sleep(0.05)
            assert sink.fed == [b"a"]
            sink.open.set()
        assert sink.fed == [b"a", b"b"]

    play(by, Plan(chunks=(b"a", b"b")), story)


def test_what_a_flow_raises_comes_through(by: str) -> None:
    class Giving(Sink):
        def feed(self, chunk: bytes) -> bool:
            raise failures.malformed()

    async def story(fetcher: Fetcher, base: str, vendor: Vendor) -> None:
        reply = await fetcher.open(call(base))
        with pytest.raises(AttemptFailed) as raised:
            await reply.pump(Giving())
        assert raised.value.fault.code == "upstream_malformed"
        await reply.close()
        await asyncio.wait_for(vendor.gone.wait(), 1)

    play(by, Plan(chunks=(b"a",), stuck=True), story)


@pytest.mark.parametrize("whole", [True, False])
def test_a_cut_body_is_never_complete(by: str, whole: bool) -> None:
    async def story(fetcher: Fetcher, base: str, vendor: Vendor) -> None:
        sink = Sink()
        reply = await fetcher.open(call(base))
        with pytest.raises(AttemptFailed) as raised:
            await (reply.read(1_000) if whole else reply.pump(sink))
        assert raised.value.error_class is ErrorClass.TRUNCATED
        assert raised.value.fault.code == "upstream_cut"
        assert whole or sink.fed == [b"a", b"b"]
        await reply.close()

    play(by, Plan(chunks=(b"a", b"b"), cut=True), story)


def test_a_cut_before_the_head_is_no_failure_to_connect(by: str) -> None:
    async def story(fetcher: Fetcher, base: str, vendor: Vendor) -> None:
        with pytest.raises(AttemptFailed) as raised:
            await fetcher.open(call(base))
        assert raised.value.error_class is ErrorClass.UNAVAILABLE
        assert raised.value.fault.code == "upstream_cut"

    play(by, Plan(cut=True), story)


def test_a_whole_body_is_read_up_to_a_limit(by: str) -> None:
    async def story(fetcher: Fetcher, base: str, vendor: Vendor) -> None:
        reply = await fetcher.open(call(base))
        assert await reply.read(6) == b"abcdef"
        await reply.close()
        reply = await fetcher.open(call(base))
        with pytest.raises(AttemptFailed) as raised:
            await reply.read(5)
        assert raised.value.fault.code == "upstream_too_large"
        await reply.close()

    play(by, Plan(chunks=(b"abc", b"def")), story)


def test_a_redirect_is_a_reply_like_any_other(by: str) -> None:
    async def story(fetcher: Fetcher, base: str, vendor: Vendor) -> None:
        reply = await fetcher.open(call(base))
        assert (reply.status, reply.header("location")) == (307, "/elsewhere")
        await reply.close()

    assert len(play(by, Plan(status=307, headers={"location": "/elsewhere"}), story).asked) == 1


def test_a_body_is_not_decompressed(by: str) -> None:
    async def story(fetcher: Fetcher, base: str, vendor: Vendor) -> None:
        reply = await fetcher.open(call(base))
        assert reply.header("content-encoding") == "gzip"
        assert await reply.read(100) == b"\x1f\x8bnot really"

    play(by, Plan(headers={"content-encoding": "gzip"}, chunks=(b"\x1f\x8bnot really",)), story)


def test_hanging_up_in_mid_stream_ends_the_call_at_once(by: str) -> None:
    async def story(fetcher: Fetcher, base: str, vendor: Vendor) -> None:
        sink = Sink()

        async def carry() -> None:
            reply = await fetcher.open(call(base))
            await reply.pump(sink)

        async with asyncio.TaskGroup() as group:
            task = group.create_task(carry())
            await sink.arrived.wait()
            task.cancel()
        await asyncio.wait_for(vendor.gone.wait(), 1)

    play(by, Plan(chunks=(b"a",), stuck=True), story)


def test_hanging_up_before_the_head_ends_the_call_at_once(by: str, request: pytest.FixtureRequest) -> None:
    if by == "pyreqwest":
        late = "pyreqwest 0.15 does not stop a cancelled request before its head has come"
        request.applymarker(pytest.mark.xfail(raises=TimeoutError, strict=True, reason=late))

    async def story(fetcher: Fetcher, base: str, vendor: Vendor) -> None:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(_opened(fetcher, base))
            await vendor.arrived.wait()
            task.cancel()
        await asyncio.wait_for(vendor.gone.wait(), 1)

    play(by, Plan(silent=True), story)


async def _opened(fetcher: Fetcher, base: str) -> None:
    await fetcher.open(call(base))


def test_many_calls_go_side_by_side(by: str) -> None:
    async def story(fetcher: Fetcher, base: str, vendor: Vendor) -> None:
        async def one() -> bytes:
            reply = await fetcher.open(call(base))
            try:
                return await reply.read(100)
            finally:
                await reply.close()

        assert await asyncio.gather(*(one() for _ in range(50))) == [b"ab"] * 50

    assert len(play(by, Plan(chunks=(b"a", b"b")), story).asked) == 50


def test_a_reader_that_is_paused_is_waited_for(by: str) -> None:
    async def story(fetcher: Fetcher, base: str, vendor: Vendor) -> None:
        sink = Sink()
        sink.paused = True
        reply = await fetcher.open(call(base))
        await reply.pump(sink)
        assert sink.fed == [b"a", b"b"]
        assert sink.handed == 4  # each chunk by `flush`, and each time `drain` waited until the reader may go on

    play(by, Plan(chunks=(b"a", b"b")), story)


def test_what_a_flow_has_enough_of_is_not_complained_about(by: str) -> None:
    async def story(fetcher: Fetcher, base: str, vendor: Vendor) -> None:
        sink = Sink(enough=1)
        reply = await fetcher.open(call(base))
        await reply.pump(sink)
        await reply.close()
        assert sink.fed == [b"a"]

    play(by, Plan(chunks=(b"a",), cut=True), story)
