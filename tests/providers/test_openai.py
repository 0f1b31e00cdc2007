"""OpenAI's own account."""

import pytest
from pydantic import ValidationError

from trigate.providers.openai import Config, build


def test_calls_go_to_openai_with_the_accounts_credentials() -> None:
    config = Config.model_validate({"api_key": "sk-canary", "organization": "org-1", "project": "proj-1"})
    account = build("main", "us", config)
    call = account.call("chat", "m", False, {b"x-client-request-id": b"c1", b"x-api-key": b"tg"}, b"{}")
    assert call.url == "https://api.openai.com/v1/chat/completions"
    assert dict(call.headers) == {
        "content-type": "application/json",
        "accept-encoding": "identity",
        "authorization": "Bearer sk-canary",
        "openai-organization": "org-1",
        "openai-project": "proj-1",
        "x-client-request-id": "c1",
    }
    assert (account.name, account.kind, account.region, account.dialect.name) == ("main", "openai", "us", "openai_chat")
    assert not account.has("count_tokens")
    assert "canary" not in repr(config) + repr(account) + repr(call)


def test_a_header_that_the_account_fixes_cannot_be_set_by_callers() -> None:
    config = Config.model_validate({"api_key": "sk", "headers": {"OpenAI-Beta": "fixed"}})
    call = build("main", None, config).call("chat", "m", False, {b"openai-beta": b"asked"}, b"{}")
    assert [value for name, value in call.headers if name == "openai-beta"] == ["fixed"]


@pytest.mark.parametrize("settings", [{}, {"api_key": ""}, {"api_key": "sk", "key": "x"}])
def test_settings_are_strict(settings: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Config.model_validate(settings)
