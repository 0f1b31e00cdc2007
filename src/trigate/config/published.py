"""The published form of a configuration: plain data that the control process writes and every worker builds from.

Everything is resolved and checked here: names are references that exist, defaults are filled in, prices are integers.
Secrets stay references (`${env:...}`, `${file:...}`), resolved by whoever builds. `settings` of an extension is the
JSON of its own config model, decoded again by its module.
"""

import hashlib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Final, Literal

import msgspec

from trigate.core.money import Price

FORMAT: Final = 1


class PublishedTimeouts(msgspec.Struct, frozen=True):
    """Seconds. `first_token` and `idle` hold for streams; `total` is one deadline over all attempts."""

    connect: float = 5.0
    first_byte: float = 30.0
    first_token: float = 60.0
    idle: float = 60.0
    total: float = 600.0


class PublishedExtension(msgspec.Struct, frozen=True):
    """One extension: the module `trigate.<group>.<kind>` and the JSON of its settings."""

    kind: str
    settings: msgspec.Raw = msgspec.Raw(b"{}")


class KnownModel(msgspec.Struct, frozen=True):
    """What the catalogue, or the operator's own prices, know of one model of an account."""

    price: Price | None = None
    max_output: int | None = None


class PublishedGuardrail(msgspec.Struct, frozen=True):
    """One guardrail, in force for every exchange: the module `trigate.guardrails.<kind>` and its settings."""

    name: str
    kind: str
    settings: msgspec.Raw = msgspec.Raw(b"{}")


class PublishedProvider(msgspec.Struct, frozen=True):
    """One vendor account. `known` prices what is asked for as `account/model` without an entry under `models`.

    Its names are exact, or patterns with `*`, of which the first that matches holds.
    """

    name: str
    kind: str
    region: str | None = None
    settings: msgspec.Raw = msgspec.Raw(b"{}")
    known: dict[str, KnownModel] = {}


def known_model(known: Mapping[str, KnownModel], model: str) -> KnownModel:
    """What an account's `known` says of a model: by its exact name, else by the first pattern; nothing if neither."""
    exact = known.get(model)
    if exact is not None:
        return exact
    matching = (each for name, each in known.items() if "*" in name and fnmatchcase(model, name))
    return next(matching, KnownModel())


class PublishedParam(msgspec.Struct, frozen=True):
    """A parameter that the gateway sets: neutral name, JSON value, and whether the caller's own value may stand."""

    name: str
    value: msgspec.Raw
    overridable: bool = True


class PublishedTarget(msgspec.Struct, frozen=True):
    """One place a call can go. `price` is None where none is known."""

    provider: str
    model: str
    weight: int = 1
    fallback: bool = False
    params: tuple[PublishedParam, ...] = ()
    price: Price | None = None
    max_output: int | None = None


class PublishedModel(msgspec.Struct, frozen=True):
    """A name that clients ask for, and where it goes. `listed` models stand in the models list."""

    name: str
    targets: tuple[PublishedTarget, ...]
    selector: PublishedExtension = PublishedExtension("priority")
    timeouts: PublishedTimeouts = PublishedTimeouts()
    attempts: int = 3
    retry_on: tuple[str, ...] = ()
    listed: bool = True
    created: int = 0


class PublishedAlias(msgspec.Struct, frozen=True):
    """A path that stands for a model: a body without `model` is enough there. `dialect` is the shape spoken at it."""

    model: str
    dialect: str = "openai_chat"


class PublishedListener(msgspec.Struct, frozen=True):
    """What of a listener may change without a restart: who may be asked for, who is trusted, its certificates."""

    name: str
    gates: tuple[str, ...] = ("api", "model")
    hosts: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    certificate: str | None = None
    private_key: str | None = None


class PublishedLimits(msgspec.Struct, frozen=True):
    """Bytes and seconds that bound one exchange."""

    header_bytes: int = 65_536
    body_bytes: int = 33_554_432
    reply_bytes: int = 33_554_432
    event_bytes: int = 1_048_576
    header_seconds: float = 10.0
    body_seconds: float = 60.0


class PublishedEgress(msgspec.Struct, frozen=True):
    """How upstreams are reached. `ca` and the client certificate are file names; `proxy` may be a secret reference."""

    proxy: str | None = None
    no_proxy: tuple[str, ...] = ()
    ca: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None
    client: Literal["native", "library"] = "native"


class Published(msgspec.Struct, frozen=True):
    """One whole configuration. `revision` is a digest of all the rest, `compiled_ns` excepted."""

    providers: tuple[PublishedProvider, ...] = ()
    models: tuple[PublishedModel, ...] = ()
    aliases: dict[str, PublishedAlias] = {}
    admission: tuple[PublishedExtension, ...] = ()
    guardrails: tuple[PublishedGuardrail, ...] = ()
    listeners: tuple[PublishedListener, ...] = ()
    limits: PublishedLimits = PublishedLimits()
    egress: PublishedEgress = PublishedEgress()
    principals: str = ""
    """File name of the principals table that was compiled with it; its own revision."""
    currency: str = "USD"
    revision: str = ""
    compiled_ns: int = 0
    format: int = FORMAT


_ENCODER: Final = msgspec.json.Encoder(order="deterministic")
_DECODER: Final = msgspec.json.Decoder(Published)


def sealed(published: Published) -> Published:
    """The same configuration with its revision set: 16 hex digits over everything that shapes behaviour."""
    bare = msgspec.structs.replace(published, revision="", compiled_ns=0, principals="")
    digest = hashlib.sha256(_ENCODER.encode(bare)).hexdigest()
    return msgspec.structs.replace(published, revision=digest[:16])


def encode(published: Published) -> bytes:
    """The bytes that are written to the state directory."""
    return _ENCODER.encode(published)


def decode(data: bytes) -> Published:
    """Read what `encode` wrote. Raises ValueError for another format."""
    try:
        published = _DECODER.decode(data)
    except msgspec.DecodeError as error:
        raise ValueError(f"the published snapshot cannot be read: {error}") from error
    if published.format != FORMAT:
        raise ValueError(f"the published snapshot has format {published.format}; this version reads {FORMAT}")
    return published
