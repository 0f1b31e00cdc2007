"""Listeners: where clients connect, by name, and the control listener of the operators."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from trigate.config.schema_base import Block, named
from trigate.config.units import Address, Network

Gate = Literal["api", "model"]


class TLS(Block):
    """A certificate, read again when its files change."""

    cert: str = Field(min_length=1, description="PEM file of the certificate and its chain.")
    key: str = Field(min_length=1, description="PEM file of its key.")


class ControlListener(Block):
    """Where operators connect: `/metrics`, `/status`. Keep it off public networks."""

    bind: Address = Field(default="127.0.0.1:8081", description="Address and port.")
    tls: TLS | None = Field(default=None, description="Serve TLS (1.2 or newer) with this certificate.")
    hosts: tuple[str, ...] = Field(default=(), description="Accepted `Host` headers; all, if there are none.")


class Listener(Block):
    """Where clients connect."""

    bind: Address = Field(default="127.0.0.1:8080", description="Address and port; port 0 takes a free one.")
    gates: tuple[Gate, ...] = Field(
        default=("api", "model"), min_length=1, description="What is served here: `model` the LLM surfaces, `api`."
    )
    tls: TLS | None = Field(default=None, description="Serve TLS (1.2 or newer) with this certificate.")
    hosts: tuple[str, ...] = Field(default=(), description="Accepted `Host` headers; all, if there are none.")
    trusted_proxies: tuple[Network, ...] = Field(default=(), description="Proxies whose `X-Forwarded-For` is believed.")


class Listen(Block):
    """Listeners by name; the one called `control` is for operators."""

    model_config = Block.model_config | {"extra": "allow"}
    __pydantic_extra__: dict[
        str, Annotated[Listener, BeforeValidator(named("bind"), json_schema_input_type=Listener | str)]
    ]

    control: Annotated[
        ControlListener, BeforeValidator(named("bind"), json_schema_input_type=ControlListener | str)
    ] = Field(default=ControlListener(), description="The control listener; an address alone is enough.")

    @model_validator(mode="before")
    @classmethod
    def _one_for_data(cls, value: object) -> object:
        """Without a data listener nothing would be served: there is one at the default address."""
        if isinstance(value, dict) and not value.keys() - {"control"}:
            return {**value, "data": {}}
        return value

    @property
    def data(self) -> dict[str, Listener]:
        """The listeners for clients."""
        return dict(self.__pydantic_extra__ or {})
