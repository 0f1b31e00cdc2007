"""The exchange: what each one has for itself, and what it derives."""

import pytest

from tests.support.plant import CHAT, STREAM, Bench, exchange
from trigate.core.facts import Estimate, Facts

BENCH = Bench()


def test_no_exchange_shares_a_list_with_another() -> None:
    one, other = exchange(BENCH), exchange(BENCH)
    one.lost.append("seed")
    assert (other.lost, other.attempts, other.decisions) == ([], [], [])


@pytest.mark.parametrize(
    ("body", "operation", "streamed"),
    [(CHAT, "chat", False), (STREAM, "chat", True), (STREAM, "count_tokens", False)],
)
def test_only_a_chat_is_streamed(body: object, operation: str, streamed: bool) -> None:
    assert exchange(BENCH, body, operation=operation).streamed is streamed


def test_the_upstream_is_told_the_callers_trace_and_our_span() -> None:
    assert exchange(BENCH).traceparent == "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_the_estimate_is_that_of_the_facts() -> None:
    asked = exchange(BENCH)
    assert asked.input_estimate == 0
    asked.facts = Facts(1, 0.5, "r", "p", (), Estimate(17, 0))
    assert asked.input_estimate == 17


def test_it_begins_as_failed_and_unsettled() -> None:
    asked = exchange(BENCH)
    assert (asked.outcome, asked.begun, asked.settled, asked.status) == ("failed", False, False, 0)
    assert asked.headers is asked.request.headers
