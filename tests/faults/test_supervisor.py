"""The supervisor's own end, and what it is told to do: stop, restart, upgrade. Under load, with no call lost."""

import contextlib
import os
import signal
import socket
import time
from pathlib import Path

import pytest

from tests.faults.calls import (
    SLOW_SECONDS,
    SLOW_STREAM,
    STREAM,
    WHOLE,
    Background,
    caller,
    load,
    more,
    opened,
    settings,
    settled,
)
from tests.support.caller import chat, events
from tests.support.gateway import GatewayServer, SimulatorServer, gateway, session
from tests.support.waiting import wait_for
from trigate.core.processes import ChildKind, ChildState, Gauge

pytestmark = pytest.mark.e2e


def in_flight(server: GatewayServer) -> int:
    found = [server.gauges(row.name) for row in server.children() if row.kind is ChildKind.WORKER]
    return sum(gauges[Gauge.IN_FLIGHT] for gauges in found if gauges is not None)


def test_killed_its_children_end_after_draining(tmp_path: Path, vendor: SimulatorServer) -> None:
    with gateway(tmp_path, settings(tmp_path, vendor)) as server:
        running = [Background(caller(server), SLOW_STREAM) for _ in range(4)]
        wait_for(lambda: in_flight(server) == 4, "the streams to be under way")
        os.kill(server.pid, signal.SIGKILL)
        server.process.wait()
        assert all(each.reply().body.endswith(b"data: [DONE]\n\n") for each in running)
        wait_for(lambda: not session(server.pid), "all children to end", SLOW_SECONDS + 5)
        records = server.records()
        assert len(opened(records)) == 4 and opened(records) == settled(records)


def test_a_successor_finds_what_the_killed_one_left(tmp_path: Path, vendor: SimulatorServer) -> None:
    """All killed at once; the next start settles the orphan, and counts nothing twice."""
    configured = settings(tmp_path, vendor)
    with gateway(tmp_path, configured) as server:
        done = caller(server).chat("gpt").headers["x-request-id"]
        server.wait_recorded()
        with caller(server).stream("/v1/chat/completions", SLOW_STREAM) as response:
            orphan = response.getheader("x-request-id") or ""
            next(events(response))
            for pid in session(server.pid):
                os.kill(pid, signal.SIGKILL)
            server.process.wait()
    with gateway(tmp_path, configured) as server:
        found = wait_for(lambda: server.usage.find(orphan, "acme", "support"), "the orphan to be settled")
        assert found is not None and found.charge is not None
        assert found.outcome == "orphaned" and found.charge.total > 0
        assert caller(server).chat("gpt").status == 200
        wait_for(lambda: sorted(row.count for row in server.usage.totals().series) == [1, 2], "one orphan, two others")
        assert caller(server).get(f"/v1/trigate/exchanges/{done}").status == 200


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGUSR2])
def test_renewed_under_load_without_a_failed_call(
    tmp_path: Path, vendor: SimulatorServer, number: signal.Signals
) -> None:
    """SIGUSR1 renews the workers, SIGUSR2 everything; clients keep their connections alive and never retry."""
    with gateway(tmp_path, settings(tmp_path, vendor)) as server:
        before = {row.name: row.pid for row in server.children()}
        renewed = {name for name in before if number == signal.SIGUSR2 or name.startswith("worker")}
        with load(server, STREAM, 4) as streaming, load(server, WHOLE, 4) as calling:
            more(streaming, 20)
            slow = Background(caller(server), SLOW_STREAM)
            os.kill(server.pid, number)

            def done() -> bool:
                now = {row.name: row.pid for row in server.children() if row.state is ChildState.READY}
                return all(now.get(name, before[name]) != before[name] for name in renewed)

            wait_for(done, "every process to be renewed", 40)
            more(streaming, 30)
            more(calling, 30)
        assert [*streaming.failed, *calling.failed] == []
        assert slow.reply().body.endswith(b"data: [DONE]\n\n")
        after = {row.name: row.pid for row in server.children()}
        assert {name for name in before if after[name] != before[name]} == renewed
        server.wait_recorded()
        assert opened(server.records()) >= {call.id for call in (*streaming.delivered, *calling.delivered)}


def test_a_renewed_gateway_stops_as_it_should(tmp_path: Path, vendor: SimulatorServer) -> None:
    with gateway(tmp_path, settings(tmp_path, vendor)) as server:
        before = server.child("control").pid
        os.kill(server.pid, signal.SIGUSR2)
        server.wait_replaced("control", before, 30)
        wait_for(lambda: all(row.state is ChildState.READY for row in server.children()), "all to be ready")
        assert caller(server).chat("gpt").status == 200
        assert server.stop() == 0
        assert session(server.pid) == []


def test_sigterm_drains(tmp_path: Path, vendor: SimulatorServer) -> None:
    with gateway(tmp_path, settings(tmp_path, vendor)) as server:
        running = [Background(caller(server), SLOW_STREAM) for _ in range(4)]
        wait_for(lambda: in_flight(server) == 4, "the streams to be under way")
        began = time.monotonic()
        os.kill(server.pid, signal.SIGTERM)

        def refused() -> bool:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", server.port), 1):
                return False
            return True

        wait_for(refused, "new connections to be refused", 2.0)
        assert all(each.reply().body.endswith(b"data: [DONE]\n\n") for each in running)
        assert server.process.wait(15) == 0
        assert time.monotonic() - began < SLOW_SECONDS + 5
        records = server.records()
        assert len(opened(records)) == 4 and opened(records) == settled(records)
        assert {each.outcome for each in server.usage.recent(10)} == {"ok"}, "the last records were carried too"


def test_the_drain_timeout_cuts_and_settles(tmp_path: Path, vendor: SimulatorServer) -> None:
    with gateway(tmp_path, settings(tmp_path, vendor, drain={"timeout": "500ms"})) as server:
        running = Background(caller(server), chat("oai/gpt-4.1+rate=10/s;tokens=300", stream=True))
        wait_for(lambda: in_flight(server) == 1, "the stream to be under way")
        os.kill(server.pid, signal.SIGTERM)
        assert server.process.wait(10) == 0
        assert running.fails()
        (found,) = server.usage.recent(10)
        assert found.outcome in ("cut", "cancelled") and found.charge is not None and found.charge.total > 0


def test_told_twice_it_ends_at_once(tmp_path: Path, vendor: SimulatorServer) -> None:
    with gateway(tmp_path, settings(tmp_path, vendor)) as server:
        running = Background(caller(server), chat("oai/gpt-4.1+rate=10/s;tokens=300", stream=True))
        wait_for(lambda: in_flight(server) == 1, "the stream to be under way")
        os.kill(server.pid, signal.SIGTERM)
        wait_for(lambda: "drain" in server.log, "the draining to begin")
        os.kill(server.pid, signal.SIGTERM)
        assert server.process.wait(5) == 1
        assert session(server.pid) == []
        assert running.fails()
