"""Money as integers. One unit is a nano (10^-9) of the ledger's currency; prices are nanos per 10^6 tokens.

Each charge line is rounded once, half up, so that the sum of the lines is the charge and nothing is lost between them.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from trigate.core.usage import Usage

NANOS: Final = 1_000_000_000
PER_TOKENS: Final = 1_000_000
_TOKEN_LINES: Final = 8


class Price(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one model costs at one provider: nanos per 10^6 tokens of each usage class, and nanos per request.

    `version` names the catalogue or override that the price came from; it is kept with every charge.
    """

    version: str
    input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cache_write_1h: int = 0
    audio_input: int = 0
    output: int = 0
    reasoning: int = 0
    audio_output: int = 0
    request: int = 0


class ChargeLine(msgspec.Struct, frozen=True):
    """`quantity` units of `item` at `unit_price`, rounded to `amount` nanos."""

    item: str
    quantity: int
    unit_price: int
    amount: int


class Charge(msgspec.Struct, frozen=True):
    """The cost of one call: its lines, their sum in nanos, and the version of the price used."""

    total: int
    version: str
    lines: tuple[ChargeLine, ...] = ()


FREE: Final = Charge(0, "none")


def line_amount(quantity: int, unit_price: int) -> int:
    """Nanos for `quantity` tokens at `unit_price` per 10^6, rounded half up."""
    return (quantity * unit_price + PER_TOKENS // 2) // PER_TOKENS


def charge(price: Price | None, usage: Usage) -> Charge:
    """What `usage` costs at `price`; free when the target has no price."""
    if price is None:
        return FREE
    lines = tuple(_lines(price, usage))
    return Charge(sum(line.amount for line in lines), price.version, lines)


def _lines(price: Price, usage: Usage) -> Iterator[ChargeLine]:
    quantities = (
        ("input", usage.input, price.input),
        ("cache_read", usage.cache_read, price.cache_read),
        ("cache_write", usage.cache_write, price.cache_write),
        ("cache_write_1h", usage.cache_write_1h, price.cache_write_1h),
        ("audio_input", usage.audio_input, price.audio_input),
        ("output", usage.output, price.output),
        ("reasoning", usage.reasoning, price.reasoning),
        ("audio_output", usage.audio_output, price.audio_output),
    )
    for item, quantity, unit_price in quantities:
        if quantity:
            yield ChargeLine(item, quantity, unit_price, line_amount(quantity, unit_price))
    if price.request:
        yield ChargeLine("request", 1, price.request, price.request)


def worst_case(price: Price | None, input_tokens: int, output_tokens: int) -> int:
    """An upper bound in nanos for a call that reads and writes at most so many tokens, of whatever class.

    The charge rounds each of its lines, by half a nano at the most; the bound has that much on top.
    """
    if price is None:
        return 0
    dearest_input = max(price.input, price.cache_read, price.cache_write, price.cache_write_1h, price.audio_input)
    dearest_output = max(price.output, price.reasoning, price.audio_output)
    exact = input_tokens * dearest_input + output_tokens * dearest_output
    rounding = _TOKEN_LINES * PER_TOKENS // 2 if exact else 0
    return (exact + rounding) // PER_TOKENS + price.request


def format_nanos(amount: int) -> str:
    """A decimal number of whole currency units with all nine places that count: `0.000125`."""
    whole, nanos = divmod(abs(amount), NANOS)
    digits = f"{nanos:09d}".rstrip("0")
    sign = "-" if amount < 0 else ""
    return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}"
