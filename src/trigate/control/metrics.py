"""`GET /metrics`: the totals of the usage table, the workers' gauges and the spool, as Prometheus reads them.

Nothing is counted here: a scrape reads what the recorder has summed up, so a restart of control loses no count. Token
and latency metrics take their names and buckets from OpenTelemetry's semantic conventions for generative AI. Counts
are by tenant, app, model, provider and operation; latencies by model, provider and operation. Above: `api`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from trigate.control.observed import Observed, Process, processes, spool_of
from trigate.control.reload import ReloadState
from trigate.core.processes import Gauge
from trigate.stores.usage_reader import LatencyBucket, SeriesTotal, Totals
from trigate.stores.usage_tally import BOUNDS, TOKEN_CLASSES, Measure

LABELS: Final = ("tenant", "app", "model", "provider", "operation")
LATENCIES: Final = {
    Measure.DURATION: ("gen_ai_server_request_duration_seconds", "Time from a request's head to its end."),
    Measure.FIRST_TOKEN: ("gen_ai_server_time_to_first_token_seconds", "Time to the first token."),
    Measure.PER_OUTPUT_TOKEN: ("gen_ai_server_time_per_output_token_seconds", "Time per token after the first."),
}
WORKER_GAUGES: Final = (
    (Gauge.CONNECTIONS, "connections", "Open client connections.", 1),
    (Gauge.IN_FLIGHT, "in_flight", "Exchanges under way.", 1),
    (Gauge.STREAMS, "streams", "Streamed replies under way.", 1),
    (Gauge.LAG_US, "loop_lag_seconds", "How late the event loop was at its last beat.", 1e-6),
    (Gauge.LAG_MAX_US, "loop_lag_max_seconds", "The latest that it was since the start.", 1e-6),
    (Gauge.RSS_BYTES, "resident_memory_bytes", "Resident memory.", 1),
    (Gauge.STARTED_NS, "start_time_seconds", "Start, in Unix time.", 1e-9),
    (Gauge.SPOOL_WRITTEN, "spool_written", "Sequence of the newest record.", 1),
    (Gauge.SPOOL_SYNCED, "spool_synced", "Sequence of the newest durable record.", 1),
    (Gauge.DRAINING, "draining", "1 while it takes no new connections.", 1),
)


class _Metrics(Collector):
    """One scrape."""

    def __init__(self, observed: Observed) -> None:
        self._observed = observed

    def collect(self) -> Iterator[Metric]:
        observed = self._observed
        state = observed.reload()
        yield _gauge("trigate_build_info", "The version that runs.", ("version",), [((observed.version,), 1)])
        try:
            totals, readable = observed.usage.totals(), 1
        except OSError:
            totals, readable = Totals(), 0
        yield _gauge("trigate_usage_table_readable", "0 while the totals cannot be read.", (), [((), readable)])
        if readable:
            yield from _exchanges(totals, state.currency)
            yield from _failures(totals)
            yield from _latencies(totals.latencies)
        yield from _spool(observed)
        found = processes(observed.table)
        yield from _processes(found)
        yield from _workers(found, observed.clock.monotonic_ns())
        yield from _config(state)


def render(observed: Observed, accept: str) -> tuple[bytes, str]:
    """The exposition in the format that the `Accept` header asks for, and its content type."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Metrics(observed))
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


def _exchanges(totals: Totals, currency: str) -> Iterator[Metric]:
    exchanges = [((*_labels(series), series.outcome), series.count) for series in totals.series]
    yield _counter("trigate_exchanges", "Exchanges by how they ended.", (*LABELS, "outcome"), exchanges)
    tokens: Counter[tuple[str, ...]] = Counter()
    costs: Counter[tuple[str, ...]] = Counter()
    for series in totals.series:
        costs[*_labels(series), currency] += series.cost
        for name, number in zip(TOKEN_CLASSES, series.tokens, strict=True):
            if number:
                tokens[*_labels(series), name] += number
    yield _counter(
        "gen_ai_client_token_usage", "Tokens, in disjoint classes.", (*LABELS, "gen_ai_token_type"), tokens.items()
    )
    yield _counter("trigate_cost_nanos", "Cost in 10^-9 of the currency.", (*LABELS, "currency"), costs.items())


