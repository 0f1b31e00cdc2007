"""What models cost: the data of the genai-prices package as `core.money.Price` integers. No network, no float.

A price that would be wrong in silence is no price: audio models whose audio rate is unknown, models that are priced by
the hour or page, and zeros are left to the operator. Three things the integers cannot say are settled so: a class
without a rate of its own costs what its plain kind costs (never nothing); where a vendor charges long prompts more,
`Quote.tiered` says so and the price is that of short ones; where it charges by the time of day, the dearest counts.
A bare Bedrock id is priced as its regional profile, a tenth above the global one, as AWS bills it.

Prices are in US dollars. The version of a price is the package's version, which pins its data, and, for a price with a
date, the day from which it holds.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final

import msgspec
from genai_prices import __version__ as DATA_VERSION
from genai_prices.data import providers as VENDORS
from genai_prices.data_snapshot import find_provider_by_id
from genai_prices.types import (
    ClauseAnd,
    ClauseEquals,
    ClauseOr,
    ConditionalPrice,
    MatchLogic,
    ModelInfo,
    ModelPrice,
    Provider,
    StartDateConstraint,
    TieredPrices,
)

from trigate.core.money import NANOS, Price

CURRENCY: Final = "USD"
DATA: Final = f"genai-prices/{DATA_VERSION}"

_AUDIO: Final = re.compile(r"audio|realtime|-live|tts|transcribe|whisper|speech")
_THOUSAND: Final = 1000


class Quote(msgspec.Struct, frozen=True):
    """What the catalogue says of one model. `price` is None where it does not know enough to charge by."""

    price: Price | None
    tiered: bool = False
    context_window: int | None = None


class Catalogue:
    """Prices on one day. `wall_ns` is that moment."""

    def __init__(self, wall_ns: int) -> None:
        self._day: Final = datetime.fromtimestamp(wall_ns // NANOS, UTC).date()

    def quote(self, kind: str, model: str, url: str = "") -> Quote | None:
        """The price of a vendor's model for a provider of that kind, or at that base URL; None if it is unknown."""
        vendor = find_vendor(kind, url)
        info = _find_model(vendor, model.lower()) if vendor else None
        return _quote(info, self._day) if info else None

    def known(self, kind: str, url: str = "") -> dict[str, Quote]:
        """Every model of the vendor by its exact names, for calls that name the account and the model."""
        vendor = find_vendor(kind, url)
        if vendor is None:
            return {}
        named = ((name, info) for info in vendor.models for name in _exact_names(info))
        return {name: _quote(_find_model(vendor, name.lower()) or info, self._day) for name, info in named}


def find_vendor(kind: str, url: str = "") -> Provider | None:
    """The vendor of a kind of provider; failing that, the one whose API the base URL belongs to."""
    by_name = find_provider_by_id(VENDORS, kind)
    if by_name is not None or not url:
        return by_name
    return next((vendor for vendor in VENDORS if re.match(vendor.api_pattern, url)), None)


@lru_cache(maxsize=4096)
def _cached_model(vendor_id: str, model: str) -> ModelInfo | None:
    vendor = next(each for each in VENDORS if each.id == vendor_id)
    return vendor.find_model(model, all_providers=VENDORS)


def _find_model(vendor: Provider, model: str) -> ModelInfo | None:
    return _cached_model(vendor.id, model)


def _exact_names(info: ModelInfo) -> set[str]:
    return {info.id, *_equals(info.match)}


def _equals(match: MatchLogic) -> Iterator[str]:
    if isinstance(match, ClauseEquals):
        yield match.equals
    elif isinstance(match, ClauseOr):
        for each in match.or_:
            yield from _equals(each)
    elif isinstance(match, ClauseAnd):
        return


def _quote(info: ModelInfo, day: date) -> Quote:
    rates, version = _rates(info, day)
    price = _price(info, rates, version)
    tiered = any(isinstance(rate, TieredPrices) for rate in vars(rates).values())
    return Quote(price, tiered and price is not None, info.context_window)


def _rates(info: ModelInfo, day: date) -> tuple[ModelPrice, str]:
    """The rates of a day and their version. Later entries win; those by the time of day give way to the dearest."""
    if isinstance(info.prices, ModelPrice):
        return info.prices, DATA
    for entry in reversed(info.prices):
        if entry.constraint is None:
            return entry.prices, DATA
        if isinstance(entry.constraint, StartDateConstraint) and entry.constraint.start_date <= day:
            return entry.prices, f"{DATA}@{entry.constraint.start_date}"
    return _dearest(info.prices), DATA


def _dearest(entries: Iterable[ConditionalPrice]) -> ModelPrice:
    return max((entry.prices for entry in entries), key=lambda rates: _rate(rates, "input") + _rate(rates, "output"))


def _price(info: ModelInfo, rates: ModelPrice, version: str) -> Price | None:
    charged = _rate(rates, "input"), _rate(rates, "output")
    deaf = not _rate(rates, "input_audio") and not _rate(rates, "output_audio")
    if not any(charged) or (deaf and _AUDIO.search(info.id.lower())):
        return None
    plain_input, plain_output = charged
    cache_write = _rate(rates, "cache_write") or _rate(rates, "cache_write_5m") or plain_input
    return Price(
        version=version,
        input=plain_input,
        cache_read=_rate(rates, "cache_read") or plain_input,
        cache_write=cache_write,
        cache_write_1h=_rate(rates, "cache_write_1h") or cache_write,
        audio_input=_rate(rates, "input_audio") or plain_input,
        output=plain_output,
        reasoning=_rate(rates, "output_reasoning") or plain_output,
        audio_output=_rate(rates, "output_audio") or plain_output,
        request=_nanos(vars(rates).get("requests_kcount")) // _THOUSAND,
    )


def _rate(rates: ModelPrice, name: str) -> int:
    """Nanos per 10^6 tokens of one class, 0 where it has no rate."""
    return _nanos(vars(rates).get(f"{name}_mtok"))


def _nanos(rate: object) -> int:
    base = rate.base if isinstance(rate, TieredPrices) else rate
    return int((base * NANOS).to_integral_value()) if isinstance(base, Decimal) else 0
