from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigate.config import units


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("500ms", 0.5),
        ("30s", 30),
        ("5m", 300),
        ("1h30m", 5400),
        ("750h", 2_700_000),
        ("7d", 604_800),
        (2, 2),
        ("1.5", 1.5),
    ],
)
def test_durations(written: object, seconds: float) -> None:
    assert units.read_duration(written) == seconds


@pytest.mark.parametrize("written", ["", "s", "5 m", "5x", "1h 30m", "-3s", -3, True, None, [], "5m!", float("inf")])
def test_what_is_no_duration(written: object) -> None:
    with pytest.raises(ValueError, match="must be a duration"):
        units.read_duration(written)


@given(st.integers(1, 10**12).map(lambda ms: ms / 1000))
def test_a_duration_reads_back_as_it_is_written(seconds: float) -> None:
    assert units.read_duration(units.write_duration(seconds)) == seconds


@pytest.mark.parametrize(
    ("written", "count"),
    [("1KiB", 1024), ("32 MiB", 1 << 25), ("1.5GiB", 3 << 29), ("10MB", 10_000_000), (7, 7), ("7", 7)],
)
def test_sizes(written: object, count: int) -> None:
    assert units.read_size(written) == count


@pytest.mark.parametrize("written", ["", "MiB", "32 megs", "0.5B", "-1", -1, True, 1.5, None])
def test_what_is_no_size(written: object) -> None:
    with pytest.raises(ValueError, match="must be a size"):
        units.read_size(written)


@given(st.integers(1, 1 << 50))
def test_a_size_reads_back_as_it_is_written(count: int) -> None:
    assert units.read_size(units.write_size(count)) == count


@pytest.mark.parametrize(
    ("written", "nanos", "currency"),
    [
        ("2.50 USD", 2_500_000_000, "USD"),
        ("2.50", 2_500_000_000, None),
        (2.5, 2_500_000_000, None),
        (3, 3_000_000_000, None),
        (7.5e-05, 75_000, None),
        ("0.000000001EUR", 1, "EUR"),
    ],
)
def test_money(written: object, nanos: int, currency: str | None) -> None:
    money = units.read_money(written)
    assert (money.nanos, money.currency) == (nanos, currency)


@pytest.mark.parametrize("written", ["", "cheap", "-1", "1 usd", "1 EURO", "0.0000000001", True, None, "1e", "NaN"])
def test_what_is_no_money(written: object) -> None:
    with pytest.raises(ValueError, match="must "):
        units.read_money(written)


@given(st.decimals(0, 10_000, places=9))
def test_money_loses_nothing(amount: Decimal) -> None:
    assert units.read_money(f"{amount:f}").nanos == int(amount.scaleb(9))


@pytest.mark.parametrize(
    ("written", "parts"),
    [("0.0.0.0:8443", ("0.0.0.0", 8443)), ("[::1]:0", ("::1", 0)), ("ai.acme.example:80", ("ai.acme.example", 80))],
)
def test_addresses(written: str, parts: tuple[str, int]) -> None:
    assert units.split_address(units.read_address(written)) == parts


@pytest.mark.parametrize("written", ["8443", ":8443", "::1:8443", "host:", "host:65536", "[host]:1", 8443, "a b:1"])
def test_what_is_no_address(written: object) -> None:
    with pytest.raises(ValueError, match="must be host:port"):
        units.read_address(written)


def test_networks() -> None:
    assert units.read_network("10.0.0.0/8") == "10.0.0.0/8"
    assert units.read_network("192.0.2.7") == "192.0.2.7/32"
    with pytest.raises(ValueError, match="without host bits"):
        units.read_network("10.0.0.1/8")


def test_times_are_utc_unless_they_say_otherwise() -> None:
    assert units.read_time("1970-01-02") == 86_400 * 10**9
    assert units.read_time("1970-01-01T01:00:00+01:00") == units.read_time("1970-01-01T00:00:00Z") == 0
    with pytest.raises(ValueError, match="must be a date"):
        units.read_time("next year")
