"""`GET /status` and `GET /readyz`: the gateway at a glance, as plain data that is sent as JSON.

Times are RFC 3339 in UTC, durations seconds or milliseconds as the name says. Above: `api`. Below: `observed`.
"""

from datetime import UTC, datetime

import msgspec

from trigate.config.diagnostics import Diagnostic
from trigate.control.observed import Observed, Process, processes, spool_of
from trigate.control.reload import ReloadState
from trigate.core.evidence import Damage
from trigate.core.processes import BreakerRow, ChildKind, ChildState, Gauge
from trigate.stores.shared_table import WorkerGauges
from trigate.stores.usage_reader import Totals

MILLION = 1_000_000
DAMAGES = 20


class WorkerStatus(msgspec.Struct, frozen=True):
    """The live numbers of one worker. `beat_age_ms` is how long ago its event loop last showed a sign of life."""

    revision: str
    principals_revision: str
    connections: int
    in_flight: int
    streams: int
    exchanges: int
    loop_lag_ms: float
    loop_lag_max_ms: float
    beat_age_ms: float
    rss_bytes: int
    spool_unsynced: int
    draining: bool


class ProcessStatus(msgspec.Struct, frozen=True, omit_defaults=True):
    """One child of the supervisor. `last_exit` is an exit status, negative for a signal."""

    name: str
    kind: ChildKind
    state: ChildState
    pid: int
    started_at: str | None
    restarts: int
    last_exit: int | None = None
    worker: WorkerStatus | None = None


class SpoolStatus(msgspec.Struct, frozen=True):
    """The spool and the recorder's progress. `failure` says why a part of it is not known."""

    segments: int = 0
    bytes: int = 0
    unread_bytes: int = 0
    lag_seconds: float = 0.0
    unsettled: int = 0
    duplicate_records: int = 0
    unreadable_records: int = 0
    damages: tuple[Damage, ...] = ()
    failure: str = ""


class ConfigStatus(msgspec.Struct, frozen=True):
    """The last check of the configuration. `diagnostics` are its own; with a failure the revision before stays."""

    revision: str
    in_order: bool
    loaded_at: str | None
    failed_at: str | None
    failure: str
    restart_needed_for: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]


class Readiness(msgspec.Struct, frozen=True):
    """`reason` is empty when ready, else a stable code: `starting`, `no_worker_ready`."""

    ready: bool
    reason: str
    workers: int
    workers_ready: int
    revisions: tuple[str, ...]


class Status(msgspec.Struct, frozen=True):
    """All of it."""

    version: str
    at: str
    readiness: Readiness
    processes: tuple[ProcessStatus, ...]
    breakers: tuple[BreakerRow, ...]
    spool: SpoolStatus
    config: ConfigStatus


def status_of(observed: Observed) -> Status:
    """What is known now."""
    found = processes(observed.table)
    now_ns = observed.clock.monotonic_ns()
    return Status(
        observed.version,
        _moment(observed.clock.wall_ns()) or "",
        _readiness(found),
        tuple(_process(process, now_ns) for process in found),
        observed.breakers(),
        _spool(observed),
        _config(observed.reload()),
    )


def readiness_of(observed: Observed) -> Readiness:
    """Whether calls can be served. Ready means: a worker takes new connections."""
    return _readiness(processes(observed.table))


def _readiness(found: tuple[Process, ...]) -> Readiness:
    workers = [process for process in found if process.row.kind is ChildKind.WORKER]
    ready = [worker for worker in workers if worker.row.state is ChildState.READY and worker.gauges is not None]
    revisions = sorted({worker.gauges.revision for worker in ready if worker.gauges is not None})
    reason = "" if ready else "no_worker_ready" if workers else "starting"
    return Readiness(bool(ready), reason, len(workers), len(ready), tuple(revisions))


def _process(process: Process, now_ns: int) -> ProcessStatus:
    row, gauges = process.row, process.gauges
    return ProcessStatus(
        row.name,
        row.kind,
        row.state,
        row.pid,
        _moment(row.started_ns),
        row.restarts,
        row.last_exit,
        _worker(gauges, now_ns) if gauges is not None else None,
    )


def _worker(gauges: WorkerGauges, now_ns: int) -> WorkerStatus:
    return WorkerStatus(
        gauges.revision,
        hexadecimal(gauges[Gauge.PRINCIPALS_REVISION]),
        gauges[Gauge.CONNECTIONS],
        gauges[Gauge.IN_FLIGHT],
        gauges[Gauge.STREAMS],
        gauges[Gauge.EXCHANGES],
        gauges[Gauge.LAG_US] / 1000,
        gauges[Gauge.LAG_MAX_US] / 1000,
        (now_ns - gauges[Gauge.BEAT_NS]) / MILLION,
        gauges[Gauge.RSS_BYTES],
        gauges[Gauge.SPOOL_WRITTEN] - gauges[Gauge.SPOOL_SYNCED],
        bool(gauges[Gauge.DRAINING]),
    )


def hexadecimal(word: int) -> str:
    """A revision out of its gauge: 16 hex digits; empty for none."""
    return f"{word & 0xFFFF_FFFF_FFFF_FFFF:016x}" if word else ""


def _spool(observed: Observed) -> SpoolStatus:
    failure, totals = "", Totals()
    damages: tuple[Damage, ...] = ()
    try:
        totals, damages = observed.usage.totals(), tuple(observed.usage.damages(DAMAGES))
    except OSError as error:
        failure = str(error)
    try:
        spool = spool_of(observed)
    except OSError as error:
        return SpoolStatus(failure=f"the spool {observed.spool} cannot be read: {error}")
    return SpoolStatus(
        spool.segments,
        spool.bytes,
        spool.unread_bytes,
        spool.lag_ns / 1e9,
        totals.unsettled,
        totals.duplicates,
        totals.unknown,
        damages,
        failure,
    )


def _config(state: ReloadState) -> ConfigStatus:
    return ConfigStatus(
        state.revision,
        state.succeeded,
        _moment(state.loaded_ns),
        _moment(state.failed_ns),
        state.failure,
        state.restart,
        state.diagnostics,
    )


def _moment(wall_ns: int) -> str | None:
    if not wall_ns:
        return None
    return datetime.fromtimestamp(wall_ns // 10**9, UTC).isoformat().replace("+00:00", "Z")
