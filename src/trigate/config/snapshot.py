"""The snapshot: a published configuration made live, and immutable. An exchange is pinned to one from head to settle.

`build` makes everything that the hot path needs: provider accounts with their headers, selectors, parameter edits,
admission checks, look-up tables. It is all or nothing: any error leaves the worker on the snapshot that it has.
Building is the worker's; checking, pricing and resolving names was done before publishing.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from trigate.config.published import (
    Published,
    PublishedAlias,
    PublishedEgress,
    PublishedExtension,
    PublishedGuardrail,
    PublishedLimits,
    PublishedListener,
    PublishedModel,
    PublishedParam,
    PublishedProvider,
    PublishedTarget,
    PublishedTimeouts,
    known_model,
)
from trigate.core.errors import CURABLE, ErrorClass
from trigate.core.money import Price
from trigate.core.ports import Check, Dialect, Fetcher, Guardrail, Provider, Selector
from trigate.core.record import TargetRef

DIRECT_MODELS_KEPT: Final = 1024


class ParamEdit(msgspec.Struct, frozen=True):
    """A parameter that the gateway sets in one dialect: `keys[0]` is written, any of `keys` is the caller's own.

    Without `keys` the dialect has no such parameter, and it is reported as lost.
    """

    name: str
    keys: tuple[str, ...]
    value: bytes
    overridable: bool


class Target(msgspec.Struct, frozen=True):
    """One place a call can go, ready to be called. `edits` are by the name of the client's dialect."""

    index: int
    provider: Provider
    fetcher: Fetcher
    model: str
    ref: TargetRef
    edits: Mapping[str, tuple[ParamEdit, ...]]
    price: Price | None
    max_output: int | None


class Model(msgspec.Struct, frozen=True):
    """A name that clients ask for. `targets[:primaries]` are the selector's to order, the rest are fallbacks."""

    name: str
    targets: tuple[Target, ...]
    primaries: int
    selector: Selector
    timeouts: PublishedTimeouts
    attempts: int
    retry_on: frozenset[str]
    listed: bool
    created: int


class Extensions(msgspec.Struct, frozen=True):
    """How `build` makes extensions, from the JSON of their settings; secrets are resolved in there."""

    provider: Callable[[PublishedProvider], Provider]
    selector: Callable[[PublishedExtension, Sequence[int]], Selector]
    check: Callable[[PublishedExtension], Check]
    guardrail: Callable[[PublishedGuardrail], Guardrail]
    always: tuple[Check, ...]
    """Checks that no configuration can leave out; they come first."""
    fetcher: Callable[[PublishedEgress, float], Fetcher]
    """A connection pool for these egress settings and this connect timeout in seconds; kept while in use."""


class Snapshot:
    """One configuration as the data plane serves it."""

    def __init__(self, published: Published, extensions: Extensions, dialects: Sequence[Dialect]) -> None:
        """Raises ValueError naming what cannot be built."""
        self.revision: Final = published.revision
        self.currency: Final = published.currency
        self.aliases: Final[Mapping[str, PublishedAlias]] = published.aliases
        self.limits: Final[PublishedLimits] = published.limits
        self.listeners: Final[Mapping[str, PublishedListener]] = {each.name: each for each in published.listeners}
        self.checks: Final = (*extensions.always, *(extensions.check(each) for each in published.admission))
        guardrails = [extensions.guardrail(each) for each in published.guardrails]
        self.request_guardrails: Final = tuple(each for each in guardrails if "request" in each.on)
        self.reply_guardrails: Final = tuple(each for each in guardrails if "reply" in each.on)
        self._dialects: Final = tuple(dialects)
        self._extensions: Final = extensions
        self._egress: Final = published.egress
        self._known: Final = {each.name: each.known for each in published.providers}
        self._providers: Final = {each.name: extensions.provider(each) for each in published.providers}
        self._models: Final = {each.name: self._model(each) for each in published.models}
        self._direct: Final[dict[str, Model]] = {}

    def model(self, name: str) -> Model | None:
        """The model of that name; `account/model` reaches any model of an account without an entry of its own."""
        return self._models.get(name) or self._direct.get(name) or self._direct_model(name)

    def models(self) -> list[Model]:
        """Every model that the models list shows, as configured."""
        return [model for model in self._models.values() if model.listed]

    def _direct_model(self, name: str) -> Model | None:
        account, _, model = name.partition("/")
        if not model or not name.isprintable() or account not in self._providers:
            return None
        known = known_model(self._known[account], model)
        target = PublishedTarget(account, model, price=known.price, max_output=known.max_output)
        built = self._model(PublishedModel(name, (target,), listed=False))
        if len(self._direct) < DIRECT_MODELS_KEPT:
            self._direct[name] = built
        return built

    def _model(self, published: PublishedModel) -> Model:
        ordered = sorted(published.targets, key=lambda target: target.fallback)
        fetcher = self._extensions.fetcher(self._egress, published.timeouts.connect)
        targets = tuple(self._target(index, each, fetcher) for index, each in enumerate(ordered))
        weights = [target.weight for target in ordered]
        return Model(
            name=published.name,
            targets=targets,
            primaries=sum(not target.fallback for target in ordered),
            selector=self._extensions.selector(published.selector, weights),
            timeouts=published.timeouts,
            attempts=published.attempts,
            retry_on=frozenset(ErrorClass(each) for each in published.retry_on) or CURABLE,
            listed=published.listed,
            created=published.created,
        )

    def _target(self, index: int, published: PublishedTarget, fetcher: Fetcher) -> Target:
        provider = self._providers[published.provider]
        return Target(
            index=index,
            provider=provider,
            fetcher=fetcher,
            model=published.model,
            ref=TargetRef(published.provider, published.model, provider.region),
            edits={each.name: _param_edits(published.params, each) for each in self._dialects}
            if published.params
            else {},
            price=published.price,
            max_output=published.max_output,
        )


def _param_edits(params: Sequence[PublishedParam], dialect: Dialect) -> tuple[ParamEdit, ...]:
    """The parameters as this dialect has them."""
    return tuple(
        ParamEdit(param.name, dialect.param_keys.get(param.name, ()), bytes(param.value), param.overridable)
        for param in params
    )
