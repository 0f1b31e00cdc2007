"""Azure OpenAI's two URL forms."""

import pytest
from pydantic import ValidationError

from trigate.core.ports import Call
from trigate.providers.azure_openai import Config, build


def call(model: str = "gpt-4.1", **settings: str) -> Call:
    config = Config.model_validate({"resource": "acme", "api_key": "canary", **settings})
    account = build("main", "eu", config)
    assert "canary" not in repr(config) + repr(account)
    return account.call("chat", model, False, {}, b"{}")


def test_the_v1_form() -> None:
    made = call()
    assert made.url == "https://acme.openai.azure.com/openai/v1/chat/completions"
    assert dict(made.headers)["api-key"] == "canary" and "authorization" not in dict(made.headers)


def test_the_dated_form_calls_the_deployment() -> None:
    made = call("my gpt/4", api_version="2024-10-21")
    path = "/openai/deployments/my%20gpt%2F4/chat/completions?api-version=2024-10-21"
    assert made.url == f"https://acme.openai.azure.com{path}"


def test_sovereign_clouds_have_their_own_url() -> None:
    assert call(base_url="https://acme.openai.azure.us/openai/").url == (
        "https://acme.openai.azure.us/openai/v1/chat/completions"
    )


@pytest.mark.parametrize("wrong", [{"api_version": "2024&x=1"}, {"resource": "a/b"}, {"deployment": "x"}])
def test_settings_are_strict(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        call(**wrong)
