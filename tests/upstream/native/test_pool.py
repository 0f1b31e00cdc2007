"""Which connections are kept, handed out, and closed."""

import asyncio
from collections.abc import Callable

from tests.support.clock import ManualClock
from tests.support.virtual_time import LoopClock, run
from tests.upstream.wire import Bench, Wire
from trigate.upstream.native.connection import UpstreamConnection
from trigate.upstream.native.pool import IDLE_NS, IDLE_PER_ORIGIN
from trigate.upstream.native.request import Origin

OTHER = Origin(True, "vendor.test", 80)


def play(story: Callable[[Bench, ManualClock], None]) -> None:
    async def made() -> None:
        clock = ManualClock()
        bench = Bench(clock)
        story(bench, clock)
        bench.pool.close()

    asyncio.run(made())


def rested(bench: Bench, origin: Origin | None = None) -> tuple[UpstreamConnection, Wire]:
    connection, wire = bench.connect(origin) if origin else bench.connect()
    bench.pool.rested(connection)
    return connection, wire


def test_the_last_used_goes_out_first_and_each_once() -> None:
    def story(bench: Bench, clock: ManualClock) -> None:
        first, second = rested(bench)[0], rested(bench)[0]
        assert bench.pool.take(first.origin) is second
        assert bench.pool.take(first.origin) is first
        assert bench.pool.take(first.origin) is None

    play(story)


def test_an_origin_has_its_own() -> None:
    def story(bench: Bench, clock: ManualClock) -> None:
        other, _ = rested(bench, OTHER)
        assert bench.pool.take(bench.connection.origin) is None
        assert bench.pool.take(OTHER) is other

    play(story)


def test_what_rested_too_long_is_closed_and_not_handed_out() -> None:
    def story(bench: Bench, clock: ManualClock) -> None:
        old, old_wire = rested(bench)
        older_elsewhere = rested(bench, OTHER)[1]
        clock.monotonic += IDLE_NS - 1
        young, young_wire = rested(bench)
        assert bench.pool.take(old.origin) is young
        bench.pool.rested(young)
        clock.monotonic += 1
        bench.pool.sweep()
        assert old_wire.is_closing() and older_elsewhere.is_closing() and not young_wire.is_closing()
        clock.monotonic += IDLE_NS
        assert bench.pool.take(old.origin) is None
        assert young_wire.is_closing()

    play(story)


def test_a_connection_that_its_upstream_closes_is_forgotten() -> None:
    def story(bench: Bench, clock: ManualClock) -> None:
        ended, reset, kept = rested(bench)[0], rested(bench)[0], rested(bench)[0]
        ended.eof_received()
        reset.connection_lost(ConnectionResetError())
        ended.connection_lost(None)
        assert bench.pool.take(kept.origin) is kept
        assert bench.pool.take(kept.origin) is None
        assert len(bench.pool) == 2  # the bench's own, and the one that was kept

    play(story)


def test_only_so_many_rest() -> None:
    def story(bench: Bench, clock: ManualClock) -> None:
        wires = [rested(bench)[1] for _ in range(IDLE_PER_ORIGIN + 1)]
        assert [wire.is_closing() for wire in wires] == [True] + [False] * IDLE_PER_ORIGIN

    play(story)


def test_closing_ends_all_of_them_and_those_that_come_back() -> None:
    def story(bench: Bench, clock: ManualClock) -> None:
        resting, wire = rested(bench)
        bench.pool.close()
        assert wire.is_closing() and bench.wire.is_closing()
        late, late_wire = bench.connect()  # it was being made meanwhile
        bench.pool.rested(late)
        assert late_wire.is_closing()
        assert bench.pool.take(resting.origin) is None

    play(story)


def test_a_pool_closes_what_rests_although_nobody_calls() -> None:
    async def story() -> None:
        bench = Bench(LoopClock())
        for _ in range(2):
            connection, wire = rested(bench)
            await asyncio.sleep(49)
            assert not wire.is_closing()
            await asyncio.sleep(6)
            assert wire.is_closing()
            connection.connection_lost(None)

    run(story())
