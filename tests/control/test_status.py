"""The gateway at a glance."""

import msgspec

from tests.control.gateway import DAMAGE, REVISION, Gateway
from tests.evidence.records import SECOND, opened
from trigate.config.diagnostics import Diagnostic, Severity
from trigate.control.reload import ReloadState
from trigate.control.status import Readiness, readiness_of, status_of
from trigate.core.processes import BreakerRow, ChildState


def test_everything_has_its_place(gateway: Gateway) -> None:
    gateway.start_workers(ChildState.READY, ChildState.DRAINING)
    gateway.record("a", "b")
    gateway.spool.append(opened("c"))
    gateway.clock.wall += 2 * SECOND
    status = status_of(gateway.observed)
    assert (status.version, status.at) == ("1.2.3", "2026-09-21T14:13:22Z")
    assert [(process.name, process.state, process.pid) for process in status.processes] == [
        ("worker-0", "ready", 10),
        ("worker-1", "draining", 11),
        ("recorder", "ready", 50),
        ("control", "ready", 51),
    ]
    worker, _, recorder, _ = status.processes
    assert worker.started_at == "2026-09-21T14:13:20Z"
    assert (recorder.restarts, recorder.last_exit, recorder.worker) == (2, -9, None)
    assert worker.worker is not None
    assert worker.worker.revision == REVISION
    assert (worker.worker.in_flight, worker.worker.loop_lag_ms, worker.worker.beat_age_ms) == (7, 1.5, 2000.0)
    assert worker.worker.spool_unsynced == 3
    assert status.breakers == (BreakerRow("worker-0", "llama", "llama-3.3", "open"),)
    assert (status.spool.segments, status.spool.lag_seconds, status.spool.damages) == (1, 2.0, (DAMAGE,))
    assert status.spool.unread_bytes == len(msgspec.json.encode(opened("c"))) + 17
    assert (status.config.revision, status.config.in_order) == (REVISION, True)


def test_a_refused_configuration_shows_what_is_wrong(gateway: Gateway) -> None:
    wrong = Diagnostic(Severity.ERROR, "unknown_name", "trigate.yaml", 7, 3, "models.a", "no such provider")
    gateway.reload = ReloadState(
        revision=REVISION, failure="refused", failures=1, failed_ns=gateway.clock.wall, diagnostics=(wrong,)
    )
    config = status_of(gateway.observed).config
    assert (config.in_order, config.revision, config.failed_at) == (False, REVISION, "2026-09-21T14:13:20Z")
    assert config.diagnostics == (wrong,)


def test_ready_is_who_has_a_ready_worker(gateway: Gateway) -> None:
    assert readiness_of(gateway.observed) == Readiness(False, "starting", 0, 0, ())
    gateway.start_workers(ChildState.DRAINING, ChildState.WAITING)
    assert readiness_of(gateway.observed) == Readiness(False, "no_worker_ready", 2, 0, ())
    gateway.start_workers(ChildState.STARTING, ChildState.READY)
    assert readiness_of(gateway.observed) == Readiness(True, "", 2, 1, (REVISION,))


def test_what_cannot_be_read_does_not_hide_the_rest(gateway: Gateway) -> None:
    gateway.start_workers(ChildState.READY)
    gateway.usage.close()
    for file in gateway.observed.spool.parent.glob("usage*"):
        file.write_bytes(b"rubbish " * 200)
    status = status_of(gateway.observed)
    assert "not a database" in status.spool.failure
    assert status.spool.segments == 1
    assert status.readiness.ready
