"""Azure OpenAI, in both of its URL forms: the v1 API, and dated versions, which call a deployment by its own path.

Sources: learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle (v1), /azure/ai-services/openai/reference.
"""

from typing import Annotated, Final
from urllib.parse import quote

from pydantic import Field, StringConstraints

from trigate.core.ports import Provider
from trigate.core.secret import Secret
from trigate.dialects.openai_chat import OpenAIChat
from trigate.providers.account import JSON_HEADERS, Account, AccountConfig, BaseUrl
from trigate.providers.vendors import KINDS
from trigate.providers.vendors.vendor import Name, credential

ROW: Final = KINDS["azure_openai"]
DEFAULT_BASE: Final = str(ROW.base_url).removesuffix("/v1")


class Config(AccountConfig):
    """An Azure OpenAI resource. A model's name is the name of its deployment."""

    resource: Name = Field(description=ROW.asks["resource"])
    api_key: Secret = Field(description="Sent as `api-key`; use a reference such as `${env:AZURE_OPENAI_API_KEY}`.")
    base_url: BaseUrl = Field(
        default=DEFAULT_BASE, description="Up to and with `/openai`; sovereign clouds and private links have their own."
    )
    api_version: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+$")] | None = Field(
        default=None, description="A dated version such as `2024-10-21`; left out, the v1 API is called."
    )


class DeploymentAccount(Account, frozen=True):
    """An account whose URL has a place for the deployment, which is the target's model."""

    def url(self, operation: str, model: str, stream: bool) -> str:
        """The deployment's own path."""
        return self.urls[operation].replace("{deployment}", quote(model, safe=""))


def build(name: str, region: str | None, config: Config) -> Provider:
    """The account as the data plane calls it."""
    base = config.base_url.replace("{resource}", config.resource)
    dated = f"{base}/deployments/{{deployment}}/chat/completions?api-version={config.api_version}"
    account = DeploymentAccount if config.api_version else Account
    return account(
        name=name,
        kind="azure_openai",
        region=region,
        dialect=OpenAIChat(),
        forwards=frozenset(),
        urls={"chat": dated if config.api_version else f"{base}/v1/chat/completions"},
        headers=(*JSON_HEADERS, *credential(ROW.auth, config.api_key), *config.fixed_headers()),
    )
