"""An exchange, as its caller sees it."""

import json

import msgspec

from tests.evidence.records import settled
from trigate.core.facts import Facts
from trigate.surfaces.exchanges import write


def test_the_caller_sees_what_it_used_and_paid() -> None:
    shown = json.loads(write(settled("req_1", cost=1_500_000), "EUR"))
    assert shown == {
        "id": "req_1",
        "outcome": "ok",
        "status": 200,
        "model": "support-chat",
        "target": {"provider": "openai-main", "model": "gpt-4.1", "region": "eu-1"},
        "served_model": "gpt-4.1-2025-04-14",
        "usage": {"input": 100, "cache_read": 20, "output": 50},
        "cost": "0.0015",
        "currency": "EUR",
        "price_version": "2026-11",
        "duration_ms": 2000.0,
        "first_token_ms": 250.0,
        "attempts": 1,
        "stop": None,
        "code": None,
        "lost": [],
        "run": None,
        "trace": None,
    }


def test_a_refused_one_cost_nothing() -> None:
    shown = json.loads(write(settled("req_1", ended="refused"), "USD"))
    assert (shown["cost"], shown["code"], shown["attempts"], shown["duration_ms"]) == ("0", "model_denied", 0, None)


def test_facts_and_the_caller_stay_with_us() -> None:
    record = msgspec.structs.replace(settled("req_1"), facts=Facts(1, 0.125, "r", "p"))
    assert b"0.125" not in write(record, "USD") and b"support-1" not in write(record, "USD")
