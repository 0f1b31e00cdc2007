"""The counters of a worker, over a handful of exchanges."""

from tests.support.plant import STREAM, Bench
from tests.support.vendors import OPENAI_STREAM, streams
from trigate.pipeline.plant import Gauges


def test_gauges_begin_at_nothing() -> None:
    assert Gauges() == Gauges(0, 0, 0, 0, 0)


def test_what_is_over_is_not_under_way() -> None:
    bench = Bench({"o1": streams(OPENAI_STREAM)})
    bench.ask(body=STREAM)
    bench.ask(body={"model": "gone"})
    bench.ask(key="unknown")
    assert bench.gauges == Gauges(in_flight=0, streams=0, exchanges=3, unauthenticated=1, evidence_failures=0)
