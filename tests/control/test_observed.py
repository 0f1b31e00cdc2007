"""What control sees of the other processes."""

from tests.control.gateway import REVISION, Gateway
from tests.evidence.records import SECOND, opened
from trigate.control.observed import processes, spool_of
from trigate.core.processes import ChildState, Gauge


def test_workers_show_their_gauges_and_others_have_none(gateway: Gateway) -> None:
    assert processes(gateway.table) == ()
    gateway.start_workers(ChildState.READY)
    worker, recorder, _ = processes(gateway.table)
    assert worker.gauges is not None
    assert (worker.gauges.revision, worker.gauges[Gauge.IN_FLIGHT]) == (REVISION, 7)
    assert recorder.gauges is None


def test_the_page_of_another_process_is_not_shown(gateway: Gateway) -> None:
    gateway.start_workers(ChildState.STARTING)
    gateway.table.claim(0, pid=99, wall_ns=1, now_ns=1)
    assert processes(gateway.table)[0].gauges is None


def test_the_spools_lag_is_the_age_of_what_is_not_recorded(gateway: Gateway) -> None:
    gateway.spool.append(opened("a"))
    gateway.clock.wall += 3 * SECOND
    assert spool_of(gateway.observed).lag_ns == 3 * SECOND
    gateway.usage.close()
    for file in gateway.observed.spool.parent.glob("usage*"):
        file.write_bytes(b"rubbish " * 200)
    assert spool_of(gateway.observed).lag_ns == 3 * SECOND
