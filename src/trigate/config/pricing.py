"""Prices of targets: the operator's own, else the catalogue's. Versions say which of them it was."""

import hashlib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Final

import msgspec

from trigate.catalog.models import max_output
from trigate.catalog.prices import CURRENCY, Catalogue, Quote
from trigate.config.published import KnownModel
from trigate.config.schema_models import PriceOverride
from trigate.core.money import Price

UNKNOWN: Final = Quote(None)


class Rule(msgspec.Struct, frozen=True):
    """An override as it applies to one provider: a model's name or a pattern with `*`."""

    key: str
    pattern: str
    price: Price


class Account(msgspec.Struct, frozen=True):
    """A provider as prices see it."""

    name: str
    kind: str
    url: str


class PriceList:
    """Prices for the targets of one configuration. `used` collects the overrides that priced a target."""

    def __init__(self, overrides: Mapping[str, PriceOverride], providers: list[str], currency: str, day: int) -> None:
        """`day` is the wall clock in nanoseconds: some prices begin on a date."""
        self.used: Final[set[str]] = set()
        self._overrides: Final = {key: _override_price(override) for key, override in overrides.items()}
        self._providers: Final = frozenset(providers)
        self._catalogue: Final = Catalogue(day)
        self._in_dollars: Final = currency == CURRENCY
        self._rules: Final[dict[str, tuple[dict[str, Rule], list[Rule]]]] = {}

    def quote(self, account: Account, model: str) -> Quote:
        """The price of a target; `UNKNOWN` where neither operator nor catalogue has one."""
        rule = self._override(account.name, model)
        if rule is not None:
            self.used.add(rule.key)
            return Quote(rule.price)
        return (self._catalogue.quote(account.kind, model, account.url) or UNKNOWN) if self._in_dollars else UNKNOWN

    def known(self, account: Account) -> dict[str, KnownModel]:
        """Every model that has a price at an account, by exact name, then by pattern."""
        quotes = self._catalogue.known(account.kind, account.url) if self._in_dollars else {}
        exact, patterns = self._rules_of(account.name)
        prices = {name: quote.price for name, quote in quotes.items() if "*" not in name}
        for name in prices:
            rule = self._override(account.name, name)
            prices[name] = rule.price if rule else prices[name]
        prices |= {rule.pattern: rule.price for rule in (*exact.values(), *patterns)}
        for name, quote in quotes.items():
            prices.setdefault(name, quote.price)
        return {
            name: KnownModel(price, max_output(name.rstrip("*-@")))
            for name, price in sorted(prices.items(), key=lambda item: "*" in item[0])
            if price is not None
        }

    def unused(self) -> list[str]:
        """Overrides that name a provider which does not exist and that price nothing."""
        heads = {key: key.partition("/")[0] for key in self._overrides if "/" in key}
        return [
            key
            for key, head in heads.items()
            if key not in self.used and head not in self._providers and "*" not in head
        ]

    def _override(self, provider: str, model: str) -> Rule | None:
        exact, patterns = self._rules_of(provider)
        found = exact.get(model)
        return found or next((rule for rule in patterns if fnmatchcase(model, rule.pattern)), None)

    def _rules_of(self, provider: str) -> tuple[dict[str, Rule], list[Rule]]:
        """Exact names, and patterns with the longest first; what names the provider goes before what does not."""
        known = self._rules.get(provider)
        if known is None:
            rules = [rule for key, price in self._overrides.items() if (rule := self._applied(key, price, provider))]
            rules.sort(key=lambda rule: (rule.key == rule.pattern, -len(rule.pattern), rule.key))
            exact = {rule.pattern: rule for rule in reversed(rules) if "*" not in rule.pattern}
            known = exact, [rule for rule in rules if "*" in rule.pattern]
            self._rules[provider] = known
        return known

    def _applied(self, key: str, price: Price, provider: str) -> Rule | None:
        head, separator, rest = key.partition("/")
        if separator and (head == provider or ("*" in head and fnmatchcase(provider, head))):
            return Rule(key, rest, price)
        return None if separator and head in self._providers else Rule(key, key, price)


def _override_price(override: PriceOverride) -> Price:
    plain_input, plain_output = override.input.nanos, override.output.nanos
    cache_write = override.cache_write.nanos if override.cache_write else plain_input
    price = Price(
        version="",
        input=plain_input,
        cache_read=override.cache_read.nanos if override.cache_read else plain_input,
        cache_write=cache_write,
        cache_write_1h=override.cache_write_1h.nanos if override.cache_write_1h else cache_write,
        audio_input=override.audio_input.nanos if override.audio_input else plain_input,
        output=plain_output,
        reasoning=override.reasoning.nanos if override.reasoning else plain_output,
        audio_output=override.audio_output.nanos if override.audio_output else plain_output,
        request=override.request.nanos if override.request else 0,
    )
    digest = hashlib.sha256(msgspec.json.encode(price)).hexdigest()[:8]
    return msgspec.structs.replace(price, version=f"override:{digest}")
