"""Anthropic's own account."""

import pytest
from pydantic import ValidationError

from trigate.providers.anthropic import Config, build


def account(**settings: object):  # type: ignore[no-untyped-def]
    return build("main", "us", Config.model_validate({"api_key": "sk-ant-canary", **settings}))


def test_calls_go_to_anthropic_with_the_accounts_key() -> None:
    call = account().call("chat", "m", False, {b"anthropic-beta": b"a, b", b"x-api-key": b"tg"}, b"{}")
    assert call.url == "https://api.anthropic.com/v1/messages"
    assert dict(call.headers) == {
        "content-type": "application/json",
        "accept-encoding": "identity",
        "x-api-key": "sk-ant-canary",
        "anthropic-beta": "a, b",
        "anthropic-version": "2023-06-01",
    }
    assert len(call.headers) == len(dict(call.headers))


def test_the_callers_version_comes_before_the_accounts() -> None:
    place = account(version="2024-01-01")
    assert (
        dict(place.call("chat", "m", False, {b"anthropic-version": b"2023-01-01"}, b"{}").headers)["anthropic-version"]
        == "2023-01-01"
    )
    assert dict(place.call("chat", "m", False, {}, b"{}").headers)["anthropic-version"] == "2024-01-01"


def test_it_counts_tokens() -> None:
    assert account(base_url="https://proxy.test/anthropic/").call("count_tokens", "m", False, {}, b"{}").url == (
        "https://proxy.test/anthropic/v1/messages/count_tokens"
    )


def test_settings_are_strict() -> None:
    with pytest.raises(ValidationError):
        Config.model_validate({"api_key": "sk", "organization": "x"})
