import socket
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from genai_prices.data import providers
from genai_prices.types import StartDateConstraint, TieredPrices

from trigate.catalog.prices import DATA, Catalogue, Quote, find_vendor


def on(day: str) -> Catalogue:
    return Catalogue(int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * 10**9)


TODAY = on("2026-11-20")


def quote(kind: str, model: str, url: str = "") -> Quote:
    found = TODAY.quote(kind, model, url)
    assert found is not None
    return found


def test_classes_without_a_rate_cost_what_their_kind_costs() -> None:
    price = quote("openai", "gpt-4.1").price
    assert price is not None
    assert (price.version, price.input, price.cache_read, price.output) == (DATA, 2 * 10**9, 5 * 10**8, 8 * 10**9)
    assert (price.cache_write, price.cache_write_1h, price.audio_input) == (price.input,) * 3
    assert (price.reasoning, price.audio_output, price.request) == (price.output, price.output, 0)


def test_anthropic_charges_for_writing_to_its_cache() -> None:
    price = quote("anthropic", "claude-opus-4-5-20251101").price
    assert price is not None
    assert (price.input, price.cache_read, price.output) == (5 * 10**9, 5 * 10**8, 25 * 10**9)
    assert (price.cache_write, price.cache_write_1h) == (6_250_000_000, 10 * 10**9)


def test_a_price_is_never_zero_by_mistake() -> None:
    assert quote("openai", "gpt-4o-audio-preview").price is None
    assert quote("openai", "whisper-1").price is None
    realtime = quote("openai", "gpt-realtime").price
    assert realtime is not None and realtime.audio_input == 32 * 10**9 and realtime.audio_output == 64 * 10**9


def test_long_prompts_are_said_to_cost_more() -> None:
    assert quote("anthropic", "claude-sonnet-4-5").tiered
    assert not quote("anthropic", "claude-opus-4-5").tiered


def test_the_dearest_hour_of_the_day_counts() -> None:
    price = quote("deepseek", "deepseek-chat").price
    vendor = next(each for each in providers if each.id == "deepseek")
    (info,) = [each for each in vendor.models if each.id == "deepseek-chat"]
    assert isinstance(info.prices, list) and price is not None
    rates = [entry.prices.input_mtok for entry in info.prices]
    assert (
        price.input
        == max(rate.base if isinstance(rate, TieredPrices) else rate or Decimal(0) for rate in rates) * 10**9
    )


def test_a_price_with_a_date_begins_on_it() -> None:
    dated = [
        (vendor.id, info.id, entry.constraint.start_date)
        for vendor in providers
        for info in vendor.models
        if isinstance(info.prices, list)
        for entry in info.prices[1:]
        if isinstance(entry.constraint, StartDateConstraint)
    ]
    kind, model, day = dated[0]
    before = Catalogue((int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) - 1) * 10**9)
    after = on(str(day)).quote(kind, model)
    earlier = before.quote(kind, model)
    assert after is not None and after.price is not None and after.price.version == f"{DATA}@{day}"
    assert earlier is None or earlier.price is None or earlier.price.version != after.price.version


def test_a_vendor_is_known_by_kind_or_by_its_url() -> None:
    assert TODAY.quote("openai", "made-up-model") is None
    assert TODAY.quote("openai_compatible", "gpt-4.1", "http://127.0.0.1:8000/v1") is None
    groq = find_vendor("openai_compatible", "https://api.groq.com/openai/v1")
    assert groq is not None and groq.id == "groq"
    assert TODAY.known("openai_compatible", "http://127.0.0.1:8000/v1") == {}


def test_what_is_known_says_the_same_as_a_quote() -> None:
    known = TODAY.known("anthropic")
    assert known["claude-opus-4-5"] == TODAY.quote("anthropic", "claude-opus-4-5")
    names = list(known)
    first_pattern = next(place for place, name in enumerate(names) if "*" in name)
    assert all("*" in name for name in names[first_pattern:])


def test_no_network_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    assert TODAY.known("openai") and TODAY.quote("openai", "gpt-4o")
