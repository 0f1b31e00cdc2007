"""What may stand in a configuration: the whole, and its small blocks. Strict: what is not here is refused.

These models are the one source of the reference page, the JSON Schema and `config show`; a field's description is what
users read. Models of routes stand in `schema_models`, listeners in `schema_listen`, tenants in `schema_tenants`.
"""

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, WithJsonSchema

from trigate.config.schema_base import Block, Kinded
from trigate.config.schema_listen import Listen
from trigate.config.schema_models import Alias, Model, PriceOverride
from trigate.config.schema_tenants import Tenant
from trigate.config.units import Duration, Size
from trigate.core.secret import Secret

MAX_WORKERS: Final = 512


def _workers(value: object) -> int | Literal["auto"]:
    if value == "auto":
        return "auto"
    number = int(value) if isinstance(value, str) and value.isdigit() else value
    if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= MAX_WORKERS:
        raise ValueError(f"must be auto or a number of processes from 1 to {MAX_WORKERS}")
    return number


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _listen() -> Listen:
    return Listen.model_validate({})


def _currency(value: str) -> str:
    if len(value) != 3 or not value.isascii() or not value.isalpha() or not value.isupper():
        raise ValueError("must be a currency code of three capital letters, such as USD")
    return value


Currency = Annotated[str, AfterValidator(_currency), WithJsonSchema({"type": "string", "pattern": "^[A-Z]{3}$"})]
Workers = Annotated[int | Literal["auto"], PlainValidator(_workers, json_schema_input_type=int | Literal["auto"])]
Include = Annotated[tuple[str, ...], BeforeValidator(_listed, json_schema_input_type=tuple[str, ...] | str)]


class State(Block):
    """Where the gateway keeps what must survive a restart: spool, change log, published snapshots."""

    dir: str = Field(
        default="/var/lib/trigate",
        min_length=1,
        description="The state directory; a relative name counts from the configuration file. Local disk, not NFS.",
    )
    min_free: Size = Field(
        default=1 << 30,
        description="Free space below which the gateway is not ready: a full disk would cost evidence.",
    )


class Evidence(Block):
    """How records are written before money is spent."""

    fsync: Literal["group", "always", "off"] = Field(
        default="group",
        description="When records reach the disk: `group` syncs what waits together before the first byte of a reply, "
        "`always` each record, `off` leaves it to the system, and a power cut may cost records.",
    )
    keep_segments: Duration = Field(
        default=604_800.0, description="How long segments of the spool are kept after the recorder has read them."
    )


class Egress(Block):
    """How upstreams are reached."""

    proxy: Secret | None = Field(
        default=None, description="URL of an HTTP proxy (CONNECT) for upstream calls; may hold a user and password."
    )
    no_proxy: tuple[str, ...] = Field(
        default=(), description="Hosts and networks that are reached without the proxy: `.corp.example`, `10.0.0.0/8`."
    )
    ca: str | None = Field(
        default=None, description="PEM file of certificate authorities to trust beside the system's own."
    )
    client_certificate: str | None = Field(default=None, description="PEM file of a client certificate for upstreams.")
    client_key: str | None = Field(default=None, description="PEM file of the client certificate's key.")
    client: Literal["native", "library"] = Field(
        default="native",
        description="The HTTP client: `native` is our own and pushes bytes from socket to socket, `library` is "
        "pyreqwest. They differ in speed, not in what they do.",
    )


class Limits(Block):
    """What bounds one exchange. Larger and slower ones are refused with 413 and 408."""

    header_bytes: Size = Field(default=65_536, description="A request's head.")
    body_bytes: Size = Field(default=33_554_432, description="A request's body.")
    reply_bytes: Size = Field(default=33_554_432, description="A whole reply of an upstream that is not streamed.")
    event_bytes: Size = Field(default=1_048_576, description="One event of a stream.")
    header_seconds: Duration = Field(default=10.0, description="Time for a request's head to arrive.")
    body_seconds: Duration = Field(default=60.0, description="Time for a request's body to arrive.")


class Drain(Block):
    """How the gateway ends."""

    timeout: Duration = Field(
        default=30.0, description="How long calls in flight may go on after SIGTERM, before they are cut."
    )


class Provider(Kinded):
    """One vendor account. `kind` chooses the fields beside these."""

    region: str | None = Field(
        default=None, description="Where the account's data is processed, for residency rules: `eu-1`, `on-prem-fra`."
    )


class Config(Block):
    """A whole configuration. Every block is optional save one provider; the defaults are safe."""

    version: Literal[1] = Field(default=1, description="Of the format of this file.")
    include: Include = Field(
        default=(), description="More files to read, relative to this one; `*` and `?` match names."
    )
    state: State = Field(default=State(), description="Where the gateway keeps what must survive a restart.")
    workers: Workers = Field(default="auto", description="Worker processes; `auto` takes one per core.")
    evidence: Evidence = Field(default=Evidence(), description="How records are written.")
    egress: Egress = Field(default=Egress(), description="How upstreams are reached.")
    listen: Listen = Field(default_factory=_listen, description="Where clients and operators connect.")
    limits: Limits = Field(default=Limits(), description="What bounds one exchange.")
    drain: Drain = Field(default=Drain(), description="How the gateway ends.")
    providers: dict[str, Provider] = Field(min_length=1, description="Vendor accounts by name.")
    models: dict[str, Model] = Field(default={}, description="Names that clients ask for, and where they go.")
    aliases: dict[str, Alias] = Field(default={}, description="Paths that stand for a model.")
    admission: tuple[Kinded, ...] = Field(
        default=(), description="Checks before content is looked at, beside those that are always on."
    )
    guardrails: dict[str, Kinded] = Field(
        default={}, description="Checks on content by name; each is in force for every exchange."
    )
    currency: Currency = Field(default="USD", description="The currency of the ledger.")
    prices: dict[str, PriceOverride] = Field(
        default={}, description="Prices by `provider/model`, model, or a pattern with `*`; they win over the catalogue."
    )
    tenants: dict[str, Tenant] = Field(default={}, description="Who may call: tenants, their apps, their keys.")
