"""The supervisor with real children, real sockets and real signals."""

import signal
import time
from pathlib import Path

import pytest

from tests.server.children.settings import Settings
from tests.server.gateway import Held, Load, get, running
from trigate.core.processes import ChildState, Gauge
from trigate.server.supervisor import Watch

SECOND = 1_000_000_000

pytestmark = pytest.mark.e2e


def test_a_killed_worker_is_back_within_two_seconds(tmp_path: Path) -> None:
    with running(tmp_path, Settings()) as gateway, Load(gateway.port) as load:
        before = gateway.ready_pids()
        (survivor, victim) = sorted(before)
        killed = time.monotonic()
        gateway.signal(signal.SIGKILL, victim)
        gateway.until(lambda: len(gateway.ready_pids() - {victim}) == 2, "the worker to come back")
        assert time.monotonic() - killed < 2
        assert survivor in gateway.ready_pids()
        load.more(100)
        [row] = [row for row in gateway.rows() if row.restarts]
        assert (row.restarts, row.last_exit) == (1, -signal.SIGKILL)
        assert {answer.pid for answer in load.answers[-50:]} == gateway.ready_pids()
    assert len(load.failures) <= 4, "each client loses at most the call that it had under way"


def test_sigterm_lets_calls_finish_and_ends_recorder_and_control_last(tmp_path: Path) -> None:
    with running(tmp_path, Settings(others=("recorder", "control"))) as gateway:
        held = Held(gateway)
        gateway.signal(signal.SIGTERM)
        gateway.until(
            lambda: list(gateway.gauge(Gauge.DRAINING).values()) == [1], "one draining worker, the other gone"
        )
        assert gateway.ready_pids("recorder") and gateway.ready_pids("control")
        with pytest.raises(ConnectionRefusedError):
            get(gateway.port)
        assert held.release()
        assert gateway.exit_status() == 0
        assert set(gateway.diary()[1:3]) == {"worker-0 ended", "worker-1 ended"}
        assert set(gateway.diary()[3:]) == {"recorder ended", "control ended"}
        assert not gateway.rows(), "none is shown any more"


def test_a_second_sigterm_ends_at_once(tmp_path: Path) -> None:
    with running(tmp_path, Settings(others=("recorder",))) as gateway:
        pids = [row.pid for row in gateway.rows()]
        held = Held(gateway)
        gateway.signal(signal.SIGTERM)
        gateway.until(lambda: bool(gateway.rows("worker", ChildState.DRAINING)), "draining")
        gateway.signal(signal.SIGINT)
        assert gateway.exit_status() == 1
        assert all(gateway.ended(pid) for pid in pids)
        assert not held.over()
        assert "recorder ended" not in gateway.diary()


def test_a_call_that_outlasts_the_drain_timeout_is_cut(tmp_path: Path) -> None:
    with running(tmp_path, Settings(workers=1, drain=0.3, idle=0.1)) as gateway:
        held = Held(gateway)
        gateway.signal(signal.SIGTERM)
        assert gateway.exit_status() == 0
        assert not held.over()
        assert held.failures


def test_children_drain_and_end_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    with running(tmp_path, Settings(others=("recorder", "control"))) as gateway:
        pids = [row.pid for row in gateway.rows()]
        held = Held(gateway)
        gateway.signal(signal.SIGKILL)
        gateway.process.wait()
        gateway.until(lambda: sum(gateway.ended(pid) for pid in pids) == 3, "all but the busy worker to end")
        assert held.release()
        gateway.until(lambda: all(gateway.ended(pid) for pid in pids), "the busy worker to end")


def test_traffic_goes_on_while_the_supervisor_is_frozen_and_nobody_is_blamed(tmp_path: Path) -> None:
    with running(tmp_path, Settings(silence=1.0)) as gateway, Load(gateway.port) as load:
        before = gateway.ready_pids()
        gateway.signal(signal.SIGSTOP)
        load.more(200)
        gateway.signal(signal.SIGCONT)
        load.more(100)
        assert gateway.ready_pids() == before
    assert not load.failures


def test_a_worker_whose_loop_stands_still_is_replaced(tmp_path: Path) -> None:
    with running(tmp_path, Settings(silence=1.0)) as gateway:
        (frozen, other) = gateway.ready_pids()
        gateway.signal(signal.SIGSTOP, frozen)
        gateway.until(lambda: len(gateway.ready_pids() - {frozen}) == 2, "a new worker")
        assert other in gateway.ready_pids()
        assert "its event loop does not turn" in gateway.log()


def test_a_child_that_dies_at_once_is_tried_again_ever_more_slowly(tmp_path: Path) -> None:
    with running(tmp_path, Settings(broken=("worker-1",)), wait=False) as gateway:
        gateway.until(lambda: any(row.restarts >= 3 for row in gateway.rows()), "three restarts")
        [row] = gateway.rows("worker-1")
        assert row.last_exit == 3
        pauses = [line for line in gateway.log().splitlines() if line.startswith("worker-1 is started again")]
        assert [line.split()[-2] for line in pauses[:3]] == ["0", "0.25", "0.5"]
        Settings().write(tmp_path)
        gateway.until(lambda: len(gateway.ready_pids()) == 2, "both workers, once the cause is mended")


def test_sighup_goes_to_control(tmp_path: Path) -> None:
    with running(tmp_path, Settings(workers=1, others=("recorder", "control"))) as gateway:
        before = {row.pid for row in gateway.rows()}
        gateway.signal(signal.SIGHUP)
        gateway.until(lambda: "control reloads" in gateway.diary(), "control to reload")
        assert "recorder reloads" not in gateway.diary()
        assert {row.pid for row in gateway.rows()} == before


@pytest.mark.parametrize("other", ["recorder", "control"])
def test_recorder_and_control_may_be_frozen_or_die(tmp_path: Path, other: str) -> None:
    with running(tmp_path, Settings(others=(other,), silence=1.0)) as gateway, Load(gateway.port) as load:
        [pid] = gateway.ready_pids(other)
        gateway.signal(signal.SIGSTOP, pid)
        load.more(300)
        assert gateway.ready_pids(other) == {pid}
        gateway.signal(signal.SIGKILL, pid)
        gateway.until(lambda: bool(gateway.ready_pids(other) - {pid}), "a new one")
        load.more(50)
    assert not load.failures


def test_the_watch_judges_a_silent_worker_only() -> None:
    watch = Watch(10.0, 0)
    for second in range(1, 13):
        watch.look(second * SECOND)
    assert watch.hangs(1 * SECOND)
    assert not watch.hangs(11 * SECOND)
    assert not watch.hangs(0), "it has no page yet"


def test_the_watch_forgives_the_time_in_which_it_did_not_look() -> None:
    watch = Watch(10.0, 0)
    watch.look(1 * SECOND)
    watch.look(100 * SECOND)
    assert not watch.hangs(1 * SECOND)
    for second in range(101, 112):
        watch.look(second * SECOND)
    assert watch.hangs(1 * SECOND)
