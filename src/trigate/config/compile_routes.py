"""Providers, models and aliases -> their published form: names resolved, parameters merged, targets priced."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from trigate.catalog.models import max_output
from trigate.config.diagnostics import Path, known_names, nearest
from trigate.config.draft import Draft
from trigate.config.pricing import Account, PriceList
from trigate.config.published import (
    PublishedAlias,
    PublishedModel,
    PublishedParam,
    PublishedProvider,
    PublishedTarget,
    PublishedTimeouts,
)
from trigate.config.registry import dialect_names
from trigate.config.schema_models import Model, Params, PriceOverride, Target, Timeouts

PROFILES: Final = {
    None: PublishedTimeouts(),
    "interactive": PublishedTimeouts(connect=3.0, first_byte=15.0, first_token=20.0, idle=30.0, total=120.0),
    "reasoning": PublishedTimeouts(connect=5.0, first_byte=120.0, first_token=300.0, idle=120.0, total=1800.0),
    "batch": PublishedTimeouts(connect=10.0, first_byte=300.0, first_token=600.0, idle=300.0, total=3600.0),
}
"""Deadlines in seconds by profile; None is a model without one."""

OWN_PATHS: Final = ("/livez", "/readyz", "/v1/chat/completions", "/v1/messages", "/v1/models", "/v1/trigate")
OWN_PREFIXES: Final = ("/openai/", "/anthropic/", "/v1/messages/", "/v1/models/", "/v1/trigate/")

_PROVIDER_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_MODEL_NAME: Final = re.compile(r"[^\s\x00-\x1f]+")


class Routes(msgspec.Struct, frozen=True):
    """What was compiled."""

    providers: tuple[PublishedProvider, ...]
    models: tuple[PublishedModel, ...]
    aliases: dict[str, PublishedAlias]


def compile_routes(draft: Draft, wall_ns: int) -> Routes:
    """Compile what is right; what is wrong is left out and stands in the draft's findings."""
    prices = PriceList(_one_currency(draft), draft.names("providers"), draft.config.currency, wall_ns)
    return _Compiler(draft, prices).routes()


def _one_currency(draft: Draft) -> dict[str, PriceOverride]:
    """The overrides that are in the ledger's currency; an error for each of the others."""
    right = {}
    for key, override in draft.config.prices.items():
        amounts = {name: getattr(override, name) for name in PriceOverride.model_fields}
        foreign = [name for name, amount in amounts.items() if amount and amount.currency not in (None, _of(draft))]
        for name in foreign:
            message = f"is in {amounts[name].currency}, and the ledger is in {_of(draft)}"
            draft.findings.error(("prices", key, name), "currency", message, remedy="give the amount in `currency`")
        if not foreign:
            right[key] = override
    return right


def _of(draft: Draft) -> str:
    return draft.config.currency


