"""Servers with OpenAI's API."""

import pytest
from pydantic import ValidationError

from trigate.providers.openai_compatible import Config, build


def test_a_server_without_a_key_is_called_without_one() -> None:
    account = build("vllm", None, Config.model_validate({"base_url": "http://vllm.internal:8000/v1/"}))
    call = account.call("chat", "m", False, {b"openai-beta": b"x", b"authorization": b"Bearer tg"}, b"{}")
    assert call.url == "http://vllm.internal:8000/v1/chat/completions"
    assert dict(call.headers) == {"content-type": "application/json", "accept-encoding": "identity"}
    assert account.kind == "openai_compatible"


def test_a_key_is_sent_as_a_bearer_token() -> None:
    config = Config.model_validate({"base_url": "https://v.test", "api_key": "sk-canary", "headers": {"X-Org": "acme"}})
    headers = dict(build("v", None, config).call("chat", "m", False, {}, b"{}").headers)
    assert (headers["authorization"], headers["x-org"]) == ("Bearer sk-canary", "acme")


def test_it_has_no_url_of_its_own() -> None:
    with pytest.raises(ValidationError, match="base_url"):
        Config.model_validate({"api_key": "sk"})
