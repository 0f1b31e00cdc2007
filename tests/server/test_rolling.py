"""Planned restarts under load: nobody notices."""

import signal
from pathlib import Path

import pytest

from tests.server.children.settings import Settings
from tests.server.gateway import Held, Load, get, running, versions
from trigate.core.processes import ChildState, Gauge

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("signals", [[signal.SIGUSR1], [signal.SIGUSR1, signal.SIGUSR1]])
def test_a_planned_restart_loses_no_call(tmp_path: Path, signals: list[signal.Signals]) -> None:
    with running(tmp_path, Settings(others=("recorder",))) as gateway, Load(gateway.port) as load:
        recorder = gateway.ready_pids("recorder")
        for number in signals:
            before = gateway.ready_pids()
            Settings(version="two", others=("recorder",)).write(tmp_path)
            gateway.signal(number)
            gateway.until(
                lambda before=before: len(gateway.ready_pids() - before) == 2 and len(gateway.rows("worker")) == 2,  # type: ignore[misc]
                "two new workers",
            )
        load.more(200)
        assert versions(load.answers[-50:]) == {"two"}
        assert gateway.ready_pids("recorder") == recorder
        assert all(row.restarts == 0 for row in gateway.rows())
    assert not load.failures
    assert len(load.answers) > 300


def test_a_call_under_way_survives_a_planned_restart(tmp_path: Path) -> None:
    with running(tmp_path, Settings(workers=1)) as gateway:
        [old] = gateway.ready_pids()
        held = Held(gateway)
        gateway.signal(signal.SIGUSR1)
        gateway.until(lambda: gateway.gauge(Gauge.DRAINING).get(old) == 1, "the old worker to drain")
        assert get(gateway.port).pid in gateway.ready_pids()
        assert [row.pid for row in gateway.rows("worker", ChildState.DRAINING)] == [old]
        assert [answer.pid for answer in held.release()] == [old]


def test_a_planned_restart_ends_when_the_new_worker_dies(tmp_path: Path) -> None:
    with running(tmp_path, Settings()) as gateway:
        before = gateway.ready_pids()
        Settings(broken=("worker-0",)).write(tmp_path)
        gateway.signal(signal.SIGUSR1)
        gateway.until(lambda: "the new worker-0 died; not renewed: worker-0, worker-1" in gateway.log(), "the end")
        assert gateway.ready_pids() == before
        assert get(gateway.port).version == "one"
