"""Processes are killed and frozen under load: what goes on must go on, what is evidence must be there."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.support.gateway import GatewayServer, config, gateway, session, simulator
from tests.support.load import Call, Load, plain, streamed
from tests.support.waiting import wait_for
from tests.torture.evidence import expect_evidence
from tests.torture.limits import minutes

pytestmark = pytest.mark.torture

ASKS: Final = [plain("gpt"), streamed("gpt"), plain("claude"), streamed("slow"), streamed("slow", "/v1/messages")]
STREAM_SECONDS: Final = 2.0
RESTART_SECONDS: Final = 2.0


def settings(folder: Path, upstream: str) -> dict[str, object]:
    accounts = {"gpt": ("oai", "gpt-4.1"), "claude": ("ant", "claude-sonnet-4-5")}
    accounts["slow"] = ("oai", "gpt-4.1+tokens=40;rate=20/s")
    models = {name: {"provider": provider, "model": model} for name, (provider, model) in accounts.items()}
    return config(folder, upstream, models=models)


def worker_of(call: Call) -> str:
    """Which worker process answered: all ids of one begin alike."""
    return call.id[:-8]


def test_a_killed_worker_costs_its_own_calls_only(tmp_path: Path) -> None:
    with simulator(tmp_path) as vendor, gateway(tmp_path, settings(tmp_path, vendor.url)) as trigate:
        kills = []
        with Load(trigate.port, ASKS, connections=20) as load:
            for number in range(round(minutes(1) / 3)):
                time.sleep(3)
                name = f"worker-{number % 2}"
                pid = trigate.send(name, signal.SIGKILL)
                kills.append(time.monotonic())
                trigate.wait_replaced(name, pid)
                assert time.monotonic() - kills[-1] <= RESTART_SECONDS
            time.sleep(1)
        settled = expect_evidence(trigate, load.delivered)
        for killed in kills:
            expect_own_calls_only(load, killed)
        late = [call for call in load.failed if not any(0 <= call.ended - killed <= 1 for killed in kills)]
        assert not late, f"calls failed while nobody was killed: {late[:3]}"
        orphans = [each for each in settled if each.outcome == "orphaned"]
        print(
            f"{len(load.delivered)} delivered, {len(load.failed)} failed by {len(kills)} kills, {len(orphans)} orphans"
        )
        assert len(orphans) <= len(load.failed)
        assert {call.id for call in load.failed if call.first_byte} <= {each.id for each in settled}


def expect_own_calls_only(load: Load, killed: float) -> None:
    """Those that failed were under way in one worker, and that one has answered nothing since."""
    failed = [call for call in load.failed if 0 <= call.ended - killed <= 1]
    assert failed, "nothing was under way: the test shows nothing"
    assert all(call.began <= killed + 0.1 for call in failed), "a call failed that began after the kill"
    last = {call.connection: worker_of(call) for call in load.delivered if call.ended <= killed}
    victims = {worker_of(call) or last.get(call.connection, "") for call in failed} - {""}
    assert len(victims) == 1, f"calls of more than one worker failed: {victims}"
    assert victims.isdisjoint(worker_of(call) for call in load.since(killed + 0.1))


def killed(trigate: GatewayServer, name: str) -> Callable[[], object]:
    pid = trigate.send(name, signal.SIGKILL)
    return lambda: trigate.wait_replaced(name, pid)


def frozen(trigate: GatewayServer, name: str) -> Callable[[], object]:
    pid = trigate.pid if name == "supervisor" else trigate.send(name, signal.SIGSTOP)
    os.kill(pid, signal.SIGSTOP)
    return lambda: os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize(
    ("name", "harm"),
    [("recorder", killed), ("recorder", frozen), ("control", killed), ("control", frozen), ("supervisor", frozen)],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_traffic_goes_on_without(
    tmp_path: Path, name: str, harm: Callable[[GatewayServer, str], Callable[[], object]]
) -> None:
    with simulator(tmp_path) as vendor, gateway(tmp_path, settings(tmp_path, vendor.url)) as trigate:
        with Load(trigate.port, ASKS, connections=20) as load:
            time.sleep(1)
            began = time.monotonic()
            mend = harm(trigate, name)
            for _ in range(round(minutes(1))):
                second = time.monotonic()
                time.sleep(1)
                assert load.since(second), f"no call was answered in a second without {name}"
            mend()
            time.sleep(1)
        assert not load.failed, load.failed[:3]
        assert any(call.ask.path == "/v1/messages" for call in load.since(began)), "no stream was begun without it"
        expect_evidence(trigate, load.delivered)


def test_children_of_a_killed_supervisor_end_after_draining(tmp_path: Path) -> None:
    with simulator(tmp_path) as vendor, gateway(tmp_path, settings(tmp_path, vendor.url)) as trigate:
        with Load(trigate.port, ASKS, connections=20) as load:
            time.sleep(3)
            killed_at = time.monotonic()
            os.kill(trigate.pid, signal.SIGKILL)
            trigate.process.wait()
            wait_for(lambda: not session(trigate.pid), "the children to end", 40)
            took = time.monotonic() - killed_at
        cut = [call for call in load.failed if call.began < killed_at]
        assert not cut, f"{len(cut)} calls that were under way were cut: {cut[:3]}"
        streams = [call for call in load.delivered if call.began < killed_at < call.ended]
        assert streams, "nothing was under way: the test shows nothing"
        print(f"{len(streams)} calls were under way and ended well; the last child was gone after {took:.1f} s")
    with simulator(tmp_path) as vendor, gateway(tmp_path, settings(tmp_path, vendor.url)) as successor:
        expect_evidence(successor, load.delivered)
