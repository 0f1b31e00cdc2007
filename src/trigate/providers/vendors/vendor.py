"""A vendor as one row of data: where its chat completions are, how it is told who calls, what it does differently.

A row holds what the gateway acts on and the page it was read from; a row without a `quirk` is OpenAI's API at another
URL. Below: `providers.account`. Above: the tables of rows beside this module, and `config.registry`, which makes each
row a kind of provider.
"""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

import msgspec
from pydantic import Field, StringConstraints, create_model

from trigate.core.ports import Provider
from trigate.core.secret import Secret
from trigate.dialects.openai_chat import OpenAIChat, Traits
from trigate.providers.account import JSON_HEADERS, Account, AccountConfig, BaseUrl

Auth = Literal["bearer", "api-key"]
"""The header that the key goes into: `authorization: Bearer`, or `api-key`."""

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
"""What fills a place in a base URL."""


class VendorConfig(AccountConfig):
    """An account of a vendor that is a row."""

    base_url: BaseUrl = Field(description="Up to and with the version, as in `http://vllm.internal:8000/v1`.")
    api_key: Secret | None = Field(default=None, description="Left out if the server has none.")


class Vendor(msgspec.Struct, frozen=True, kw_only=True):
    """One row.

    `base_url` may have places in braces, which `asks` names with a description each; None if only the operator knows
    it. `source` is the vendor's page. `quirk` says in words what `traits`, or the readers, take care of.
    """

    kind: str
    title: str
    base_url: str | None
    source: str
    auth: Auth = "bearer"
    keyless: bool = False
    asks: Mapping[str, str] = {}
    traits: Traits = Traits()
    quirk: str = ""

    @property
    def config(self) -> type[VendorConfig]:
        """The config model of this kind, with the row's defaults."""
        url = "Up to and with the version." if self.base_url is None else "Other regions and proxies have their own."
        fields: dict[str, tuple[object, object]] = {
            "base_url": (BaseUrl, Field(default=... if self.base_url is None else self.base_url, description=url)),
            **{name: (Name, Field(description=description)) for name, description in self.asks.items()},
        }
        if not self.keyless:
            fields["api_key"] = (Secret, Field(description="Use a reference such as `${env:NAME}`."))
        name = f"{self.kind.title().replace('_', '')}Config"
        return create_model(name, __base__=VendorConfig, __doc__=f"{self.title}. {self.source}", **fields)  # type: ignore[call-overload, no-any-return]

    def build(self, name: str, region: str | None, config: VendorConfig) -> Provider:
        """The account as the data plane calls it."""
        base = config.base_url
        if base == self.base_url:
            base = base.format_map({place: getattr(config, place) for place in self.asks})
        return Account(
            name=name,
            kind=self.kind,
            region=region,
            dialect=OpenAIChat(self.traits),
            forwards=frozenset(),
            urls={"chat": f"{base}/chat/completions"},
            headers=(*JSON_HEADERS, *credential(self.auth, config.api_key), *config.fixed_headers()),
        )


def credential(auth: Auth, key: Secret | None) -> tuple[tuple[str, str], ...]:
    """The header that says who calls; none without a key."""
    if key is None:
        return ()
    return (("api-key", key.reveal()) if auth == "api-key" else ("authorization", f"Bearer {key.reveal()}"),)


ONLY_MAX_TOKENS: Final[Mapping[str, str | None]] = {"max_completion_tokens": "max_tokens"}
"""The rename of the many that do not know OpenAI's newer name."""
