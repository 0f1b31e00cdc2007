"""Any server that speaks OpenAI's chat completions: vLLM, SGLang, Ollama, LM Studio, llama.cpp and most vendors."""

from pydantic import Field

from trigate.core.ports import Provider
from trigate.core.secret import Secret
from trigate.dialects.openai_chat import OpenAIChat
from trigate.providers.account import JSON_HEADERS, Account, AccountConfig, BaseUrl


class Config(AccountConfig):
    """A server with OpenAI's API at a URL of its own."""

    base_url: BaseUrl = Field(description="Up to and with the version, as in `http://vllm.internal:8000/v1`.")
    api_key: Secret | None = Field(
        default=None, description="Sent as a bearer token; leave out if the server has none."
    )


def build(name: str, region: str | None, config: Config) -> Provider:
    """The account as the data plane calls it."""
    headers = [("authorization", f"Bearer {config.api_key.reveal()}")] if config.api_key else []
    return Account(
        name=name,
        kind="openai_compatible",
        region=region,
        dialect=OpenAIChat(),
        forwards=frozenset(),
        urls={"chat": f"{config.base_url}/chat/completions"},
        headers=(*JSON_HEADERS, *headers, *config.fixed_headers()),
    )