class _Compiler:
    def __init__(self, draft: Draft, prices: PriceList) -> None:
        self._draft: Final = draft
        self._findings: Final = draft.findings
        self._prices: Final = prices
        self._accounts: Final[dict[str, Account]] = {}
        self._used: Final[set[str]] = set()
        self._unpriced: Final[set[tuple[str, str]]] = set()

    def routes(self) -> Routes:
        config = self._draft.config
        providers = tuple(self._providers())
        models = tuple(model for name, entry in config.models.items() if (model := self._model(name, entry)))
        aliases = dict(self._aliases())
        self._warn_of_the_unused()
        return Routes(providers, models, aliases)

    # --- providers ---

    def _providers(self) -> Iterator[PublishedProvider]:
        for name, provider in self._draft.config.providers.items():
            path: Path = ("providers", name)
            self._check_name(path, name, _PROVIDER_NAME, "letters, digits, dot, dash and underscore")
            extension = self._draft.extension("providers", path, provider.kind)
            settings = self._draft.settings(extension, path) if extension else None
            if settings is not None:
                account = Account(name, provider.kind, _base_url(settings))
                self._accounts[name] = account
                known = self._prices.known(account)
                yield PublishedProvider(name, provider.kind, provider.region, msgspec.Raw(settings), known)

    def _check_name(self, path: Path, name: str, pattern: re.Pattern[str], allowed: str) -> None:
        if not pattern.fullmatch(name):
            self._findings.key_error(path, "name", f"{name!r} is no name", remedy=f"use {allowed}")

    # --- models ---

    def _model(self, name: str, model: Model) -> PublishedModel | None:
        path: Path = ("models", name)
        self._check_name(path, name, _MODEL_NAME, "any characters but blanks")
        selector = self._draft.published_extension("selectors", (*path, "selector"), model.selector.kind)
        places = [*_places(path, model)]
        targets = [
            target
            for where, entry, fallback in places
            if (target := self._target(where, entry, model, (name, fallback)))
        ]
        self._check_weights(path, model)
        if selector is None or len(targets) < len(places):
            return None
        return PublishedModel(
            name=name,
            targets=tuple(targets),
            selector=selector,
            timeouts=self._timeouts(path, model.timeouts),
            attempts=model.retry.attempts,
            retry_on=tuple(sorted(model.retry.on)),
            listed=model.listed,
        )

    def _target(self, path: Path, target: Target, model: Model, of: tuple[str, bool]) -> PublishedTarget | None:
        name, fallback = of
        providers = self._draft.names("providers")
        if target.provider not in providers:
            remedy = f"known providers: {known_names(providers)}"
            message = f"no provider {target.provider!r}"
            close = nearest(target.provider, providers)
            self._findings.error((*path, "provider"), "unknown_provider", message, remedy=remedy, nearest=close)
            return None
        self._used.add(target.provider)
        vendor_name = target.model or name
        account = self._accounts.get(target.provider)
        quote = self._prices.quote(account, vendor_name) if account else None
        if account and quote and (quote.price is None or quote.tiered):
            self._warn_of_price(path, account, vendor_name, tiered=quote.price is not None)
        return PublishedTarget(
            provider=target.provider,
            model=vendor_name,
            weight=target.weight,
            fallback=fallback,
            params=tuple(_params(model, target)),
            price=quote.price if quote else None,
            max_output=max_output(vendor_name),
        )

    def _warn_of_price(self, path: Path, account: Account, model: str, *, tiered: bool) -> None:
        if (account.name, model) in self._unpriced:
            return
        self._unpriced.add((account.name, model))
        if tiered:
            message = f"the vendor charges more for long prompts to {model!r}; the price for short ones is used"
            code = "price_tiers"
        else:
            message = f"no price is known for {model!r} at {account.name}: its calls cost nothing in the ledger"
            code = "price_unknown"
        remedy = f"give one under prices, as {account.name}/{model}"
        self._findings.warning(path, code, message, remedy=remedy)

    def _check_weights(self, path: Path, model: Model) -> None:
        if model.targets and not any(target.weight for target in model.targets):
            message = "every target has weight 0"
            self._findings.error((*path, "targets"), "weights", message, remedy="give at least one of them a weight")

    def _timeouts(self, path: Path, timeouts: Timeouts) -> PublishedTimeouts:
        base = PROFILES[timeouts.profile]
        chosen = {name: getattr(timeouts, name) for name in base.__struct_fields__}
        whole = PublishedTimeouts(
            **{name: seconds if seconds is not None else getattr(base, name) for name, seconds in chosen.items()}
        )
        for name in base.__struct_fields__:
            if name != "total" and chosen[name] is not None and chosen[name] > whole.total:
                message = f"is longer than total, which is {whole.total:g}s, and would never be reached"
                self._findings.error(
                    (*path, "timeouts", name), "timeouts", message, remedy="shorten it, or raise total"
                )
        return whole

    # --- aliases ---

    def _aliases(self) -> Iterator[tuple[str, PublishedAlias]]:
        dialects = dialect_names() if self._draft.config.aliases else []
        for route, alias in self._draft.config.aliases.items():
            path: Path = ("aliases", route)
            self._check_route(path, route)
            written = self._draft.document.written(path)
            where = (*path, "model") if isinstance(written, dict) else path
            known = self._draft.model_exists(where, alias.model)
            if alias.dialect not in dialects:
                remedy = f"known dialects: {known_names(dialects)}"
                message = f"no dialect {alias.dialect!r}"
                close = nearest(alias.dialect, dialects)
                self._findings.error((*path, "dialect"), "unknown_dialect", message, remedy=remedy, nearest=close)
            elif known:
                yield route, PublishedAlias(alias.model, alias.dialect)

    def _check_route(self, path: Path, route: str) -> None:
        if not route.startswith("/") or any(character in route for character in "?# "):
            remedy = "begin it with /, without query and blanks"
            self._findings.key_error(path, "path", f"{route!r} is no path", remedy=remedy)
        elif route in OWN_PATHS or route.startswith(OWN_PREFIXES):
            self._findings.key_error(path, "path", f"{route} is a path of the gateway itself", remedy="choose another")

    # --- warnings ---

    def _warn_of_the_unused(self) -> None:
        models = self._draft.names("models")
        for name in self._accounts.keys() - self._used if models else ():
            message = f"no model uses the provider {name!r}"
            remedy = f"it can only be reached as {name}/model"
            self._findings.warning(("providers", name), "unused_provider", message, remedy=remedy)
        for key in self._prices.unused():
            message = f"{key!r} prices nothing that is configured"
            self._findings.warning(("prices", key), "unused_price", message, remedy="check the provider's name")


def _places(path: Path, model: Model) -> Iterator[tuple[Path, Target, bool]]:
    """Every target of a model with its path, and whether it is a fallback."""
    if model.provider is not None:
        yield path, Target(provider=model.provider, model=model.model), False
    for index, target in enumerate(model.targets):
        yield (*path, "targets", index), target, False
    for index, target in enumerate(model.fallback):
        yield (*path, "fallback", index), target, True


def _params(model: Model, target: Target) -> Iterable[PublishedParam]:
    values = _set(model.params) | _set(target.params)
    for name, value in values.items():
        yield PublishedParam(name, msgspec.Raw(msgspec.json.encode(value)), name in model.allow_override)


def _set(params: Params) -> dict[str, object]:
    values = {name: getattr(params, name) for name in Params.model_fields}
    return {name: value for name, value in values.items() if value is not None}


class _BaseUrl(msgspec.Struct):
    base_url: str = ""


def _base_url(settings: bytes) -> str:
    """By which a vendor without a kind of its own is known to the catalogue."""
    try:
        return msgspec.json.decode(settings, type=_BaseUrl).base_url
    except msgspec.ValidationError:
        return ""
