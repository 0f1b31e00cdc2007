"""kill -9 of one of two workers under load: only its own calls in flight are lost, and no evidence at all."""

import signal
import time
from pathlib import Path

import pytest

from tests.faults.calls import STREAM, WHOLE, load, more, opened, settings, settled
from tests.support.gateway import SimulatorServer, gateway
from tests.support.waiting import wait_for
from trigate.core.record import Open

pytestmark = pytest.mark.e2e

BACK_WITHIN = 2.0
CLIENTS = 6
A_MOMENT = 0.1
"""Between two calls of a client, its connection may be lost without a call in flight."""


def test_only_its_own_calls_in_flight_are_lost(tmp_path: Path, vendor: SimulatorServer) -> None:
    with gateway(tmp_path, settings(tmp_path, vendor)) as server:
        with load(server, STREAM, CLIENTS) as streaming, load(server, WHOLE, CLIENTS) as calling:
            more(streaming, 30)
            more(calling, 30)
            at = time.monotonic()
            killed = server.send("worker-0", signal.SIGKILL)
            server.wait_replaced("worker-0", killed, seconds=BACK_WITHIN)
            back = time.monotonic() - at
            more(streaming, 60)
            more(calling, 60)
        for traffic in (streaming, calling):
            assert len(traffic.failed) <= CLIENTS
            assert [call for call in traffic.failed if call.began >= at + A_MOMENT or call.ended < at] == []
        print(f"back after {back:.2f} s, {len(streaming.failed) + len(calling.failed)} calls lost")
        records = server.records()
        delivered = {call.id for call in (*streaming.delivered, *calling.delivered)}
        assert delivered <= opened(records)
        orphans = opened(records) - settled(records)
        server.wait_recorded()
        wait_for(lambda: not server.usage.totals().unsettled, "the orphans to be settled")
        found = {each.id: each for each in server.usage.recent(100_000)}
        assert opened(records) <= found.keys()
        for orphan in orphans:
            assert found[orphan].outcome == "orphaned" and found[orphan].charge is not None
        assert len(orphans) <= 2 * CLIENTS


def test_a_killed_stream_is_billed_at_its_last_mark_or_its_reservation(tmp_path: Path, vendor: SimulatorServer) -> None:
    with gateway(tmp_path, settings(tmp_path, vendor, workers=1)) as server:
        with load(server, STREAM, 1) as calling:
            more(calling, 1)
            killed = server.send("worker-0", signal.SIGKILL)
            server.wait_replaced("worker-0", killed, seconds=BACK_WITHIN)
            more(calling, 2)
        (lost,) = calling.failed
        records = server.records()
        (orphan,) = opened(records) - settled(records)
        assert lost.id in ("", orphan)
        (reserved,) = (record.reserved for record in records if isinstance(record, Open) and record.id == orphan)
        found = wait_for(lambda: server.usage.find(orphan, "acme", "support"), "the orphan's settlement")
        assert found is not None and found.charge is not None and 0 < found.charge.total <= reserved


def test_every_worker_killed_in_turn(tmp_path: Path, vendor: SimulatorServer) -> None:
    """One is always there, so a client that tries again is served."""
    with gateway(tmp_path, settings(tmp_path, vendor)) as server, load(server, WHOLE, 4) as calling:
        for name in ("worker-0", "worker-1", "worker-0"):
            more(calling, 20)
            server.wait_replaced(name, server.send(name, signal.SIGKILL))
        more(calling, 20)
        assert len(calling.failed) <= 3 * 4
