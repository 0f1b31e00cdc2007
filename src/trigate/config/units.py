"""Quantities as people write them: durations, sizes, money, addresses, points in time.

Each is typed once, here, for every config model. The readers raise ValueError with a sentence that begins "must be" and
never repeats the value: the diagnostic adds it, unless it is a secret.
"""

import ipaddress
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema

from trigate.core.money import NANOS

SECONDS: Final[Mapping[str, Decimal]] = {
    "ms": Decimal("0.001"),
    "s": Decimal(1),
    "m": Decimal(60),
    "h": Decimal(3600),
    "d": Decimal(86_400),
    "w": Decimal(604_800),
}
BYTES: Final[Mapping[str, int]] = {
    "": 1,
    "B": 1,
    "kB": 1000,
    "KB": 1000,
    "MB": 1000**2,
    "GB": 1000**3,
    "TB": 1000**4,
    "KiB": 1024,
    "MiB": 1024**2,
    "GiB": 1024**3,
    "TiB": 1024**4,
}
DURATION_RULE: Final = "must be a duration such as 500ms, 30s, 5m, 1h30m or 7d"
SIZE_RULE: Final = "must be a size such as 64KiB, 32MiB, 1GiB or a number of bytes"
MONEY_RULE: Final = "must be an amount such as 2.50 or 2.50 USD"
ADDRESS_RULE: Final = "must be host:port, with an IPv6 host in brackets, such as 0.0.0.0:8443 or [::1]:8081"
TIME_RULE: Final = "must be a date or time such as 2027-01-31 or 2027-01-31T18:00:00Z"
SMALLEST_PRICE: Final = Decimal(1) / NANOS

_PART: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")
_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?) ?([A-Za-z]*)")
_MONEY: Final = re.compile(r"(\d+(?:\.\d+)?)(?: ?([A-Z]{3}))?")
_ADDRESS: Final = re.compile(r"(?:\[([0-9A-Fa-f:.%]+)\]|([^:\[\]\s]+)):(\d{1,5})")

Written = str | int | float


def read_duration(value: object) -> float:
    """Seconds. A bare number is seconds too."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf"):
        return float(value)
    if not isinstance(value, str) or not value:
        raise ValueError(DURATION_RULE)
    if re.fullmatch(r"\d+(\.\d+)?", value):
        return float(value)
    parts = _PART.findall(value)
    if "".join(number + unit for number, unit in parts) != value:
        raise ValueError(DURATION_RULE)
    return float(sum(Decimal(number) * SECONDS[unit] for number, unit in parts))


def read_size(value: object) -> int:
    """Bytes; a fraction of a unit is allowed where whole bytes come out."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    match = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if match is None or match[2] not in BYTES:
        raise ValueError(SIZE_RULE)
    count = Decimal(match[1]) * BYTES[match[2]]
    if count != count.to_integral_value():
        raise ValueError(SIZE_RULE)
    return int(count)


class Money(str):
    """An amount as written, checked: `2.50` or `2.50 USD`."""

    __slots__ = ()

    @property
    def nanos(self) -> int:
        """The amount in nano-units of its currency."""
        return int(Decimal(self.partition(" ")[0]) * NANOS)

    @property
    def currency(self) -> str | None:
        """The currency that was named, if any."""
        return self.partition(" ")[2] or None


def read_money(value: object) -> Money:
    """An amount with at most nine decimal places. YAML numbers are taken as the decimals that they were written as."""
    text = repr(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
    match = _MONEY.fullmatch(_plain(text)) if isinstance(text, str) else None
    if match is None:
        raise ValueError(MONEY_RULE)
    if Decimal(match[1]) % SMALLEST_PRICE:
        raise ValueError("must have at most nine decimal places")
    return Money(f"{match[1]} {match[2]}" if match[2] else match[1])


def _plain(text: str) -> str:
    """`7.5e-05`, as a small number reads back from YAML, without its exponent."""
    if "e" not in text:
        return text
    try:
        return format(Decimal(text), "f")
    except InvalidOperation:
        return text


def read_address(value: object) -> str:
    """`host:port` with a port up to 65535; port 0 lets the system choose one."""
    match = _ADDRESS.fullmatch(value) if isinstance(value, str) else None
    if match is None or int(match[3]) > 65_535:
        raise ValueError(ADDRESS_RULE)
    return match[0]


def split_address(address: str) -> tuple[str, int]:
    """Host, without brackets, and port of a checked address."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def read_network(value: str) -> str:
    """An address or a network, normalised: `10.0.0.0/8`, `192.0.2.7/32`."""
    try:
        return str(ipaddress.ip_network(value))
    except ValueError:
        raise ValueError("must be an IP address or network such as 10.0.0.0/8, without host bits") from None


def read_time(value: str) -> int:
    """Nanoseconds since the Unix epoch; a date is its first moment, and what names no zone is UTC."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(TIME_RULE) from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()) * NANOS


def write_duration(seconds: float) -> str:
    """The shortest way to write it in one unit: `90s`, `7d`."""
    exact = Decimal(repr(seconds))
    unit = next(unit for unit in ("w", "d", "h", "m", "s", "ms") if unit == "ms" or not exact % SECONDS[unit])
    return f"{(exact / SECONDS[unit]).normalize():f}{unit}"


def write_size(count: int) -> str:
    """The shortest way to write it in one unit: `32MiB`, `1000B`."""
    unit = next(unit for unit in ("TiB", "GiB", "MiB", "KiB", "B") if not count % BYTES[unit])
    return f"{count // BYTES[unit]}{unit}"


def _positive(value: float) -> float:
    if value <= 0:
        raise ValueError("must be longer than 0")
    return value


def _moment(value: str) -> str:
    read_time(value)
    return value


def _schema(title: str, examples: list[str], *alternatives: str) -> WithJsonSchema:
    types = [{"type": name} for name in ("string", *alternatives)]
    shape: dict[str, object] = {"anyOf": types} if alternatives else {**types[0]}
    return WithJsonSchema({"title": title, "examples": examples, **shape})


Duration = Annotated[
    float,
    BeforeValidator(read_duration),
    AfterValidator(_positive),
    PlainSerializer(write_duration, when_used="json"),
    _schema("duration", ["30s", "5m", "7d"], "number"),
]
Size = Annotated[
    int,
    BeforeValidator(read_size),
    Field(gt=0),
    PlainSerializer(write_size, when_used="json"),
    _schema("size", ["64KiB", "32MiB"], "integer"),
]
Price = Annotated[Money, BeforeValidator(read_money), _schema("amount", ["2.50 USD", "0.075"], "number")]
Address = Annotated[str, BeforeValidator(read_address), _schema("address", ["0.0.0.0:8443", "127.0.0.1:8081"])]
Network = Annotated[str, AfterValidator(read_network), _schema("network", ["10.0.0.0/8"])]
Moment = Annotated[str, AfterValidator(_moment), _schema("date or time", ["2027-01-31"])]
