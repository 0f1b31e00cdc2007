"""Recorder, control and supervisor killed or frozen: traffic goes on, and what was missed is made up for."""

import os
import signal
from pathlib import Path

import pytest

from tests.faults.calls import STREAM, WHOLE, caller, load, more, opened, settings
from tests.support.caller import Caller
from tests.support.gateway import SimulatorServer, gateway
from tests.support.waiting import wait_for

pytestmark = pytest.mark.e2e


def test_killed_and_frozen_in_turn(tmp_path: Path, vendor: SimulatorServer) -> None:
    with (
        gateway(tmp_path, settings(tmp_path, vendor)) as server,
        load(server, STREAM, 3) as streaming,
        load(server, WHOLE, 3) as calling,
    ):

        def traffic_goes_on() -> None:
            more(streaming, 30)
            more(calling, 60)

        traffic_goes_on()
        for name in ("recorder", "control"):
            server.send(name, signal.SIGSTOP)
            traffic_goes_on()
            server.send(name, signal.SIGCONT)
            server.wait_replaced(name, server.send(name, signal.SIGKILL))
            traffic_goes_on()
        for name in ("recorder", "control"):
            server.send(name, signal.SIGSTOP)
        os.kill(server.pid, signal.SIGSTOP)
        traffic_goes_on()
        os.kill(server.pid, signal.SIGCONT)
        for name in ("recorder", "control"):
            server.send(name, signal.SIGCONT)
        traffic_goes_on()
        assert [*streaming.failed, *calling.failed] == []
        assert all(server.child(name).restarts == 0 for name in ("worker-0", "worker-1"))


def test_a_recorder_that_was_away_catches_up(tmp_path: Path, vendor: SimulatorServer) -> None:
    """Killed while it writes, again and again: every exchange is counted, and none twice."""
    with gateway(tmp_path, settings(tmp_path, vendor)) as server:
        with load(server, WHOLE, 4) as calling:
            for _ in range(3):
                more(calling, 40)
                server.wait_replaced("recorder", server.send("recorder", signal.SIGKILL))
        server.wait_recorded()
        assert calling.failed == []
        counted = {each.id for each in server.usage.recent(100_000)}
        assert counted == opened(server.records()) == {call.id for call in calling.delivered}
        assert sum(row.count for row in server.usage.totals().series) == len(calling.delivered)


def test_a_frozen_recorder_hides_nothing_but_its_own_news(tmp_path: Path, vendor: SimulatorServer) -> None:
    with gateway(tmp_path, settings(tmp_path, vendor)) as server:
        server.send("recorder", signal.SIGSTOP)
        reply = caller(server).chat("gpt")
        unseen = caller(server).get(f"/v1/trigate/exchanges/{reply.headers['x-request-id']}")
        assert (unseen.status, unseen.code) == (404, "exchange_not_found")
        server.send("recorder", signal.SIGCONT)
        seen = caller(server).get(f"/v1/trigate/exchanges/{reply.headers['x-request-id']}")
        assert (seen.status, seen.json()["outcome"]) == (200, "ok")


def test_status_says_who_is_missing(tmp_path: Path, vendor: SimulatorServer) -> None:
    with gateway(tmp_path, settings(tmp_path, vendor)) as server:
        operator = Caller(server.control_url.removeprefix("http://"))
        killed = server.send("recorder", signal.SIGKILL)
        server.wait_replaced("recorder", killed)

        def shown() -> bool:
            processes = {each["name"]: each for each in operator.get("/status").json()["processes"]}
            recorder = processes["recorder"]
            return bool(recorder["restarts"] == 1 and recorder["last_exit"] == -signal.SIGKILL)

        wait_for(shown, "the restart in /status")
        assert operator.get("/readyz").status == 200
