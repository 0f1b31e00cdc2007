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
from genai_prices.types import (
    ClauseContains,
    ClauseEndsWith,
    ClauseEquals,
    ClauseOr,
    ClauseStartsWith,
    MatchLogic,
    ModelInfo,
    ModelPrice,
    Provider,
    TieredPrices,
    TimeOfDateConstraint,
)

from trigate.core.money import NANOS, Price

CURRENCY: Final = "USD"
DATA: Final = f"genai-prices/{DATA_VERSION}"

_VENDOR_OF: Final = {
    "azure_openai": "azure",
    "moonshot": "moonshotai",
    "xai": "x-ai",
    "zhipu": "zhipuai",
}
"""Kinds of providers that the data knows by another name."""

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
        """Every model of the vendor by name, for calls that name the account and the model.

        Exact names first; after them patterns with `*`, of which the first that matches holds.
        """
        vendor = find_vendor(kind, url)
        if vendor is None:
            return {}
        exact = {name: info for info in vendor.models for name in (info.id, *_names(info.match)) if "*" not in name}
        patterns = {name: info for info in vendor.models for name in _names(info.match) if "*" in name}
        found = {name: _find_model(vendor, name.lower()) or info for name, info in exact.items()} | patterns
        return {name: _quote(info, self._day) for name, info in found.items()}


def find_vendor(kind: str, url: str = "") -> Provider | None:
    """The vendor that the kind is named after; failing that, the one whose API the base URL belongs to.

    The data's own looser matching of names is left alone: it takes any `openai_compatible` server for OpenAI.
    """
    known_as = _VENDOR_OF.get(kind, kind)
    named = next((vendor for vendor in VENDORS if vendor.id == known_as), None)
    if named is not None or not url:
        return named
    return next((vendor for vendor in VENDORS if re.match(vendor.api_pattern, url)), None)


@lru_cache(maxsize=4096)
def _cached_model(vendor_id: str, model: str) -> ModelInfo | None:
    vendor = next(each for each in VENDORS if each.id == vendor_id)
    return vendor.find_model(model, all_providers=VENDORS)


def _find_model(vendor: Provider, model: str) -> ModelInfo | None:
    return _cached_model(vendor.id, model)


def _names(match: MatchLogic) -> Iterator[str]:
    """What the data matches, as names and patterns; regular expressions and conjunctions are left to `quote`."""
    if isinstance(match, ClauseEquals):
        yield match.equals
    elif isinstance(match, ClauseStartsWith):
        yield f"{match.starts_with}*"
    elif isinstance(match, ClauseContains):
        yield f"*{match.contains}*"
    elif isinstance(match, ClauseEndsWith):
        yield f"*{match.ends_with}"
    elif isinstance(match, ClauseOr):
        for each in match.or_:
            yield from _names(each)


def _quote(info: ModelInfo, day: date) -> Quote:
    rates, version = _rates(info, day)
    price = _price(info, rates, version)
    tiered = any(isinstance(rate, TieredPrices) for rate in vars(rates).values())
    return Quote(price, tiered and price is not None, info.context_window)


def _rates(info: ModelInfo, day: date) -> tuple[ModelPrice, str]:
    """The rates of a day and their version: of the entries, the last that holds, or the dearest by the time of day."""
    if isinstance(info.prices, ModelPrice):
        return info.prices, DATA
    hourly: list[ModelPrice] = []
    for entry in reversed(info.prices):
        if isinstance(entry.constraint, TimeOfDateConstraint):
            hourly.append(entry.prices)
        elif entry.constraint is None:
            return _dearest([*hourly, entry.prices]), DATA
        elif entry.constraint.start_date <= day:
            return _dearest([*hourly, entry.prices]), f"{DATA}@{entry.constraint.start_date}"
    return _dearest(hourly or [entry.prices for entry in info.prices]), DATA


def _dearest(rates: Iterable[ModelPrice]) -> ModelPrice:
    return max(rates, key=lambda each: _rate(each, "input") + _rate(each, "output"))


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
