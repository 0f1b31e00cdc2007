"""OpenAI itself. API reference: https://platform.openai.com/docs/api-reference."""

from typing import Final

from pydantic import Field

from trigate.core.ports import Provider
from trigate.core.secret import Secret
from trigate.dialects.openai_chat import OpenAIChat
from trigate.providers.account import JSON_HEADERS, Account, AccountConfig, BaseUrl

FORWARDS: Final = frozenset({b"openai-beta", b"x-client-request-id"})


class Config(AccountConfig):
    """An OpenAI account."""

    api_key: Secret = Field(description="API key, `sk-...`; use a reference such as `${env:OPENAI_API_KEY}`.")
    base_url: BaseUrl = Field(default="https://api.openai.com/v1", description="Regional endpoints have their own URL.")
    organization: str | None = Field(default=None, description="Sent as `OpenAI-Organization`.")
    project: str | None = Field(default=None, description="Sent as `OpenAI-Project`.")


def build(name: str, region: str | None, config: Config) -> Provider:
    """The account as the data plane calls it."""
    headers = [("authorization", f"Bearer {config.api_key.reveal()}")]
    if config.organization:
        headers.append(("openai-organization", config.organization))
    if config.project:
        headers.append(("openai-project", config.project))
    return Account(
        name=name,
        kind="openai",
        region=region,
        dialect=OpenAIChat(),
        forwards=config.forwarded(FORWARDS),
        urls={"chat": f"{config.base_url}/chat/completions"},
        headers=(*JSON_HEADERS, *headers, *config.fixed_headers()),
    )
