"""Circuit breakers, without a clock."""

import pytest

from trigate.core.errors import ErrorClass
from trigate.upstream.breaker import KEPT, UNHEALTHY, Breaker, Breakers

SECOND = 1_000_000_000
DOWN = ErrorClass.UNAVAILABLE


def tripped() -> Breaker:
    """One that opened at 0."""
    breaker = Breaker()
    for _ in range(5):
        breaker.started()
        breaker.failed(DOWN, 0)
    return breaker


def test_it_opens_at_the_fifth_failure_in_a_row() -> None:
    breaker = Breaker()
    for number in range(1, 6):
        breaker.started()
        breaker.failed(DOWN, number)
        assert breaker.is_open(number) is (number == 5)
    assert breaker.state(5) == "open"


def test_a_success_in_between_begins_the_count_anew() -> None:
    breaker = Breaker()
    for _ in range(3):
        for _ in range(4):
            breaker.started()
            breaker.failed(DOWN, 0)
        breaker.started()
        breaker.succeeded(1)
    assert not breaker.is_open(0)


@pytest.mark.parametrize("error_class", sorted(set(ErrorClass) - UNHEALTHY))
def test_failures_that_say_nothing_about_the_target_do_not_count(error_class: ErrorClass) -> None:
    breaker = Breaker()
    for _ in range(10):
        breaker.started()
        breaker.failed(error_class, 0)
    assert (breaker.state(0), breaker.in_flight) == ("closed", 0)


def test_after_ten_seconds_one_call_probes() -> None:
    breaker = tripped()
    assert breaker.is_open(10 * SECOND - 1)
    assert (breaker.is_open(10 * SECOND), breaker.state(10 * SECOND)) == (False, "half_open")
    breaker.started()
    assert breaker.is_open(10 * SECOND)


def test_a_probe_that_succeeds_closes_it() -> None:
    breaker = tripped()
    breaker.started()
    breaker.succeeded(SECOND)
    assert (breaker.state(11 * SECOND), breaker.is_open(11 * SECOND)) == ("closed", False)


def test_a_probe_that_fails_opens_it_anew() -> None:
    breaker = tripped()
    breaker.started()
    breaker.failed(DOWN, 12 * SECOND)
    assert breaker.is_open(21 * SECOND)
    assert not breaker.is_open(22 * SECOND)


@pytest.mark.parametrize("end", ["abandoned", "hung_up"])
def test_a_probe_that_tells_nothing_leaves_the_place_to_the_next(end: str) -> None:
    breaker = tripped()
    breaker.started()
    if end == "abandoned":
        breaker.abandoned()
    else:
        breaker.failed(ErrorClass.CANCELLED, 12 * SECOND)
    assert not breaker.is_open(12 * SECOND)
    assert breaker.in_flight == 0


def test_latency_is_a_moving_average() -> None:
    breaker = Breaker()
    for latency in (800, 1600):
        breaker.started()
        breaker.succeeded(latency)
    assert breaker.latency_ns == 900


def test_each_target_has_its_own() -> None:
    breakers = Breakers()
    for _ in range(5):
        breakers.of("a", "m").started()
        breakers.of("a", "m").failed(DOWN, 0)
    assert breakers.not_closed(0) == [("a", "m", "open")]
    assert not breakers.of("a", "n").is_open(0)
    assert not breakers.of("b", "m").is_open(0)


def test_looking_at_a_target_leaves_nothing_behind() -> None:
    breakers = Breakers()
    assert not breakers.seen("a", "m").is_open(0)
    assert len(breakers) == 0
    assert breakers.seen("a", "m") is not breakers.of("a", "m") is breakers.seen("a", "m")


def test_of_very_many_only_those_in_use_or_in_trouble_are_kept() -> None:
    breakers = Breakers()
    breakers.of("a", "busy").started()
    breakers.of("a", "ill").started()
    breakers.of("a", "ill").failed(DOWN, 0)
    for number in range(KEPT):
        breakers.of("a", f"m{number}")
    assert len(breakers) < KEPT
    assert (breakers.seen("a", "busy").in_flight, breakers.seen("a", "ill").failures) == (1, 1)
