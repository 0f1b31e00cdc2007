"""Routes and prices: models, their targets, aliases, and what tokens cost."""

from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Field, model_validator

from trigate.config.schema_base import Block, Kinded, named
from trigate.config.units import Duration, Price
from trigate.core.errors import ErrorClass


class Params(Block):
    """Parameters that the gateway sets, by their neutral names; each dialect writes them in its own words."""

    temperature: float | None = Field(default=None, ge=0, le=2, description="Sampling temperature.")
    top_p: float | None = Field(default=None, ge=0, le=1, description="Nucleus sampling.")
    top_k: int | None = Field(default=None, ge=1, description="Sample from the best so many tokens.")
    max_tokens: int | None = Field(default=None, ge=1, description="Most output tokens of one answer.")
    stop: tuple[str, ...] | None = Field(default=None, description="Texts that end the answer.")
    seed: int | None = Field(default=None, description="For repeatable sampling, where the vendor has it.")
    presence_penalty: float | None = Field(default=None, ge=-2, le=2, description="Against repeating topics.")
    frequency_penalty: float | None = Field(default=None, ge=-2, le=2, description="Against repeating words.")
    reasoning_effort: Literal["minimal", "low", "medium", "high"] | None = Field(
        default=None, description="How hard to think."
    )
    service_tier: str | None = Field(default=None, min_length=1, description="The vendor's service tier.")
    parallel_tool_calls: bool | None = Field(default=None, description="Whether tools may be called side by side.")


ParamName = Literal[
    "temperature",
    "top_p",
    "top_k",
    "max_tokens",
    "stop",
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "reasoning_effort",
    "service_tier",
    "parallel_tool_calls",
]


def _overridable(value: object) -> object:
    """True and false as lists: of every parameter, and of none."""
    if isinstance(value, bool):
        return get_args(ParamName) if value else ()
    if not isinstance(value, list | tuple):
        raise ValueError("must be true, false or a list of parameter names")
    return value


Overridable = Annotated[
    tuple[ParamName, ...], BeforeValidator(_overridable, json_schema_input_type=tuple[ParamName, ...] | bool)
]


class Target(Block):
    """One place a call can go."""

    provider: str = Field(description="Name of a provider.")
    model: str | None = Field(default=None, min_length=1, description="The vendor's name of the model; default: ours.")
    weight: int = Field(default=1, ge=0, le=1_000_000, description="Share of the traffic, for `selector: weighted`.")
    params: Params = Field(default=Params(), description="Parameters for this target; they win over the model's.")


class Retry(Block):
    """When another target is tried."""

    attempts: int = Field(default=3, ge=1, le=10, description="Tries in all, the first included.")
    on: tuple[ErrorClass, ...] = Field(
        default=(), description="Failures after which another target is tried. Default: all that another may cure."
    )


class Timeouts(Block):
    """Deadlines. A profile gives a set of them; what stands beside it wins."""

    profile: Literal["interactive", "batch", "reasoning"] | None = Field(
        default=None, description="`interactive` fails fast, `batch` waits long, `reasoning` allows for silent thought."
    )
    connect: Duration | None = Field(default=None, description="To open a connection.")
    first_byte: Duration | None = Field(default=None, description="Of a stream: until the head of the reply.")
    first_token: Duration | None = Field(default=None, description="Of a stream: until the first content.")
    idle: Duration | None = Field(default=None, description="Of a stream: silence between two events.")
    total: Duration | None = Field(default=None, description="For the whole exchange, over all attempts.")


class Model(Block):
    """A name that clients ask for: one place (`provider`), or several (`targets`)."""

    provider: str | None = Field(default=None, description="The one provider that serves it; or use `targets`.")
    model: str | None = Field(default=None, min_length=1, description="The vendor's name of the model; default: ours.")
    selector: Annotated[Kinded, BeforeValidator(named("kind"), json_schema_input_type=Kinded | str)] = Field(
        default=Kinded(kind="priority"),
        description="How targets are ordered: `priority`, `weighted`, or `{kind: ...}`.",
    )
    targets: tuple[Target, ...] = Field(default=(), description="Where calls go; the selector orders them.")
    fallback: tuple[Target, ...] = Field(default=(), description="Tried after all targets, in this order.")
    retry: Retry = Field(default=Retry(), description="When another target is tried.")
    timeouts: Timeouts = Field(default=Timeouts(), description="Deadlines.")
    params: Params = Field(default=Params(), description="Parameters that the gateway sets.")
    allow_override: Overridable = Field(
        default=get_args(ParamName),
        description="Whether the caller's own value of a parameter set here may stand: `true` for all (the default), "
        "`false` for none, or a list of names.",
    )
    listed: bool = Field(default=True, description="Whether the models list shows it.")

    @model_validator(mode="after")
    def _one_form(self) -> "Model":
        if self.provider is not None and self.targets:
            raise ValueError("must have either provider or targets, not both")
        if self.provider is None and not self.targets:
            raise ValueError("must have a provider or targets")
        if self.provider is None and self.model is not None:
            raise ValueError("must not have model beside targets: name it at each target")
        return self


class AliasTarget(Block):
    """What a path stands for."""

    model: str = Field(min_length=1, description="The model, as under `models`, or `provider/model`.")
    dialect: str = Field(default="openai_chat", description="The API shape that is spoken at the path.")


Alias = Annotated[AliasTarget, BeforeValidator(named("model"), json_schema_input_type=AliasTarget | str)]


class PriceOverride(Block):
    """What a model costs, per 1,000,000 tokens, in `currency`: `2.50` or `2.50 USD`."""

    input: Price = Field(description="Input tokens.")
    output: Price = Field(description="Output tokens.")
    cache_read: Price | None = Field(default=None, description="Input read from the cache. Default: as input.")
    cache_write: Price | None = Field(default=None, description="Input written to the cache. Default: as input.")
    cache_write_1h: Price | None = Field(default=None, description="The same for an hour. Default: as cache_write.")
    audio_input: Price | None = Field(default=None, description="Audio tokens heard. Default: as input.")
    reasoning: Price | None = Field(default=None, description="Reasoning tokens. Default: as output.")
    audio_output: Price | None = Field(default=None, description="Audio tokens spoken. Default: as output.")
    request: Price | None = Field(default=None, description="Per request, not per token. Default: 0.")
