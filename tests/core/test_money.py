"""Money is integers: each line is rounded once, the lines sum to the charge, a reservation is never too small."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigate.core.money import FREE, Charge, ChargeLine, Price, charge, format_nanos, line_amount, worst_case
from trigate.core.usage import Usage

CLASSES = [field for field in Usage.__struct_fields__ if field != "source"]
COUNTS = st.integers(0, 10**7)
PRICES = st.builds(
    Price, version=st.just("v"), request=st.integers(0, 10**9), **dict.fromkeys(CLASSES, st.integers(0, 10**11))
)
# Where each line is rounded up, and by the most.
SMALL_PRICES = st.builds(Price, version=st.just("v"), **dict.fromkeys(CLASSES, st.sampled_from([0, 499_999, 500_000])))
USAGES = st.builds(Usage, **dict.fromkeys(CLASSES, COUNTS))
SMALL_USAGES = st.builds(Usage, **dict.fromkeys(CLASSES, st.integers(0, 3)))


@given(PRICES, USAGES)
def test_the_lines_sum_to_the_charge_and_each_is_rounded_once(price: Price, usage: Usage) -> None:
    billed = charge(price, usage)
    assert billed.version == "v"
    assert billed.total == sum(line.amount for line in billed.lines)
    millionths = sum(getattr(usage, name) * getattr(price, name) for name in CLASSES) + price.request * 10**6
    assert abs(billed.total * 10**6 - millionths) <= len(billed.lines) * 10**6 // 2


@given(PRICES, USAGES)
def test_every_class_that_was_used_has_one_line(price: Price, usage: Usage) -> None:
    lines = {line.item: line for line in charge(price, usage).lines}
    assert set(lines) - {"request"} == {name for name in CLASSES if getattr(usage, name)}
    assert ("request" in lines) == bool(price.request)
    for name in set(lines) - {"request"}:
        assert (lines[name].quantity, lines[name].unit_price) == (getattr(usage, name), getattr(price, name))


@given(COUNTS, st.integers(0, 10**11))
def test_half_a_nano_is_rounded_up(quantity: int, unit_price: int) -> None:
    exact = Decimal(quantity * unit_price) / 10**6
    assert line_amount(quantity, unit_price) == int(exact.to_integral_value(ROUND_HALF_UP))


def test_a_known_charge() -> None:
    price = Price("v", input=2_000_000_000, cache_read=500_000_000, output=8_000_000_000, request=7)
    assert charge(price, Usage(input=100, cache_read=3, output=10)) == Charge(
        281_507,
        "v",
        (
            ChargeLine("input", 100, 2_000_000_000, 200_000),
            ChargeLine("cache_read", 3, 500_000_000, 1_500),
            ChargeLine("output", 10, 8_000_000_000, 80_000),
            ChargeLine("request", 1, 7, 7),
        ),
    )


def test_a_target_without_a_price_is_free() -> None:
    assert charge(None, Usage(input=5)) == FREE
    assert worst_case(None, 10**9, 10**9) == 0


@given(st.tuples(PRICES, USAGES) | st.tuples(SMALL_PRICES, SMALL_USAGES))
def test_a_reservation_is_an_upper_bound(priced: tuple[Price, Usage]) -> None:
    price, usage = priced
    reserved = worst_case(price, usage.total_input, usage.total_output)
    assert charge(price, usage).total <= reserved


def test_what_costs_nothing_reserves_nothing() -> None:
    assert worst_case(Price("v"), 10**9, 10**9) == 0
    assert worst_case(Price("v", input=1), 0, 0) == 0
    assert worst_case(Price("v", request=5), 0, 0) == 5


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "0"),
        (1, "0.000000001"),
        (125_000, "0.000125"),
        (1_000_000_000, "1"),
        (-1_500_000_000, "-1.5"),
        (-1, "-0.000000001"),
    ],
)
def test_amounts_for_people(amount: int, text: str) -> None:
    assert format_nanos(amount) == text


@given(st.integers(-(10**18), 10**18))
def test_nothing_is_lost_in_writing(amount: int) -> None:
    assert Decimal(format_nanos(amount)) * 10**9 == amount
