"""Reply headers."""

import pytest

from tests.support.plant import Bench, exchange
from trigate.core.errors import Category, Fault
from trigate.core.money import Charge
from trigate.core.record import TargetRef
from trigate.pipeline.exchange import Exchange
from trigate.pipeline.heads import error_head, stream_head, whole_head

BENCH = Bench()


def answered() -> Exchange:
    return exchange(
        BENCH,
        target=TargetRef("o1", "gpt-4.1"),
        lost=["seed", "logit_bias"],
        charge=Charge(1_500_000, "v"),
        arrived_ns=0,
        sent_ns=2_000_000,
        first_byte_ns=502_000_000,
    )


def test_a_whole_reply_says_where_it_went_and_what_it_cost() -> None:
    assert dict(whole_head(answered(), 600_000_000)) == {
        b"content-type": b"application/json",
        b"x-request-id": b"req_1",
        b"request-id": b"req_1",
        b"x-trigate-model": b"chat",
        b"x-trigate-target": b"o1/gpt-4.1",
        b"x-trigate-lost": b"seed, logit_bias",
        b"server-timing": b"gateway;dur=2.00, upstream;dur=500.00",
        b"x-trigate-cost": b"0.0015",
    }


def test_a_stream_is_neither_buffered_nor_cached_and_has_no_cost_yet() -> None:
    head = dict(stream_head(answered(), 600_000_000))
    assert head[b"content-type"] == b"text/event-stream; charset=utf-8"
    assert (head[b"cache-control"], head[b"x-accel-buffering"]) == (b"no-cache", b"no")
    assert b"x-trigate-cost" not in head


def test_what_is_not_known_is_left_out() -> None:
    head = dict(whole_head(exchange(BENCH, model_asked=None, arrived_ns=0), 1_000_000))
    assert not {b"x-trigate-model", b"x-trigate-target", b"x-trigate-lost"} & head.keys()
    assert head[b"server-timing"] == b"gateway;dur=1.00, upstream;dur=0.00"


@pytest.mark.parametrize(("wish", "header"), [(None, None), (0, b"1"), (1, b"1"), (1000, b"1"), (1001, b"2")])
def test_an_error_says_when_to_come_back(wish: int | None, header: bytes | None) -> None:
    head = dict(error_head("req_1", Fault("x", Category.OVERLOADED, 503, "m", None, wish)))
    assert head.get(b"retry-after") == header
    assert head[b"x-request-id"] == head[b"request-id"] == b"req_1"
