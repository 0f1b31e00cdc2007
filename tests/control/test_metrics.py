"""The exposition, read back by Prometheus' own parser."""

from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from tests.control.gateway import REVISION, Gateway
from tests.evidence.records import SECOND, opened
from trigate.control.metrics import render
from trigate.core.processes import ChildState

Labels = frozenset[tuple[str, str]]


def scrape(gateway: Gateway) -> dict[str, dict[Labels, float]]:
    """Every sample by name and labels; a sample that stands there twice fails."""
    body, content_type = render(gateway.observed, "text/plain")
    assert content_type.startswith("text/plain")
    found: dict[str, dict[Labels, float]] = {}
    for family in read_text(body.decode()):
        for sample in family.samples:
            values = found.setdefault(sample.name, {})
            assert frozenset(sample.labels.items()) not in values
            values[frozenset(sample.labels.items())] = sample.value
    return found


def labels(text: str) -> Labels:
    """`a=b,c=d` as labels."""
    return frozenset((name, value) for name, _, value in (part.partition("=") for part in text.split(",")))


WHERE = "tenant=acme,app=support,model=support-chat,provider=openai-main,operation=chat"
PLACE = "model=support-chat,provider=openai-main,operation=chat"


def test_exchanges_tokens_money_and_latency(gateway: Gateway) -> None:
    gateway.record("a", "b")
    found = scrape(gateway)
    assert found["trigate_exchanges_total"] == {labels(f"{WHERE},outcome=ok"): 2}
    assert found["gen_ai_client_token_usage_total"] == {
        labels(f"{WHERE},gen_ai_token_type=input"): 200,
        labels(f"{WHERE},gen_ai_token_type=cache_read"): 40,
        labels(f"{WHERE},gen_ai_token_type=output"): 100,
    }
    assert found["trigate_cost_nanos_total"] == {labels(f"{WHERE},currency=EUR"): 2000}
    duration = found["gen_ai_server_request_duration_seconds_bucket"]
    assert duration[labels(f"{PLACE},le=1.28")] == 0
    assert duration[labels(f"{PLACE},le=2.56")] == duration[labels(f"{PLACE},le=+Inf")] == 2
    assert found["gen_ai_server_request_duration_seconds_sum"] == {labels(PLACE): 4.0}
    assert found["gen_ai_server_time_to_first_token_seconds_count"] == {labels(PLACE): 2}
    assert found["gen_ai_server_time_per_output_token_seconds_sum"] == {labels(PLACE): 0.04}
    assert found["trigate_attempts_total"] == {labels("provider=openai-main,model=gpt-4.1,class=ok"): 2}


def test_workers_processes_and_the_spool(gateway: Gateway) -> None:
    gateway.start_workers(ChildState.READY, ChildState.DRAINING)
    gateway.spool.append(opened("c"))
    gateway.clock.wall += 2 * SECOND
    found = scrape(gateway)
    assert found["trigate_worker_in_flight"][labels("worker=worker-1,pid=11")] == 7
    assert found["trigate_worker_loop_lag_seconds"][labels("worker=worker-0,pid=10")] == 0.0015
    assert found["trigate_worker_beat_age_seconds"][labels("worker=worker-0,pid=10")] == 2
    assert labels(f"worker=worker-0,pid=10,revision={REVISION}") in found["trigate_worker_revision_info"]
    assert labels("process=worker-1,pid=11,state=draining") in found["trigate_process_state"]
    assert found["trigate_process_restarts_total"][labels("process=recorder")] == 2
    assert found["trigate_spool_lag_seconds"] == {frozenset(): 2}
    assert found["trigate_spool_segments"] == {frozenset(): 1}
    assert found["trigate_config_in_order"] == {frozenset(): 1}
    assert found["trigate_build_info"] == {labels("version=1.2.3"): 1}


def test_openmetrics_is_given_to_who_asks_for_it(gateway: Gateway) -> None:
    gateway.record("a")
    gateway.start_workers(ChildState.READY)
    body, content_type = render(gateway.observed, "application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    families = read_openmetrics(body.decode())  # type: ignore[no-untyped-call]
    assert {family.name for family in families} >= {"trigate_exchanges", "trigate_spool_bytes"}


def test_a_table_that_cannot_be_read_is_no_table_of_zeros(gateway: Gateway) -> None:
    gateway.record("a")
    assert scrape(gateway)["trigate_usage_table_readable"] == {frozenset(): 1}
    gateway.usage.close()
    for file in gateway.observed.spool.parent.glob("usage*"):
        file.write_bytes(b"rubbish " * 200)
    found = scrape(gateway)
    assert found["trigate_usage_table_readable"] == {frozenset(): 0}
    assert "trigate_exchanges_total" not in found
    assert "trigate_spool_bytes" in found
