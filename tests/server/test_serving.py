"""A worker's serving and draining, on real sockets of a real loop."""

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Coroutine
from pathlib import Path

import uvloop

from tests.support.waiting import wait_for
from trigate.core.processes import Gauge
from trigate.server.listeners import Address, Binding, listen
from trigate.server.serving import Connections, Port, Pulse, Serving, Timing, resident_bytes
from trigate.stores.shared_table import SharedTable, WorkerPage

QUICK = Timing(drain=1.0, idle=0.1, tls_shutdown=0.1)


class Gauges:
    """A page of gauges in a dictionary."""

    def __init__(self) -> None:
        self.values = dict.fromkeys(Gauge, 0)

    def set(self, gauge: Gauge, value: int) -> None:
        self.values[gauge] = value

    def add(self, gauge: Gauge, change: int) -> None:
        self.values[gauge] += change


class ManualClock:
    def __init__(self) -> None:
        self.now = 1_000_000_000

    def monotonic_ns(self) -> int:
        return self.now

    def wall_ns(self) -> int:
        return self.now


class Told:
    """A connection that writes down what it is told; `leaves_on` is the word at which it closes."""

    def __init__(self, connections: Connections, leaves_on: str = "") -> None:
        self.told: list[str] = []
        self._connections = connections
        self._leaves_on = leaves_on
        connections.add(self)

    def drain(self) -> None:
        self._tell("drain")

    def close_idle(self) -> None:
        self._tell("close_idle")

    def abort(self) -> None:
        self._tell("abort")

    def _tell(self, word: str) -> None:
        self.told.append(word)
        if word == self._leaves_on:
            self._connections.remove(self)


def run(story: Callable[[], Coroutine[None, None, None]]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(story())


def test_draining_asks_waits_and_then_cuts() -> None:
    async def story() -> None:
        gauges = Gauges()
        connections = Connections(gauges)
        quick, idle, busy = (Told(connections, word) for word in ("drain", "close_idle", "abort"))
        assert gauges.values[Gauge.CONNECTIONS] == len(connections) == 3
        started = asyncio.get_running_loop().time()
        cut = await connections.drain(QUICK)
        assert cut == 1
        assert quick.told == ["drain"] or quick.told == ["drain", "close_idle"]
        assert idle.told == ["drain", "close_idle"]
        assert busy.told == ["drain", "close_idle", "abort"]
        assert gauges.values[Gauge.CONNECTIONS] == len(connections) == 0
        assert asyncio.get_running_loop().time() - started >= QUICK.drain

    run(story)


def test_draining_ends_with_the_last_connection() -> None:
    async def story() -> None:
        connections = Connections(Gauges())
        Told(connections, "close_idle")
        started = asyncio.get_running_loop().time()
        assert await connections.drain(Timing(drain=60.0, idle=0.05)) == 0
        assert asyncio.get_running_loop().time() - started < 30

    run(story)


def test_a_connection_that_comes_while_draining_is_asked_to_finish_too() -> None:
    async def story() -> None:
        connections = Connections(Gauges())
        Told(connections, "close_idle")
        late: list[Told] = []
        asyncio.get_running_loop().call_soon(lambda: late.append(Told(connections, "close_idle")))
        assert await connections.drain(Timing(drain=60.0, idle=0.05)) == 0
        assert [each.told for each in late] == [["drain", "close_idle"]]

    run(story)


class Echo(asyncio.Protocol):
    """Answers each line with `keep` or, while draining, `last` and the end."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._last = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.remove(self)

    def data_received(self, data: bytes) -> None:
        self._transport.write(b"last" if self._last else b"keep")
        if self._last:
            self._transport.close()

    def drain(self) -> None:
        self._last = True

    def close_idle(self) -> None:
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()


def serve(table: SharedTable, clients: Callable[[WorkerPage, int], None]) -> None:
    """Serve one listener in this process; `clients` run in a thread, and have it stopped by SIGTERM."""
    listener = listen([Binding("data", Address("127.0.0.1", 0))], {})["data"]
    port = listener.address.port
    clock = ManualClock()
    page = table.claim(0, pid=os.getpid(), wall_ns=clock.wall_ns(), now_ns=1)

    async def story() -> None:
        connections = Connections(page)
        ready = asyncio.Event()
        serving = Serving(connections, page, Timing(drain=20.0, idle=0.3))
        async with asyncio.TaskGroup() as group:
            group.create_task(
                serving.run(
                    [Port("data", os.dup(listener.share(0)))],
                    lambda name: lambda: Echo(connections),
                    Pulse(page, clock),
                    ready.set,
                )
            )
            await ready.wait()
            group.create_task(asyncio.to_thread(clients, page, port))

    run(story)
    listener.close()


def test_a_worker_serves_until_sigterm_and_then_drains(tmp_path: Path) -> None:
    def clients(page: WorkerPage, port: int) -> None:
        def gauge(which: Gauge) -> int:
            gauges = table.gauges(0, os.getpid())
            assert gauges is not None
            return gauges[which]

        with (
            socket.create_connection(("127.0.0.1", port), timeout=10) as active,
            socket.create_connection(("127.0.0.1", port), timeout=10) as idle,
        ):
            assert said(active) == b"keep"
            wait_for(lambda: gauge(Gauge.CONNECTIONS) == 2, "both connections")
            assert gauge(Gauge.DRAINING) == 0
            os.kill(os.getpid(), signal.SIGTERM)
            wait_for(lambda: gauge(Gauge.DRAINING) == 1, "draining")
            assert said(active) == b"last"
            assert active.recv(10) == b""
            assert idle.recv(10) == b"", "closed after the grace"
            wait_for(lambda: gauge(Gauge.CONNECTIONS) == 0, "no connection")
        with socket.create_connection(("127.0.0.1", port), timeout=10):
            pass  # it waits in the queue, for the successor
        assert gauge(Gauge.BEAT_NS) == 1_000_000_000
        assert gauge(Gauge.RSS_BYTES) > 1_000_000

    with SharedTable.create(tmp_path / "table") as table:
        serve(table, clients)


def said(client: socket.socket) -> bytes:
    client.sendall(b"hello\n")
    return client.recv(4)


def test_the_pulse_shows_how_late_the_loop_is() -> None:
    gauges, clock = Gauges(), ManualClock()
    pulse = Pulse(gauges, clock)
    pulse.beat()
    for late_ms in (0, 40, 3):
        clock.now += 250_000_000 + late_ms * 1_000_000
        pulse.beat()
        assert gauges.values[Gauge.LAG_US] == late_ms * 1000
    assert gauges.values[Gauge.LAG_MAX_US] == 40_000
    assert gauges.values[Gauge.BEAT_NS] == clock.now


def test_chores_are_done_once_a_second() -> None:
    done: list[str] = []
    pulse = Pulse(Gauges(), ManualClock(), [lambda: done.append("first"), lambda: done.append("second")])
    for _ in range(5):
        pulse.beat()
    assert done == ["first", "second"] * 2


def test_the_memory_of_this_process_is_known() -> None:
    assert 1_000_000 < resident_bytes() < 1 << 40
