"""Anthropic itself. API reference: https://docs.claude.com/en/api/messages."""

from collections.abc import Mapping
from typing import Final

from pydantic import Field

from trigate.core.ports import Call, Provider
from trigate.core.secret import Secret
from trigate.dialects.anthropic_messages import AnthropicMessages
from trigate.providers.account import JSON_HEADERS, Account, AccountConfig, BaseUrl

FORWARDS: Final = frozenset({b"anthropic-beta"})
VERSION: Final = "2023-06-01"


class Config(AccountConfig):
    """An Anthropic account."""

    api_key: Secret = Field(description="API key, `sk-ant-...`; use a reference such as `${env:ANTHROPIC_API_KEY}`.")
    base_url: BaseUrl = Field(
        default="https://api.anthropic.com", description="Without the `/v1`, as Anthropic's SDKs have it."
    )
    version: str = Field(default=VERSION, description="`anthropic-version` for callers that send none.")


class AnthropicAccount(Account, frozen=True):
    """An account whose callers may choose the API version that they were written for."""

    version: str

    def call(self, operation: str, model: str, stream: bool, headers: Mapping[bytes, bytes], body: bytes) -> Call:
        """The HTTP request, with the caller's `anthropic-version` or the account's."""
        call = super().call(operation, model, stream, headers, body)
        asked = headers.get(b"anthropic-version")
        call.headers.append(("anthropic-version", asked.decode("latin-1") if asked else self.version))
        return call


def build(name: str, region: str | None, config: Config) -> Provider:
    """The account as the data plane calls it."""
    messages = f"{config.base_url}/v1/messages"
    return AnthropicAccount(
        name=name,
        kind="anthropic",
        region=region,
        dialect=AnthropicMessages(),
        forwards=config.forwarded(FORWARDS),
        urls={"chat": messages, "count_tokens": f"{messages}/count_tokens"},
        headers=(*JSON_HEADERS, ("x-api-key", config.api_key.reveal()), *config.fixed_headers()),
        version=config.version,
    )