def _failures(totals: Totals) -> Iterator[Metric]:
    attempts = [((each.provider, each.model, each.error_class), each.count) for each in totals.attempts]
    yield _counter(
        "trigate_attempts", "Attempts at targets by how they ended.", ("provider", "model", "class"), attempts
    )
    errors = [((each.surface, each.operation, each.code), each.count) for each in totals.errors]
    yield _counter("trigate_errors", "Exchanges that did not end well.", ("surface", "operation", "code"), errors)
    yield _counter("trigate_duplicate_records", "Ends of exchanges that had one.", (), [((), totals.duplicates)])
    yield _counter("trigate_unreadable_records", "Records of another version.", (), [((), totals.unknown)])


def _latencies(buckets: Iterable[LatencyBucket]) -> Iterator[Metric]:
    families = {
        measure: HistogramMetricFamily(name, text, labels=("model", "provider", "operation"))
        for measure, (name, text) in LATENCIES.items()
    }
    series: dict[tuple[Measure, str, str, str], list[LatencyBucket]] = {}
    for bucket in buckets:
        key = (Measure(bucket.measure), bucket.model, bucket.provider, bucket.operation)
        series.setdefault(key, []).append(bucket)
    for (measure, *labels), found in series.items():
        counts = {bucket.bucket: bucket.count for bucket in found}
        total, cumulative = 0, []
        for index, bound in enumerate((*map(str, BOUNDS[measure]), "+Inf")):
            total += counts.get(index, 0)
            cumulative.append((bound, float(total)))
        families[measure].add_metric(labels, cumulative, sum(bucket.sum_ns for bucket in found) / 1e9)
    yield from families.values()


def _spool(observed: Observed) -> Iterator[Metric]:
    try:
        spool = spool_of(observed)
    except OSError:
        return
    numbers = (
        ("segments", "Segments that are kept.", spool.segments),
        ("bytes", "Their size.", spool.bytes),
        ("unread_bytes", "What the recorder has not read yet.", spool.unread_bytes),
        ("lag_seconds", "The age of the oldest record that the recorder has not read yet.", spool.lag_ns / 1e9),
    )
    for name, text, value in numbers:
        yield _gauge(f"trigate_spool_{name}", text, (), [((), value)])


def _processes(found: tuple[Process, ...]) -> Iterator[Metric]:
    states = [((process.row.name, str(process.row.pid), process.row.state.value), 1) for process in found]
    yield _gauge("trigate_process_state", "1 for the state of each process.", ("process", "pid", "state"), states)
    restarts: dict[tuple[str, ...], int] = {}
    for process in found:  # while one is replaced, its post is filled twice
        key = (process.row.name,)
        restarts[key] = max(restarts.get(key, 0), process.row.restarts)
    yield _counter("trigate_process_restarts", "Unplanned restarts.", ("process",), restarts.items())


def _workers(found: tuple[Process, ...], now_ns: int) -> Iterator[Metric]:
    shown = [
        ((process.row.name, str(process.row.pid)), process.gauges) for process in found if process.gauges is not None
    ]
    labels = ("worker", "pid")
    for gauge, name, text, unit in WORKER_GAUGES:
        yield _gauge(f"trigate_worker_{name}", text, labels, [(key, gauges[gauge] * unit) for key, gauges in shown])
    begun = [(key, gauges[Gauge.EXCHANGES]) for key, gauges in shown]
    yield _counter("trigate_worker_exchanges", "Exchanges begun since the start.", labels, begun)
    ages = [(key, (now_ns - gauges[Gauge.BEAT_NS]) / 1e9) for key, gauges in shown]
    yield _gauge("trigate_worker_beat_age_seconds", "Time since the event loop's last beat.", labels, ages)
    revisions = [((*key, gauges.revision), 1) for key, gauges in shown]
    yield _gauge("trigate_worker_revision_info", "The configuration served.", (*labels, "revision"), revisions)


def _config(state: ReloadState) -> Iterator[Metric]:
    loads = [(("published",), state.loads), (("refused",), state.failures)]
    yield _counter("trigate_config_checks", "Checks of the configuration by outcome.", ("outcome",), loads)
    yield _gauge("trigate_config_in_order", "0 while the files hold an error.", (), [((), int(state.succeeded))])


def _labels(series: SeriesTotal) -> tuple[str, str, str, str, str]:
    return series.tenant, series.app, series.model, series.provider, series.operation


_Samples = Iterable[tuple[tuple[str, ...], float]]


def _counter(name: str, text: str, labels: tuple[str, ...], samples: _Samples) -> Metric:
    family = CounterMetricFamily(name, text, labels=labels)
    for values, number in samples:
        family.add_metric(values, number)
    return family


def _gauge(name: str, text: str, labels: tuple[str, ...], samples: _Samples) -> Metric:
    family = GaugeMetricFamily(name, text, labels=labels)
    for values, number in samples:
        family.add_metric(values, number)
    return family
