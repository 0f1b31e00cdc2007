"""Google AI Studio: the Gemini API with an API key. API reference: https://ai.google.dev/api."""

from typing import Final
from urllib.parse import quote

from pydantic import Field

from trigate.core.ports import Provider
from trigate.core.secret import Secret
from trigate.dialects.gemini import Gemini
from trigate.providers.account import JSON_HEADERS, Account, AccountConfig, BaseUrl

_VERBS: Final = {"chat": "generateContent", "count_tokens": "countTokens"}


class Config(AccountConfig):
    """A Google AI Studio account."""

    api_key: Secret = Field(description="API key; use a reference such as `${env:GEMINI_API_KEY}`.")
    base_url: BaseUrl = Field(
        default="https://generativelanguage.googleapis.com/v1beta", description="Up to and with the version."
    )


class GeminiAccount(Account, frozen=True):
    """An account whose URLs name the model, and whether to stream."""

    def url(self, operation: str, model: str, stream: bool) -> str:
        """The model's own path. The key is in a header, where no log of URLs has it."""
        base = f"{super().url(operation, model, stream)}/{quote(model, safe='')}"
        return f"{base}:streamGenerateContent?alt=sse" if stream else f"{base}:{_VERBS[operation]}"


def build(name: str, region: str | None, config: Config) -> Provider:
    """The account as the data plane calls it."""
    return GeminiAccount(
        name=name,
        kind="gemini",
        region=region,
        dialect=Gemini(),
        forwards=frozenset(),
        urls=dict.fromkeys(_VERBS, f"{config.base_url}/models"),
        headers=(*JSON_HEADERS, ("x-goog-api-key", config.api_key.reveal()), *config.fixed_headers()),
    )
